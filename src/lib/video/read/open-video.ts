// Frames in: one way to open a video file, a GIF, an animated WebP, a folder of pictures or a single picture.

import { stat } from 'node:fs/promises';
import { type Warn, warnOnStderr } from '../../base/warn.js';
import type { Frame } from '../../tensor/frame.js';
import { DEFAULT_MAX_PIXELS } from '../ffmpeg/ffmpeg.js';
import { findFfmpeg } from '../ffmpeg/find-ffmpeg.js';
import { scaleFrames } from '../ffmpeg/raw-frames.js';
import {
  cropSentence,
  type Geometry,
  type GeometryOptions,
  planGeometry,
  type Region,
  type Source,
} from '../geometry.js';
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
import { decodeFile } from './video-file.js';

/** Which frames, which part of them, and at what size. */
export interface OpenVideoOptions extends SelectionOptions, GeometryOptions {
  /** Pixels a stored frame may have; 8192 x 8192 unless said. */
  readonly maxPixels?: number;
  /** Stops opening and decoding; both then throw its reason. */
  readonly signal?: AbortSignal;
  /** Hears of damaged frames, of what is cropped, and of an old ffmpeg; stderr unless said. */
  readonly onWarning?: Warn;
}

/** An opened video. Nothing is decoded until `frames` is called, and nothing has to be closed. */
export interface Video {
  readonly path: string;
  /** Sides of the frames that `frames` gives. */
  readonly width: number;
  readonly height: number;
  /** Frames per second of what `frames` gives; the average of the source where it varies. See `times`. */
  readonly frameRate: number;
  /** Where the rate is known from: asked for or told by the file, its frames' times, or nowhere, so that 10 is taken. */
  readonly rateFrom: 'request' | RatedProbe['rateFrom'] | 'default';
  /** The part of the stored picture, upright, that frames show. */
  readonly region: Region;
  /** Sides of the stored picture, upright. */
  readonly sourceWidth: number;
  readonly sourceHeight: number;
  /** Frames per second as stored; the average where it varies. */
  readonly sourceFrameRate: number;
  /** Seconds that the whole source lasts; absent where its container does not say. */
  readonly duration?: number;
  /** How many frames `frames` will give: exact for pictures, an estimate for videos, absent where it cannot be known. */
  readonly expectedFrames?: number;
  readonly hasAudio: boolean;
  /**
   * When each frame that `frames` gives is shown. Read from the frames' timestamps, for which a video file is decoded once; the
   * answer is kept.
   */
  times(): Promise<FrameTimes>;
  /** Decodes from the beginning of the selection. Each call is a decoding of its own; leaving the loop early ends it. */
  frames(): AsyncGenerator<Frame, void, undefined>;
}

/** Frames per second of pictures, which have no rate of their own. */
const PICTURE_RATE = 10;

/**
 * Opens the video at `path`: any file that ffmpeg reads, an animated GIF or WebP, a folder of PNG or JPEG pictures in
 * natural order, or one picture. Frames are the stored ones, each once, unless `frameRate` asks for a resampling in time.
 * Times count from where the file begins, with its sound, and the frame of a time is the one that is shown then.
 * Order of what is asked: `start` and `duration`, `every`, `frameRate`, `frames`; `crop`, then `size`.
 *
 * @throws UsageError when there is no such file, it is no video, or what is asked of it cannot be
 */
export async function openVideo(path: string, options: OpenVideoOptions = {}): Promise<Video> {
  const { signal, onWarning = warnOnStderr, maxPixels = DEFAULT_MAX_PIXELS } = options;
  const limits = { maxPixels, signal, onWarning };
  signal?.throwIfAborted();
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

/** Plans crop and scale, and says what of the picture is left out. */
function framing(source: Source, options: OpenVideoOptions): Geometry {
  const geometry = planGeometry(source, options);
  const sentence = cropSentence(source, geometry, options.crop);
  // Who asks for a fit says so with more words.
  if (sentence !== undefined && options.fit === undefined) (options.onWarning ?? warnOnStderr)(sentence);
  return geometry;
}

/** A video over pictures. `rate` is theirs where they have none of their own; else `frameRate` resamples. */
function fromPictures(path: string, pictures: PictureSequence, options: OpenVideoOptions, rate?: number): Video {
  const geometry = framing({ name: path, ...pictures }, options);
  const selection = checkSelection(options, path, pictures.duration);
  const frameRate = rate ?? pictures.times.length / pictures.duration;
  const resample = rate === undefined ? selection.frameRate : undefined;
  const timed = { times: pictures.times, end: pictures.duration, tick: 0.001, rates: [rate] };
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

/** Which frames are shown, and which part of them. */
interface Shown {
  readonly geometry: Geometry;
  readonly selection: Selection;
}

/** What is stored. */
type Stored = Pick<Video, 'width' | 'height' | 'frameRate' | 'rateFrom' | 'duration' | 'hasAudio'>;

/** How frames, and their times, are read. */
interface FrameReader {
  times(): Promise<FrameTimes>;
  decode(): AsyncGenerator<Frame, void, undefined>;
}

function describe(path: string, source: Stored, { geometry, selection }: Shown, reader: FrameReader): Video {
  return {
    path,
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

/** Asks once, and again only where that failed. */
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
