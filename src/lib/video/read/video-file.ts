// Decodes a video file with ffmpeg: stored frames in order, each once, cropped and scaled as planned.

import type { Warn } from '../../base/warn.js';
import type { Frame } from '../../tensor/frame.js';
import { reasonOf, startFfmpeg, untrustedInput } from '../ffmpeg/ffmpeg.js';
import { findFfmpeg } from '../ffmpeg/find-ffmpeg.js';
import { RAW_OUTPUT, rawFrames, shapeFilters } from '../ffmpeg/raw-frames.js';
import type { Geometry } from '../geometry.js';
import { pictureDecoding } from '../probe/picture-filters.js';
import type { Probe } from '../probe/probe.js';
import { timedInput } from '../times/scan-times.js';

/** Options of decoding. */
export interface DecodePlan {
  readonly path: string;
  readonly probe: Probe;
  readonly geometry: Geometry;
  /** Seconds to seek to; frames are counted from the last key frame before it. */
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
  const decoding = await pictureDecoding(await findFfmpeg(onWarning), probe);
  const shape = shapeFilters(decoding.isRgb ? { ...probe, chroma: 'centre' } : probe, plan.geometry);
  const filters = [...decoding.filters, ...shape];
  const run = await startFfmpeg(
    (ffmpeg) => [
      ...['-loglevel', 'level+verbose', '-nostats', '-bitexact', ...timedInput(seek), ...decoding.input],
      ...untrustedInput(ffmpeg, path, plan.maxPixels),
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
    const sizes = sizesSaid(run.said());
    if (sizes.length > 1) {
      onWarning(
        `'${path}' changes its size in mid-stream (${sizes.join(', ')}): all frames are brought to the first one's, cut around the centre where their shape differs`,
      );
    }
  }
}
/** The sizes of the filters' input pictures, in order, each once. */
function sizesSaid(said: string): string[] {
  const lines = said.matchAll(/^\[graph.* in.*\] \[verbose\] w:(\d+) h:(\d+) pixfmt:/gm);
  return [...new Set([...lines].map(([, width, height]) => `${width}x${height}`))];
}
