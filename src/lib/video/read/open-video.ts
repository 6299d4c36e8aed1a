// Opens every kind of video: a video file, a GIF, an animated WebP, a folder of pictures, a single picture, or frames in
// memory.

import { stat } from 'node:fs/promises';
import { type Warn, warnOnStderr } from '../../base/warn.js';
import type { Frame, Frames } from '../../tensor/frame.js';
import { DEFAULT_MAX_PIXELS } from '../ffmpeg/ffmpeg.js';
import { findFfmpeg } from '../ffmpeg/find-ffmpeg.js';
import { scaleFrames } from '../ffmpeg/raw-frames.js';
import { cropSentence, type Geometry, type GeometryOptions, planGeometry, type Source } from '../geometry.js';
import { oneSize } from '../one-size.js';
import { kindOf } from '../probe/kind-of.js';
import { pictureNotes } from '../probe/picture-filters.js';
import { probeVideo } from '../probe/probe.js';
import { cropFrame } from '../still.js';
import { type FrameTimes, pickInOrder } from '../times/frame-times.js';
import { type FileTimes, type RatedProbe, rated, readTimes } from '../times/source-times.js';
import { checkReadable } from './check-paths.js';
import { openAnimatedWebp, openPicture, openPictureFolder, type PictureSequence } from './pictures.js';
import {
  type ChosenFrames,
  checkSelection,
  expectedFrames,
  noFrames,
  type Selection,
  type SelectionOptions,
  selectFrames,
} from './selection.js';
import { isVideo, type Video, type VideoInput } from './video.js';
import { decodeFile } from './video-file.js';

/** Options of opening a video: which frames, which part of them, and at what size. */
export interface OpenVideoOptions extends SelectionOptions, GeometryOptions {
  /** Maximum number of pixels of a stored frame; 8192 x 8192 by default. */
  readonly maxPixels?: number;
  /** Stops opening and decoding, which then throw its reason. */
  readonly signal?: AbortSignal;
  /** Called with warnings about damaged frames, cropping and an old ffmpeg; stderr by default. */
  readonly onWarning?: Warn;
}

/** Frames per second of pictures and of frames in memory, which have no rate. */
export const PICTURE_RATE = 10;

/**
 * Opens a video: the path of any file that ffmpeg reads, an animated GIF or WebP, a folder of PNG or JPEG pictures in
 * natural order, or one picture; an opened video, to select or scale its frames; or frames, which are kept in memory if they
 * can be read only once. Frames are the stored ones, each once, unless `frameRate` resamples them in time. Times are
 * relative to the start of the file, including its sound; the frame of a time is the one shown then. Options are applied in
 * this order: `start` and `duration`, `every`, `frameRate`, `frames`; `crop`, then `size`.
 *
 * @throws UsageError when the file does not exist, is not a video, or does not fit the options
 */
export async function openVideo(input: VideoInput, options: OpenVideoOptions = {}): Promise<Video> {
  options.signal?.throwIfAborted();
  if (typeof input === 'string') return openPath(input, options);
  return isVideo(input) ? openPart(input, options) : openFrames(input, options);
}

async function openPath(path: string, options: OpenVideoOptions): Promise<Video> {
  const { signal, onWarning = warnOnStderr, maxPixels = DEFAULT_MAX_PIXELS } = options;
  const limits = { maxPixels, signal, onWarning };
  const about = await stat(path).catch(() => undefined);
  if (about?.isDirectory()) {
    const rate = checkSelection(options, path).frameRate ?? PICTURE_RATE;
    return fromPictures(path, await openPictureFolder(path, rate, { maxPixels, signal, onWarning }), options, rate);
  }
  await checkReadable(path);
  const kind = await kindOf(path);
  if (kind === 'webp') {
    const animation = await openAnimatedWebp(path, maxPixels);
    if (animation) return fromPictures(path, animation, options);
  }
  if (kind !== 'video') {
    const rate = checkSelection(options, path).frameRate ?? PICTURE_RATE;
    return fromPictures(path, await openPicture(path, rate, { maxPixels, signal, onWarning }), options, rate);
  }
  const probe = await rated({ path, probe: await probeVideo(path, { maxPixels, signal, onWarning }), ...limits });
  for (const note of await pictureNotes(await findFfmpeg(onWarning), path, probe)) onWarning(note);
  const selection = checkSelection(options, path, probe.duration);
  const geometry = framing({ name: path, ...probe }, options);
  return fromFile(path, probe, { geometry, selection }, limits);
}

