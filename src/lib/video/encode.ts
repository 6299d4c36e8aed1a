// Frames into an encoding ffmpeg. Which encoder is write-mp4.ts's and write-gif.ts's choice.

import type { Frame } from '../tensor/frame.js';
import { fileUrl, startFfmpeg } from './ffmpeg.js';
import type { Warn } from './find-ffmpeg.js';
import { rateAsFraction } from './frame-rate.js';

/** What an encoding needs to know. */
export interface EncodeOptions {
  readonly frameRate: number;
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

/** Writes frames to the file `path` with an encoder's arguments, and counts them. */
export async function encodeFrames(
  path: string,
  frames: AsyncIterable<Frame>,
  encoder: readonly string[],
  options: EncodeOptions,
): Promise<{ frames: number }> {
  const iterator = frames[Symbol.asyncIterator]();
  let run: Awaited<ReturnType<typeof startFfmpeg>> | undefined;
  let count = 0;
  try {
    for (let next = await iterator.next(); !next.done; next = await iterator.next()) {
      const { width, height, data } = next.value;
      run ??= await startFfmpeg(
        () => [
          ...[
            '-loglevel',
            'error',
            '-y',
            '-f',
            'rawvideo',
            '-pixel_format',
            'rgb24',
            '-video_size',
            `${width}x${height}`,
          ],
          ...['-framerate', rateAsFraction(options.frameRate), '-i', 'pipe:0', '-an'],
          ...encoder,
          fileUrl(path),
        ],
        { task: `writing '${options.name}'`, signal: options.signal, onWarning: options.onWarning },
      );
      await run.write(data);
      count++;
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
