// Sources that sharp reads: a folder of pictures, one picture, an animated WebP. Frames are decoded ahead, in order.

import type { Dirent } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { UsageError } from '../../base/errors.js';
import { warnOnStderr } from '../../base/warn.js';
import type { Frame } from '../../tensor/frame.js';
import { delaysToTimes, storedDelays } from '../probe/animation-delays.js';
import type { ProbeOptions } from '../probe/probe.js';
import { decodePicture, notAPicture, pictureSize } from '../still.js';
import { mapInOrder } from './in-order.js';

/** A sequence with access to frames by index. */
export interface PictureSequence {
  readonly width: number;
  readonly height: number;
  /** Seconds at which each frame appears, ascending from 0. */
  readonly times: readonly number[];
  /** End of the last frame, in seconds. */
  readonly duration: number;
  /** Frames per second, if the times are known to have a constant rate. */
  readonly rate?: number;
  /** The whole frames at these indices (ascending, repeats allowed). */
  frames(indices: readonly number[]): AsyncGenerator<Frame, void, undefined>;
}

/** Number of pictures that are decoded or encoded at once. */
export const PICTURES_AT_ONCE: number = Math.min(4, availableParallelism());

const PICTURE_NAME = /^[^.].*\.(png|jpe?g|webp|bmp|dib|tiff?|avif)$/i;
/** Files that operating systems create in folders. */
const UNSAID_NAME = /^(\..*|Thumbs\.db|desktop\.ini)$/i;
const CHUNK_BYTES = 1 << 26;

/**
 * The pictures of a folder in natural order (2 before 10). A warning lists other files.
 *
 * @throws UsageError when there are none, or when one differs in size from the first (naming it)
 */
export async function openPictureFolder(
  folder: string,
  frameRate: number,
  { maxPixels, onWarning = warnOnStderr }: ProbeOptions,
): Promise<PictureSequence> {
  const { names, others } = await picturesIn(folder);
  if (names.length === 0) {
    throw new UsageError(
      `the folder '${folder}' holds no PNG, JPEG or WebP pictures, nor BMP, TIFF or AVIF${others.length > 0 ? `, only ${someOf(others)}` : ''}; give a folder of frames or a video`,
    );
  }
  if (others.length > 0) {
    onWarning(
      `the folder '${folder}' also holds ${someOf(others)}, which is left out: not a PNG, JPEG, WebP, BMP, TIFF or AVIF by its name`,
    );
  }
  const paths = names.map((name) => join(folder, name));
  let first: { width: number; height: number } | undefined;
  let index = 0;
  for await (const size of mapInOrder(paths, PICTURES_AT_ONCE, (path) => pictureSize(path, maxPixels))) {
    first ??= size;
    if (size.width !== first.width || size.height !== first.height) {
      throw new UsageError(
        `'${paths[index]}' is ${size.width}x${size.height} but '${names[0]}' is ${first.width}x${first.height}; ` +
          'all pictures of a folder must be of one size',
      );
    }
    index++;
  }
  return sequenceOf(paths, first!, frameRate, maxPixels);
}

/** The names of a folder's pictures, in natural order, and those of its other files. */
export async function picturesIn(folder: string): Promise<{ names: string[]; others: string[] }> {
  const order = new Intl.Collator('en', { numeric: true });
  const entries = (await readdir(folder, { withFileTypes: true })).filter(({ name }) => !UNSAID_NAME.test(name));
  const isPicture = (entry: Dirent) => PICTURE_NAME.test(entry.name) && !entry.isDirectory();
  const names = entries.filter(isPicture).map(({ name }) => name);
  const others = entries.filter((entry) => !isPicture(entry)).map(({ name }) => name);
  names.sort((a, b) => order.compare(a, b) || (a < b ? -1 : 1));
  return { names, others };
}

/** One picture as a sequence of one frame. */
export async function openPicture(
  path: string,
  frameRate: number,
  { maxPixels }: ProbeOptions,
): Promise<PictureSequence> {
  return sequenceOf([path], await pictureSize(path, maxPixels), frameRate, maxPixels);
}

/** Up to three names, and the number of others. */
function someOf(names: readonly string[]): string {
  const first = names.slice(0, 3).join(', ');
  return names.length > 3 ? `${first} and ${names.length - 3} more` : first;
}

function sequenceOf(
  paths: readonly string[],
  size: { width: number; height: number },
  frameRate: number,
  maxPixels: number,
): PictureSequence {
  return {
    ...size,
    times: paths.map((_, i) => i / frameRate),
    duration: paths.length / frameRate,
    frames: (indices) =>
      mapInOrder(indices, PICTURES_AT_ONCE, async (index) => {
        const frame = await decodePicture(paths[index], maxPixels);
        if (frame.width === size.width && frame.height === size.height) return frame;
        throw new UsageError(`'${paths[index]}' has changed its size since the folder was opened; open it again`);
      }),
  };
}

/**
 * An animated WebP, or undefined if the WebP at `path` is a single picture. Its decoder always starts at the first frame, so
 * frames are decoded in chunks of 64 MiB.
 */
export async function openAnimatedWebp(path: string, maxPixels: number): Promise<PictureSequence | undefined> {
  const size = await pictureSize(path, maxPixels);
  const delays = (await storedDelays(path)) ?? [];
  const pages = delays.length;
  if (pages < 2) return undefined;
  const { times, end } = delaysToTimes(delays);
  const frameBytes = 3 * size.width * size.height;
  const chunk = Math.max(1, Math.floor(CHUNK_BYTES / frameBytes));
  return {
    ...size,
    times,
    duration: end,
    async *frames(indices) {
      let from = 0;
      let frames: Uint8Array = new Uint8Array(0);
      for (const index of indices) {
        if (frames.length === 0 || index >= from + chunk) {
          from = index;
          const run = { page: from, pages: Math.min(chunk, pages - from), limitInputPixels: false };
          frames = await sharp(path, run)
            .flatten({ background: '#ffffff' })
            .toColourspace('srgb')
            .raw()
            .toBuffer()
            .catch((error: Error) => {
              throw notAPicture(path, error);
            });
          if (frames.length !== run.pages * frameBytes) {
            throw notAPicture(path, new Error('its frames are not of the size that it says; it is damaged'));
          }
        }
        const data = new Uint8Array(frames.subarray((index - from) * frameBytes, (index - from + 1) * frameBytes));
        yield { ...size, data };
      }
    },
  };
}