/** A video over a file that ffmpeg decodes. */
function fromFile(
  path: string,
  probe: RatedProbe,
  { geometry, selection }: Shown,
  limits: { maxPixels: number; signal?: AbortSignal; onWarning: Warn },
): Video {
  const decode = (seek?: number, frames?: number) => decodeFile({ path, probe, geometry, ...limits, seek, frames });
  const choose = once(async (): Promise<FileTimes & ChosenFrames> => {
    const read = await readTimes({ path, probe, ...limits }, selection);
    const chosen = selectFrames(read, selection, selection.frameRate);
    if (!chosen) throw noFrames(path, selection.start, read.end);
    return { ...read, ...chosen };
  });
  const { every, frames = Number.POSITIVE_INFINITY } = selection;
  const byTime = selection.start > 0 || selection.duration !== undefined || selection.frameRate !== undefined;
  const decodeChosen = async function* () {
    if (byTime) {
      const { seek, indices } = await choose();
      yield* pickInOrder(decode(seek, indices[indices.length - 1] + 1), indices);
      return;
    }
    let index = 0;
    const last = (frames - 1) * every;
    for await (const frame of decode(undefined, Number.isFinite(last) ? last + 1 : undefined)) {
      if (index++ % every === 0) yield frame;
    }
  };
  const source = { ...probe, hasAudio: probe.audioCodec !== undefined };
  return describe(path, source, { geometry, selection }, { times: choose, decode: decodeChosen });
}

/** A selection of an opened video, or its frames at another size; the video itself without such options. */
async function openPart(video: Video, options: OpenVideoOptions): Promise<Video> {
  const { width, height } = video;
  const plan = planGeometry({ name: video.path, width, height }, options);
  const { start, duration, frames, every, frameRate, crop } = options;
  const asked = [start, duration, frames, every, frameRate, crop].some((option) => option !== undefined);
  if (!asked && plan.width === width && plan.height === height && plan.region.width === width) return video;
  const shown = await video.times();
  const pictures: PictureSequence = {
    ...{ width, height, times: shown.times, duration: shown.duration },
    ...(!shown.variable && { rate: shown.frameRate }),
    frames: (indices) => pickInOrder(video.frames(), indices),
  };
  const part = fromPictures(video.path, pictures, options);
  return {
    ...part,
    ...{ isStored: video.isStored, hasAudio: video.hasAudio },
    rateFrom: frameRate === undefined ? video.rateFrom : 'request',
    async times() {
      const times = await part.times();
      return { ...times, start: shown.start + times.start };
    },
  };
}

/** Frames in memory as a video. */
async function openFrames(frames: Frames, options: OpenVideoOptions): Promise<Video> {
  const kept = await readableAgain(frames);
  const name = 'frames';
  let first: Frame | undefined;
  let count = 0;
  for await (const frame of oneSize(name, kept)) {
    options.signal?.throwIfAborted();
    first ??= frame;
    count++;
  }
  const { width, height } = first!;
  const rate = checkSelection(options, name).frameRate ?? PICTURE_RATE;
  const times = Array.from({ length: count }, (_, i) => i / rate);
  const pictures: PictureSequence = {
    ...{ width, height, times, duration: count / rate },
    frames: (indices) => pickInOrder(kept, indices),
  };
  return { ...fromPictures(name, pictures, options, rate), isStored: false };
}

/** Frames that can be read repeatedly. An iterable that is its own iterator can be read only once: its frames are kept. */
async function readableAgain(frames: Frames): Promise<Frames> {
  const iterator = Symbol.asyncIterator in frames ? frames[Symbol.asyncIterator]() : frames[Symbol.iterator]();
  if ((iterator as unknown) !== frames) return frames;
  const kept: Frame[] = [];
  for await (const frame of frames) kept.push(frame);
  return kept;
}

