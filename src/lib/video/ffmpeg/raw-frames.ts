// Frames from ffmpeg's standard output, and the filters that crop and scale them.

import { FailureError } from '../../base/errors.js';
import type { Warn } from '../../base/warn.js';
import type { Frame } from '../../tensor/frame.js';
import type { Geometry } from '../geometry.js';
import { type FfmpegRun, startFfmpeg } from './ffmpeg.js';

/** Output arguments for `rawFrames`. */
export const RAW_OUTPUT: readonly string[] = ['-f', 'rawvideo', '-pix_fmt', 'rgb24', 'pipe:1'];

// Full chroma, and arithmetic with the same results on every processor.
export const EXACT = 'accurate_rnd+full_chroma_int+full_chroma_inp+bitexact';

/** Stored pictures: their sides, and the position of chroma samples in a row with one for two pixels. */
export interface StoredPictures {
  readonly width: number;
  readonly height: number;
  /** At the left one of the two pixels (MPEG-2 and later; the default) or between them (JPEG, MPEG-1). */
  readonly chroma?: 'left' | 'centre';
}

/** Filters that crop and scale stored pictures, and convert them to RGB. */
export function shapeFilters(source: StoredPictures, geometry: Geometry): string[] {
  const { region, width, height } = geometry;
  const { x, y } = region;
  const crop = `crop=${region.width}:${region.height}:${x}:${y}:exact=1`;
  // By default, the scaler assumes chroma between pixels, which shifts colours by half a pixel.
  const place = source.chroma === 'centre' ? '' : ':in_h_chr_pos=0';
  const scale = (size: { width: number; height: number }, kernel: string) => [
    `scale=${size.width}:${size.height}:flags=${kernel}+${EXACT}${place}`,
    'format=rgb24',
  ];
  const toRgb = scale(source, 'bicubic');
  const toSize = scale(geometry, 'lanczos');
  const whole = region.width === source.width && region.height === source.height;
  const scaled = width !== region.width || height !== region.height;
  if (!scaled) return whole ? toRgb : [...toRgb, crop];
  if (whole) return toSize;
  // If no pair of pixels that shares chroma is split, crop before the colour conversion.
  const even = [x, y, region.width, region.height].every((value) => value % 2 === 0);
  return even ? [crop, ...toSize] : [...toRgb, crop, ...toSize];
}

/**
 * Reads a run's output as frames of this size until it ends.
 *
 * @throws FailureError when ffmpeg fails, or when its output ends inside a frame
 */
export async function* rawFrames(
  run: FfmpegRun,
  size: { readonly width: number; readonly height: number },
  task: string,
): AsyncGenerator<Frame, void, undefined> {
  const { width, height } = size;
  const bytes = 3 * width * height;
  let data = new Uint8Array(bytes);
  let filled = 0;
  for await (const chunk of run.output as AsyncIterable<Uint8Array>) {
    for (let taken = 0; taken < chunk.length; ) {
      const part = chunk.subarray(taken, taken + bytes - filled);
      data.set(part, filled);
      taken += part.length;
      filled += part.length;
      if (filled === bytes) {
        yield { width, height, data };
        data = new Uint8Array(bytes);
        filled = 0;
      }
    }
  }
  await run.done;
  if (filled > 0) {
    throw new FailureError(
      `${task}: the picture data ended inside a frame; the file may have changed while it was read`,
    );
  }
}

/** Scales frames of one size in the same way as videos, so that pictures and videos of the same shot agree. */
export async function* scaleFrames(
  frames: AsyncIterable<Frame>,
  size: { readonly width: number; readonly height: number },
  options: { readonly task: string; readonly signal?: AbortSignal; readonly onWarning?: Warn },
): AsyncGenerator<Frame, void, undefined> {
  const iterator = frames[Symbol.asyncIterator]();
  const first = await iterator.next();
  if (first.done) return;
  const { width, height } = first.value;
  const whole = { region: { x: 0, y: 0, width, height }, ...size };
  const run = await startFfmpeg(
    (ffmpeg) => [
      ...['-loglevel', 'error', '-f', 'rawvideo', '-pixel_format', 'rgb24', '-video_size', `${width}x${height}`],
      ...['-i', 'pipe:0', '-vf', shapeFilters(first.value, whole).join(','), ...ffmpeg.everyFrame, ...RAW_OUTPUT],
    ],
    options,
  );
  const feed = async () => {
    try {
      for (let next: IteratorResult<Frame, unknown> = first; !next.done; next = await iterator.next()) {
        await run.write(next.value.data);
      }
      run.end();
    } catch (error) {
      run.kill();
      throw error;
    }
  };
  const fed = feed();
  fed.catch(() => {}); // thrown below
  try {
    try {
      yield* rawFrames(run, size, options.task);
    } catch (error) {
      await fed; // an unreadable picture is the cause, the ended ffmpeg its effect
      throw error;
    }
    await fed;
  } finally {
    run.kill();
    await fed.catch(() => {});
    await iterator.return?.();
  }
}
