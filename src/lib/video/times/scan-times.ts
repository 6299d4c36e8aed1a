// The presentation times of a video's frames, as ffmpeg lists them (`-f framecrc`).

import { createInterface } from 'node:readline';
import type { Warn } from '../../base/warn.js';
import { startFfmpeg, untrustedInput } from '../ffmpeg/ffmpeg.js';
import type { Ffmpeg } from '../ffmpeg/find-ffmpeg.js';

/** Options of a scan. */
export interface ScanPlan {
  readonly path: string;
  /** Index of the picture stream. */
  readonly stream: number;
  /** Seconds to seek to; the scan begins at the last key frame before it. */
  readonly seek?: number;
  readonly maxPixels: number;
  readonly signal?: AbortSignal;
  readonly onWarning?: Warn;
}

/** Input arguments of a decoding with its own timestamps, from the key frame before `seek`. */
export function timedInput(seek: number | undefined): string[] {
  return ['-copyts', ...(seek === undefined ? [] : ['-noaccurate_seek', '-ss', seek.toFixed(6)])];
}

/**
 * Yields the presentation time of each decoded frame, in order: seconds on the container's own clock, NaN if a frame has
 * none. Leaving the loop early ends ffmpeg.
 *
 * @throws FailureError when ffmpeg fails
 */
export async function* scanTimes(plan: ScanPlan): AsyncGenerator<number, void, undefined> {
  // Four pixels of each frame are enough for the list.
  const tiny = ['-vf', 'crop=min(iw\\,2):min(ih\\,2):0:0', '-c:v', 'rawvideo', '-enc_time_base', '1:1000000'];
  for await (const { time } of list(plan, (ffmpeg) => [...tiny, ...ffmpeg.everyFrame])) yield time;
}

/**
 * Yields the end time of each packet of the stream from the container, without decoding: decoders do not report the duration
 * of the last frame.
 *
 * @throws FailureError when ffmpeg fails
 */
export async function* scanPackets(plan: ScanPlan): AsyncGenerator<number, void, undefined> {
  for await (const { time, lasts } of list(plan, () => ['-c', 'copy'])) {
    if (!Number.isNaN(time)) yield time + lasts;
  }
}

interface Listed {
  readonly time: number;
  readonly lasts: number;
}

async function* list(plan: ScanPlan, output: (ffmpeg: Ffmpeg) => string[]): AsyncGenerator<Listed, void, undefined> {
  const { path, stream, seek, maxPixels, signal, onWarning } = plan;
  const run = await startFfmpeg(
    (ffmpeg) => [
      ...['-loglevel', 'error', '-bitexact', ...timedInput(seek), ...untrustedInput(ffmpeg, path, maxPixels)],
      ...['-map', `0:${stream}`, '-an', '-sn', '-dn', ...output(ffmpeg)],
      ...['-f', 'framecrc', '-flush_packets', '1', 'pipe:1'],
    ],
    { task: `reading the times of '${path}'`, signal, onWarning },
  );
  try {
    run.end();
    let unit = 1;
    for await (const line of createInterface({ input: run.output })) {
      const base = /^#tb 0: (\d+)\/(\d+)/.exec(line);
      if (base) unit = Number(base[1]) / Number(base[2]);
      // stream, dts, pts, duration, size, checksum
      const [first, , pts, duration] = line.split(',');
      if (first === '0' && pts !== undefined) yield { time: unit * Number(pts), lasts: unit * Number(duration) };
    }
    await run.done;
  } finally {
    run.kill();
  }
}