/** Plans crop and scale, and warns about the part of the picture that is left out. */
function framing(source: Source, options: OpenVideoOptions): Geometry {
  const geometry = planGeometry(source, options);
  const sentence = cropSentence(source, geometry, options.crop);
  // Callers with `fit` give a more detailed warning.
  if (sentence !== undefined && options.fit === undefined) (options.onWarning ?? warnOnStderr)(sentence);
  return geometry;
}

/** A video over pictures. `rate` is given for pictures without a rate; otherwise `frameRate` resamples. */
function fromPictures(path: string, pictures: PictureSequence, options: OpenVideoOptions, rate?: number): Video {
  const geometry = framing({ name: path, ...pictures }, options);
  const selection = checkSelection(options, path, pictures.duration);
  const frameRate = rate ?? pictures.times.length / pictures.duration;
  const resample = rate === undefined ? selection.frameRate : undefined;
  const timed = { times: pictures.times, end: pictures.duration, tick: 0.001, rates: [rate, pictures.rate] };
  const chosen = selectFrames(timed, selection, resample);
  if (!chosen) throw noFrames(path, selection.start, pictures.duration);
  const { indices } = chosen;
  const given = selection.frameRate === undefined ? 'default' : 'request';
  const rateFrom: Video['rateFrom'] = rate === undefined ? 'container' : given;
  const source = { ...pictures, frameRate, rateFrom, hasAudio: false };
  const { region, width, height } = geometry;
  const scaled = width !== region.width || height !== region.height;
  const { signal, onWarning } = options;
  const cropped = async function* () {
    for await (const frame of pictures.frames(indices)) {
      signal?.throwIfAborted();
      yield cropFrame(frame, region);
    }
  };
  const decode = () =>
    scaled ? scaleFrames(cropped(), geometry, { task: `scaling '${path}'`, signal, onWarning }) : cropped();
  const asked = { ...selection, frameRate: resample };
  const video = describe(path, source, { geometry, selection: asked }, { times: async () => chosen, decode });
  return { ...video, expectedFrames: indices.length };
}

/** The selected frames, and the used part of them. */
interface Shown {
  readonly geometry: Geometry;
  readonly selection: Selection;
}

/** Properties of the stored video. */
type Stored = Pick<Video, 'width' | 'height' | 'frameRate' | 'rateFrom' | 'duration' | 'hasAudio'>;

/** Reads frames and their times. */
interface FrameReader {
  times(): Promise<FrameTimes>;
  decode(): AsyncGenerator<Frame, void, undefined>;
}

function describe(path: string, source: Stored, { geometry, selection }: Shown, reader: FrameReader): Video {
  return {
    ...{ path, isStored: true },
    width: geometry.width,
    height: geometry.height,
    region: geometry.region,
    frameRate: selection.frameRate ?? source.frameRate / selection.every,
    rateFrom: selection.frameRate === undefined ? source.rateFrom : 'request',
    sourceWidth: source.width,
    sourceHeight: source.height,
    sourceFrameRate: source.frameRate,
    duration: source.duration,
    expectedFrames: expectedFrames(selection, source.frameRate, source.duration),
    hasAudio: source.hasAudio,
    async times() {
      const { times: shown, duration, start, frameRate, variable } = await reader.times();
      return { times: shown, duration, start, frameRate, variable };
    },
    async *frames() {
      let any = false;
      for await (const frame of reader.decode()) {
        any = true;
        yield frame;
      }
      if (!any) throw noFrames(path, selection.start, source.duration);
    },
  };
}

/** Caches a result; calls again only after a failure. */
function once<T>(ask: () => Promise<T>): () => Promise<T> {
  let answer: Promise<T> | undefined;
  return () => {
    answer ??= ask().catch((error) => {
      answer = undefined;
      throw error;
    });
    return answer;
  };
}
