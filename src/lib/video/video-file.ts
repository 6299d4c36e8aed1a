// Decoding a video file with ffmpeg: stored frames in order, each once, cut and scaled as planned.

import { FailureError } from '../base/errors.js';
import type { Frame } from '../tensor/frame.js';
import { isBareStream } from './describe-input.js';
import { reasonOf, startFfmpeg, untrustedInput } from './ffmpeg.js';
import type { Warn } from './find-ffmpeg.js';
import { rateAsFraction } from './frame-rate.js';
import type { Geometry } from './geometry.js';
import type { Probe } from './probe.js';
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

// Full chroma, and arithmetic that gives the same bits on every processor.
const EXACT = 'accurate_rnd+full_chroma_int+full_chroma_inp+bitexact';

// Containers with an index of their frames. Seeking in others can land behind the frame that was asked for.
const INDEXED = new Set(['mov', 'matroska', 'avi']);

/**
 * Decodes a file; stopping early ends ffmpeg.
 *
 * @throws FailureError when ffmpeg fails, or when the stream ends inside a frame
 */
export async function* decodeFile(plan: DecodePlan): AsyncGenerator<Frame, void, undefined> {
  const { path, probe, selection, signal } = plan;
  const { width, height } = plan.geometry;
  const task = `reading '${path}'`;
  const seek = selection.start > 0 && isIndexed(probe.container);
  const run = await startFfmpeg(
    (ffmpeg) => [
      ...['-loglevel', 'error', '-bitexact'],
      ...(seek ? ['-ss', seconds(selection.start)] : []),
      ...untrustedInput(ffmpeg, path, plan.maxPixels),
      ...[
        '-map',
        `0:${probe.stream}`,
        '-an',
        '-sn',
        '-dn',
        '-vf',
        filtersFor(plan, seek).join(','),
        ...ffmpeg.everyFrame,
      ],
      ...(selection.frames === undefined ? [] : ['-frames:v', String(selection.frames)]),
      ...['-f', 'rawvideo', '-pix_fmt', 'rgb24', 'pipe:1'],
    ],
    { task, signal, onWarning: plan.onWarning },
  );
  try {
    run.end();
    const size = 3 * width * height;
    let data = new Uint8Array(size);
    let filled = 0;
    for await (const chunk of run.output as AsyncIterable<Uint8Array>) {
      for (let taken = 0; taken < chunk.length; ) {
        const part = chunk.subarray(taken, taken + size - filled);
        data.set(part, filled);
        taken += part.length;
        filled += part.length;
        if (filled === size) {
          yield { width, height, data };
          signal?.throwIfAborted();
          data = new Uint8Array(size);
          filled = 0;
        }
      }
    }
    await run.done;
    if (filled > 0)
      throw new FailureError(
        `${task}: the picture data ended inside a frame; the file may have changed while it was read`,
      );
    const complaint = reasonOf(run.said().replace(/^.*(non monotonically|timestamps are unset).*$/gm, ''));
    if (complaint) plan.onWarning(`${task}: some of it is damaged (${complaint}); the picture may show it`);
  } finally {
    run.kill();
  }
}

function isIndexed(container: string): boolean {
  return container.split(',').some((name) => INDEXED.has(name));
}

/** The filter chain: time first, so that left-out frames cost nothing more; then crop and scale. */
function filtersFor(plan: DecodePlan, seek: boolean): string[] {
  const { selection, probe, geometry } = plan;
  const { start, duration, every, frameRate } = selection;
  const filters: string[] = [];
  if (isBareStream(probe.container)) filters.push('setpts=N/FRAME_RATE/TB');
  const from = seek ? 0 : start; // after a seek, timestamps count from there
  if (from > 0 || duration !== undefined) {
    const end = duration === undefined ? '' : `:end=${seconds(from + duration)}`;
    filters.push(`trim=start=${seconds(from)}${end}`);
  }
  if (every > 1) filters.push(`select=not(mod(n\\,${every}))`);
  if (frameRate !== undefined) filters.push(`fps=${rateAsFraction(frameRate)}`);

  const { region, width, height } = geometry;
  const { x, y } = region;
  const crop = `crop=${region.width}:${region.height}:${x}:${y}:exact=1`;
  const whole = region.width === probe.width && region.height === probe.height;
  const scaled = width !== region.width || height !== region.height;
  const even = [x, y, region.width, region.height].every((value) => value % 2 === 0);
  if (scaled && !whole && even) filters.push(crop); // chroma of two pixels stays whole: cut before the colours are converted
  if (!scaled || (!whole && !even)) {
    filters.push(`scale=${probe.width}:${probe.height}:flags=bilinear+${EXACT}`, 'format=rgb24');
    if (!whole) filters.push(crop);
  }
  if (scaled) filters.push(`scale=${width}:${height}:flags=lanczos+${EXACT}`, 'format=rgb24');
  return filters;
}

/** Seconds with the microseconds that ffmpeg reads. */
function seconds(value: number): string {
  return value.toFixed(6);
}
