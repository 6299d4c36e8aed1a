// Encodes frames with ffmpeg. mp4.ts and gif.ts choose the encoder.

import { stopPoint } from '../../base/stop-point.js';
import type { Warn } from '../../base/warn.js';
import type { Frame } from '../../tensor/frame.js';
import { type FfmpegRun, fileUrl, startFfmpeg } from '../ffmpeg/ffmpeg.js';
import { frameHeader, streamHeader, TIMED_INPUT } from '../ffmpeg/timed-stream.js';
import { rateAsFraction } from '../times/frame-rate.js';
import type { FrameTimes } from '../times/frame-times.js';

/** Options of an encoding. */
export interface EncodeOptions {
  readonly frameRate: number;
  /** Times of the frames and their duration, in seconds, if they have no constant rate. */
  readonly timing?: Pick<FrameTimes, 'times' | 'duration'>;
  /** A text for the file's metadata, in ASCII. */
  readonly comment?: string;
  /** The final name, for errors. */
  readonly name: string;
  readonly signal?: AbortSignal;
  readonly onWarning?: Warn;
}

/**
 * Arguments for reproducible files: the same frames give the same bytes. No dates, no program names, one thread (x264 splits
 * its work by the number of processors).
 */
export const REPRODUCIBLE: readonly string[] = [
  '-threads',
  '1',
  '-bitexact',
  '-fflags',
  '+bitexact',
  '-map_metadata',
  '-1',
];

/** Arguments for a comment in the file, after those of `REPRODUCIBLE`, which leave out all metadata. */
export function commentArguments(comment: string | undefined): string[] {
  return comment === undefined ? [] : ['-metadata', `comment=${comment}`];
}

/** The time of the frame at an index, by `timing` or by the rate; after the last frame, the end. */
export function appearance(index: number, { frameRate, timing }: Pick<EncodeOptions, 'frameRate' | 'timing'>): number {
  if (!timing) return index / frameRate;
  const { times, duration } = timing;
  return times[index] ?? duration + (index - times.length) / frameRate;
}

/**
 * Writes frames to the file `path` with an encoder's arguments, and counts them. With `timing`, ffmpeg gets the time of
 * each.
 */
export async function encodeFrames(
  path: string,
  frames: AsyncIterable<Frame>,
  encoder: readonly string[],
  options: EncodeOptions,
): Promise<{ frames: number }> {
  const { frameRate, timing, name, signal, onWarning } = options;
  const iterator = frames[Symbol.asyncIterator]();
  let run: FfmpegRun | undefined;
  let count = 0;
  try {
    for (let next = await iterator.next(); !next.done; next = await iterator.next()) {
      const { width, height, data } = next.value;
      if (!run) {
        const raw = ['-f', 'rawvideo', '-pixel_format', 'rgb24', '-video_size', `${width}x${height}`];
        const input = timing ? TIMED_INPUT : [...raw, '-framerate', rateAsFraction(frameRate), '-i', 'pipe:0'];
        run = await startFfmpeg(
          (ffmpeg) => [
            ...['-loglevel', 'error', '-y', ...input, '-an', ...encoder],
            ...[...(timing ? ffmpeg.everyFrame : []), fileUrl(path)],
          ],
          { task: `writing '${name}'`, signal, onWarning },
        );
        if (timing) await run.write(streamHeader(width, height));
      }
      if (timing) await run.write(frameHeader(appearance(count, options), data.length));
      await run.write(data);
      await stopPoint('appended', options.name, ++count);
    }
    run?.end();
    await run?.done;
    return { frames: count };
  } finally {
    run?.kill();
    await run?.done.catch(() => {}); // it keeps the file open until then
    await iterator.return?.();
  }
}
