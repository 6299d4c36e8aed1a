// Decoding a video file with ffmpeg: stored frames in order, each once, cut and scaled as planned.

import type { Frame } from '../tensor/frame.js';
import { reasonOf, startFfmpeg, untrustedInput } from './ffmpeg.js';
import type { Warn } from './find-ffmpeg.js';
import type { Geometry } from './geometry.js';
import type { Probe } from './probe.js';
import { RAW_OUTPUT, rawFrames, shapeFilters } from './raw-frames.js';
import { timedInput } from './scan-times.js';

/** What to decode. */
export interface DecodePlan {
  readonly path: string;
  readonly probe: Probe;
  readonly geometry: Geometry;
  /** Seconds to seek to first; frames are counted from the last key frame before it. */
  readonly seek?: number;
  /** At most this many frames. */
  readonly frames?: number;
  readonly maxPixels: number;
  readonly signal?: AbortSignal;
  readonly onWarning: Warn;
}

/**
 * Decodes a file; stopping early ends ffmpeg.
 *
 * @throws FailureError when ffmpeg fails, or when the stream ends inside a frame
 */
export async function* decodeFile(plan: DecodePlan): AsyncGenerator<Frame, void, undefined> {
  const { path, probe, seek, frames, signal, onWarning } = plan;
  const task = `reading '${path}'`;
  const filters = shapeFilters(probe, plan.geometry);
  const run = await startFfmpeg(
    (ffmpeg) => [
      ...['-loglevel', 'error', '-bitexact', ...timedInput(seek), ...untrustedInput(ffmpeg, path, plan.maxPixels)],
      ...['-map', `0:${probe.stream}`, '-an', '-sn', '-dn', '-vf', filters.join(','), ...ffmpeg.everyFrame],
      ...(frames === undefined ? [] : ['-frames:v', String(frames)]),
      ...RAW_OUTPUT,
    ],
    { task, signal, onWarning },
  );
  try {
    run.end();
    for await (const frame of rawFrames(run, plan.geometry, task)) {
      yield frame;
      signal?.throwIfAborted();
    }
    const complaint = reasonOf(
      run.said().replace(/^.*(non monotonically|timestamps are unset|Last message repeated).*$/gm, ''),
    );
    if (complaint) onWarning(`${task}: some of it is damaged (${complaint}); the picture may show it`);
  } finally {
    run.kill();
  }
}
