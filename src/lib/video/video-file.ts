// Decoding a video file with ffmpeg: stored frames in order, each once, cut and scaled as planned.

import type { Frame } from '../tensor/frame.js';
import { isBareStream } from './describe-input.js';
import { reasonOf, startFfmpeg, untrustedInput } from './ffmpeg.js';
import type { Warn } from './find-ffmpeg.js';
import { rateAsFraction } from './frame-rate.js';
import type { Geometry } from './geometry.js';
import type { Probe } from './probe.js';
import { RAW_OUTPUT, rawFrames, shapeFilters } from './raw-frames.js';
import type { Selection } from './selection.js';

/** What to decode. */
export interface DecodePlan {
  readonly path: string;
  readonly probe: Probe;
  readonly geometry: Geometry;
  readonly selection: Selection;
  readonly maxPixels: number;
  readonly signal?: AbortSignal;
  readonly onWarning: Warn;
}

// Containers with an index of their frames. Seeking in others can land behind the frame that was asked for.
const INDEXED = new Set(['mov', 'matroska', 'avi']);

/**
 * Decodes a file; stopping early ends ffmpeg.
 *
 * @throws FailureError when ffmpeg fails, or when the stream ends inside a frame
 */
export async function* decodeFile(plan: DecodePlan): AsyncGenerator<Frame, void, undefined> {
  const { path, probe, selection, signal, onWarning } = plan;
  const task = `reading '${path}'`;
  const seek = selection.start > 0 && probe.container.split(',').some((name) => INDEXED.has(name));
  const filters = [
    ...timeFilters(selection, seek, isBareStream(probe.container)),
    ...shapeFilters(probe, plan.geometry),
  ];
  const run = await startFfmpeg(
    (ffmpeg) => [
      ...['-loglevel', 'error', '-bitexact'],
      ...(seek ? ['-ss', seconds(selection.start)] : []),
      ...untrustedInput(ffmpeg, path, plan.maxPixels),
      ...['-map', `0:${probe.stream}`, '-an', '-sn', '-dn', '-vf', filters.join(','), ...ffmpeg.everyFrame],
      ...(selection.frames === undefined ? [] : ['-frames:v', String(selection.frames)]),
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
    const complaint = reasonOf(run.said().replace(/^.*(non monotonically|timestamps are unset).*$/gm, ''));
    if (complaint) onWarning(`${task}: some of it is damaged (${complaint}); the picture may show it`);
  } finally {
    run.kill();
  }
}

/** Filters that choose frames. They come first, so that left-out frames cost nothing more. */
function timeFilters(selection: Selection, seek: boolean, bareStream: boolean): string[] {
  const { start, duration, every, frameRate } = selection;
  const filters: string[] = [];
  if (bareStream) filters.push('setpts=N/FRAME_RATE/TB');
  const from = seek ? 0 : start; // after a seek, timestamps count from there
  if (from > 0 || duration !== undefined) {
    const end = duration === undefined ? '' : `:end=${seconds(from + duration)}`;
    filters.push(`trim=start=${seconds(from)}${end}`);
  }
  if (every > 1) filters.push(`select=not(mod(n\\,${every}))`);
  if (frameRate !== undefined) filters.push(`fps=${rateAsFraction(frameRate)}`);
  return filters;
}

/** Seconds with the microseconds that ffmpeg reads. */
function seconds(value: number): string {
  return value.toFixed(6);
}
