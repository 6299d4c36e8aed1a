// Frames into an encoding ffmpeg. Which encoder is mp4.ts's and gif.ts's choice.

import { stopPoint } from '../../base/stop-point.js';
import type { Warn } from '../../base/warn.js';
import type { Frame } from '../../tensor/frame.js';
import { type FfmpegRun, fileUrl, startFfmpeg } from '../ffmpeg/ffmpeg.js';
import { frameHeader, streamHeader, TIMED_INPUT } from '../ffmpeg/timed-stream.js';
import { rateAsFraction } from '../times/frame-rate.js';
import type { FrameTimes } from '../times/frame-times.js';

/** What an encoding needs to know. */
export interface EncodeOptions {
  readonly frameRate: number;
  /** Seconds at which frames appear and how long they last in all, where no rate describes them. */
  readonly timing?: Pick<FrameTimes, 'times' | 'duration'>;
  /** The final name, for error sentences. */
  readonly name: string;
  readonly signal?: AbortSignal;
  readonly onWarning?: Warn;
}

/**
 * Arguments that keep a file free of everything but its content, so that the same frames give the same bytes: no dates,
 * no program names, one thread (x264 cuts its work by the number of processors).
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

/** When the frame of this number appears, by `timing` or by the rate; the one behind the last appears at the end. */
export function appearance(index: number, { frameRate, timing }: Pick<EncodeOptions, 'frameRate' | 'timing'>): number {
  if (!timing) return index / frameRate;
  const { times, duration } = timing;
  return times[index] ?? duration + (index - times.length) / frameRate;
}

/**
 * Writes frames to the file `path` with an encoder's arguments, and counts them. With a `timing`, ffmpeg gets the time of each.
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
    await run?.done.catch(() => {}); // it holds the file open until then
    await iterator.return?.();
  }
}
