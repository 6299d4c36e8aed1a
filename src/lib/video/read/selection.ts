// Selects frames of a source by their times, for videos and pictures.

import { UsageError } from '../../base/errors.js';
import { checkFrameRate } from '../times/frame-rate.js';
import { type FrameTimes, frameAt, steadyRate, TIME_SLACK } from '../times/frame-times.js';

/** Options of selecting frames. */
export interface SelectionOptions {
  /**
   * Seconds from the beginning; 0 by default. The first frame is the one shown then. At a constant rate it is shown as long
   * as all others, so the selection begins with it, up to one frame before `start`.
   */
  readonly start?: number;
  /** Seconds that the selection lasts, at most. */
  readonly duration?: number;
  /** At most this many frames. */
  readonly frames?: number;
  /** Keeps frames 0, n, 2n, ... and divides the frame rate by n. */
  readonly every?: number;
  /**
   * Resamples in time to this rate, repeating or dropping frames, after `every`. For a folder of pictures, which has no
   * rate, it *is* the rate (10 by default).
   */
  readonly frameRate?: number;
}

/** Checked options with their defaults. */
export interface Selection {
  readonly start: number;
  readonly duration?: number;
  readonly frames?: number;
  readonly every: number;
  readonly frameRate?: number;
}

/** The times of all frames of a source. */
export interface SourceTimes {
  /** Seconds at which each frame appears, ascending. */
  readonly times: readonly number[];
  /** End of the last frame, in seconds. */
  readonly end: number;
  /** Unit of these times, in seconds. */
  readonly tick: number;
  /** Candidate rates, such as the container's. */
  readonly rates?: readonly (number | undefined)[];
}

/**
 * Checks the options of a selection.
 *
 * @throws UsageError for invalid values, or a start beyond the end of a source of `length` seconds
 */
export function checkSelection(options: SelectionOptions, name: string, length?: number): Selection {
  const { start = 0, duration, frames, every = 1, frameRate } = options;
  if (!Number.isFinite(start) || start < 0)
    throw new UsageError(`a start of ${start} s is not possible; give seconds from 0 on`);
  if (duration !== undefined && !(Number.isFinite(duration) && duration > 0)) {
    throw new UsageError(`a duration of ${duration} s is not possible; give seconds above 0`);
  }
  if (frames !== undefined) checkCount(frames, 'frames');
  checkCount(every, 'every');
  if (frameRate !== undefined) checkFrameRate(frameRate);
  if (length !== undefined && length > 0 && start >= length) throw noFrames(name, start, length);
  return { start, duration, frames, every, frameRate };
}

/** The error for an empty selection. */
export function noFrames(name: string, start: number, length: number | undefined): UsageError {
  const lasts = length === undefined ? '' : `, which lasts ${seconds(length)} s`;
  const remedy = start > 0 ? '; start earlier' : '; give a video that holds frames';
  return new UsageError(`there are no frames from ${seconds(start)} s on in '${name}'${lasts}${remedy}`);
}

/** The expected number of selected frames of a source of `length` seconds, before its times are read. */
export function expectedFrames(
  selection: Selection,
  sourceRate: number,
  length: number | undefined,
): number | undefined {
  const { start, duration = Number.POSITIVE_INFINITY, frames = Number.POSITIVE_INFINITY, every, frameRate } = selection;
  const from = Math.floor(start * sourceRate + 1e-3) / sourceRate;
  const span = Math.min(duration, (length ?? Number.POSITIVE_INFINITY) - from);
  const rate = frameRate ?? sourceRate / every;
  const count = Math.min(frames, Math.max(1, Math.ceil(span * rate - 1e-3)));
  return Number.isFinite(count) ? count : undefined;
}

/** Selected frames by their indices in the source, and their times. */
export interface ChosenFrames extends FrameTimes {
  /** Ascending; an index occurs several times if its frame is repeated. */
  readonly indices: readonly number[];
}

/**
 * The frames of a selection; undefined if it begins at or after the end.
 *
 * @param resample the rate to resample to; each tick gets the frame shown at that time
 */
export function selectFrames(source: SourceTimes, selection: Selection, resample?: number): ChosenFrames | undefined {
  const { times, tick, rates = [] } = source;
  const { start, duration = Number.POSITIVE_INFINITY, frames = Number.POSITIVE_INFINITY, every } = selection;
  if (times.length === 0 || start >= source.end) return undefined;
  const first = frameAt(times, start);
  const limit = Math.min(first + frames * every, before(times, start + duration));
  // With the next frame, so that the last one's duration counts too; the source's last frame may be shown for long.
  const rate = steadyRate(times.slice(first, limit + 1), tick, rates);
  const held = limit < times.length ? 0 : source.end - times[times.length - 1];
  const steady = rate !== undefined && held <= 1.5 / rate + 0.02;
  const begin = steady ? times[first] : Math.max(start, times[first]);
  const end = Math.min(source.end, begin + duration);
  const last = Math.max(first + 1, before(times, end));
  let indices: number[] = [];
  for (let i = first; i < last; i += every) indices.push(i);
  if (resample !== undefined) {
    const ticks = Math.min(frames, Math.max(1, Math.round((end - begin) * resample)));
    const kept = indices.map((i) => times[i]);
    indices = Array.from({ length: ticks }, (_, tick) => indices[frameAt(kept, begin + tick / resample)]);
    const resampled = indices.map((_, tick) => tick / resample);
    return {
      indices,
      times: resampled,
      duration: ticks / resample,
      start: begin,
      frameRate: resample,
      variable: false,
    };
  }
  const next = indices[frames] === undefined ? end : times[indices[frames]];
  if (indices.length > frames) indices.length = frames;
  if (steady) {
    const each = every / rate;
    const even = indices.map((_, i) => i * each);
    const lasts = indices.length * each;
    return { indices, times: even, duration: lasts, start: begin, frameRate: 1 / each, variable: false };
  }
  const shown = indices.map((i) => Math.max(0, times[i] - begin));
  const lasts = Math.max(next - begin, 0.001);
  return { indices, times: shown, duration: lasts, start: begin, frameRate: indices.length / lasts, variable: true };
}

/** The number of the ascending `times` before `end`. */
function before(times: readonly number[], end: number): number {
  let count = times.length;
  while (count > 0 && times[count - 1] >= end - TIME_SLACK) count--;
  return count;
}

function checkCount(count: number, name: string): void {
  if (!Number.isInteger(count) || count < 1) {
    throw new UsageError(`${name} is ${count}, but must be a whole number from 1 on`);
  }
}

function seconds(value: number): string {
  return String(Math.round(value * 1000) / 1000);
}
