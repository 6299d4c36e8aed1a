// Frames in: one way to open a video file, a GIF, an animated WebP, a folder of pictures or a single picture.

import { open, stat } from 'node:fs/promises';
import sharp from 'sharp';
import { UsageError } from '../base/errors.js';
import type { Frame } from '../tensor/frame.js';
import { checkReadable } from './check-paths.js';
import { DEFAULT_MAX_PIXELS } from './ffmpeg.js';
import { type Warn, warnOnStderr } from './find-ffmpeg.js';
import { type GeometryOptions, planGeometry } from './geometry.js';
import { openAnimatedWebp, openPicture, openPictureFolder, type PictureSequence } from './pictures.js';
import { type Probe, probeVideo } from './probe.js';
import { scaleFrames } from './raw-frames.js';
import {
  checkSelection,
  expectedFrames,
  noFrames,
  type Selection,
  type SelectionOptions,
  selectIndices,
} from './selection.js';
import { cropFrame } from './still.js';
import { decodeFile } from './video-file.js';

/** Which frames, which part of them, and at what size. */
export interface OpenVideoOptions extends SelectionOptions, GeometryOptions {
  /** Pixels a stored frame may have; 8192 x 8192 unless said. */
  readonly maxPixels?: number;
  /** Stops opening and decoding; both then throw its reason. */
  readonly signal?: AbortSignal;
  /** Hears of damaged frames and of an old ffmpeg; stderr unless said. */
  readonly onWarning?: Warn;
}

/** An opened video. Nothing is decoded until `frames` is called, and nothing has to be closed. */
export interface Video {
  readonly path: string;
  /** Sides of the frames that `frames` gives. */
  readonly width: number;
  readonly height: number;
  /** Frames per second of what `frames` gives. */
  readonly frameRate: number;
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
  /** Decodes from the beginning of the selection. Each call is a decoding of its own; leaving the loop early ends it. */
  frames(): AsyncGenerator<Frame, void, undefined>;
}

/** Frames per second of pictures, which have no rate of their own. */
const PICTURE_RATE = 10;

/**
 * Opens the video at `path`: any file that ffmpeg reads, an animated GIF or WebP, a folder of PNG or JPEG pictures in
 * natural order, or one picture. Frames are the stored ones, each once, unless `frameRate` asks for a resampling in time.
 * Order of what is asked: `start` and `duration`, `every`, `frameRate`, `frames`; `crop`, then `size`.
 *
 * @throws UsageError when there is no such file, it is no video, or what is asked of it cannot be
 */
export async function openVideo(path: string, options: OpenVideoOptions = {}): Promise<Video> {
  const { signal, onWarning = warnOnStderr, maxPixels = DEFAULT_MAX_PIXELS } = options;
  signal?.throwIfAborted();
  const about = await stat(path).catch(() => undefined);
  if (about?.isDirectory()) {
    const rate = checkSelection(options, path).frameRate ?? PICTURE_RATE;
    return fromPictures(path, await openPictureFolder(path, rate, maxPixels), options, rate);
  }
  await checkReadable(path);
  const kind = await kindOf(path);
  if (kind === 'webp') {
    const animation = await openAnimatedWebp(path, maxPixels);
    if (animation) return fromPictures(path, animation, options);
  }
  if (kind !== 'video') {
    const rate = checkSelection(options, path).frameRate ?? PICTURE_RATE;
    return fromPictures(path, await openPicture(path, rate, maxPixels), options, rate);
  }
  const probe = await withGifTiming(path, await probeVideo(path, { maxPixels, signal, onWarning }));
  const selection = checkSelection(options, path, probe.duration);
  const geometry = planGeometry({ name: path, ...probe }, options);
  return describe(path, probe, geometry, selection, probe.audioCodec !== undefined, () =>
    decodeFile({ path, probe, geometry, selection, maxPixels, signal, onWarning }),
  );
}

/** A video over pictures. `rate` is theirs where they have none of their own; else `frameRate` resamples. */
function fromPictures(path: string, pictures: PictureSequence, options: OpenVideoOptions, rate?: number): Video {
  const geometry = planGeometry({ name: path, ...pictures }, options);
  const selection = checkSelection(options, path, pictures.duration);
  const frameRate = rate ?? pictures.times.length / pictures.duration;
  const resample = rate === undefined ? selection.frameRate : undefined;
  const indices = selectIndices(pictures.times, pictures.duration, selection, resample);
  const source = { ...pictures, frameRate };
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
  const video = describe(path, source, geometry, { ...selection, frameRate: resample }, false, decode);
  return { ...video, expectedFrames: indices.length };
}

function describe(
  path: string,
  source: { width: number; height: number; frameRate: number; duration?: number },
  geometry: { width: number; height: number },
  selection: Selection,
  hasAudio: boolean,
  decode: () => AsyncGenerator<Frame, void, undefined>,
): Video {
  return {
    path,
    width: geometry.width,
    height: geometry.height,
    frameRate: selection.frameRate ?? source.frameRate / selection.every,
    sourceWidth: source.width,
    sourceHeight: source.height,
    sourceFrameRate: source.frameRate,
    duration: source.duration,
    expectedFrames: expectedFrames(selection, source.frameRate, source.duration),
    hasAudio,
    async *frames() {
      let any = false;
      for await (const frame of decode()) {
        any = true;
        yield frame;
      }
      if (!any) throw noFrames(path, selection.start, source.duration);
    },
  };
}

/** What the first bytes of a file say it is: a picture, a WebP (still or animated), or something for ffmpeg. */
async function kindOf(path: string): Promise<'picture' | 'webp' | 'video'> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(4096), 0, 4096, 0);
    const head = buffer.toString('latin1', 0, bytesRead);
    if (head.startsWith('version https://git-lfs')) {
      throw new UsageError(`'${path}' is a Git LFS pointer, not the video itself; fetch it with 'git lfs pull'`);
    }
    if (head.startsWith('\x89PNG\r\n')) return head.includes('acTL') ? 'video' : 'picture';
    if (head.startsWith('\xff\xd8\xff')) return /\.mjpe?g$/i.test(path) ? 'video' : 'picture';
    if (head.startsWith('RIFF') && head.startsWith('WEBP', 8)) return 'webp';
    if (/^(II\*\0|MM\0\*)/.test(head) || head.startsWith('ftypavif', 4)) return 'picture';
    return 'video';
  } finally {
    await file.close();
  }
}

/** A GIF's frame rate and length from its own delays: old ffmpegs look at the first frames only. */
async function withGifTiming(path: string, probe: Probe): Promise<Probe> {
  if (probe.container !== 'gif') return probe;
  const { delay } = await sharp(path, { limitInputPixels: false }).metadata();
  if (!delay || delay.length === 0) return { ...probe, frameRate: PICTURE_RATE };
  const milliseconds = delay.reduce((sum, one) => sum + one, 0);
  return { ...probe, frameRate: (1000 * delay.length) / milliseconds, duration: milliseconds / 1000 };
}
