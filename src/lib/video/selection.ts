// Which frames of a source are used. Seconds become filters in video-file.ts and indices in pictures.ts.

import { UsageError } from '../base/errors.js';
import { checkFrameRate } from './frame-rate.js';

/** What a caller may ask about time. */
export interface SelectionOptions {
  /** Seconds from the beginning; 0 unless said. */
  readonly start?: number;
  /** Seconds from `start`: frames with start <= time < start + duration. */
  readonly duration?: number;
  /** At most this many frames. */
  readonly frames?: number;
  /** Keeps frames 0, n, 2n, ... of those and divides the frame rate by n. */
  readonly every?: number;
  /**
   * Resamples in time to this rate, repeating or leaving out frames, after `every`. For a folder of pictures, which has
   * no rate of its own, it *is* the rate (10 unless said).
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

/**
 * Checks what is asked about time.
 *
 * @throws UsageError for what cannot be, or a start beyond the end of a source of `length` seconds
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

/** The error for a selection that no frame is part of. */
export function noFrames(name: string, start: number, length: number | undefined): UsageError {
  const lasts = length === undefined ? '' : `, which lasts ${seconds(length)} s`;
  const remedy = start > 0 ? '; start earlier' : '; give a video that holds frames';
  return new UsageError(`there are no frames from ${seconds(start)} s on in '${name}'${lasts}${remedy}`);
}

/** How many frames a source of `length` seconds gives, as far as that can be known before decoding. */
export function expectedFrames(
  selection: Selection,
  sourceRate: number,
  length: number | undefined,
): number | undefined {
  const { start, duration = Number.POSITIVE_INFINITY, frames = Number.POSITIVE_INFINITY, every, frameRate } = selection;
  const span = Math.min(duration, (length ?? Number.POSITIVE_INFINITY) - start);
  const rate = frameRate ?? sourceRate / every;
  const count = Math.min(frames, Math.max(1, Math.ceil(span * rate - 1e-3)));
  return Number.isFinite(count) ? count : undefined;
}

/**
 * Indices of the frames that a selection takes from frames shown at the seconds `times` (ascending) until `length`.
 * `resample` is the rate to bring them to; the frame shown at each tick's instant is taken.
 */
export function selectIndices(
  times: readonly number[],
  length: number,
  selection: Selection,
  resample?: number,
): number[] {
  const { start, duration = Number.POSITIVE_INFINITY, frames = Number.POSITIVE_INFINITY, every } = selection;
  const slack = 1e-6; // seconds; the same rounding that ffmpeg's microseconds bring
  const inside = times.map((_, i) => i).filter((i) => times[i] >= start - slack && times[i] < start + duration - slack);
  let kept = inside.filter((_, i) => i % every === 0);
  if (resample !== undefined && kept.length > 0) {
    const first = times[kept[0]];
    const span = Math.min(length, start + duration) - first;
    const ticks = Math.max(1, Math.round(span * resample));
    let current = 0;
    kept = Array.from({ length: ticks }, (_, tick) => {
      const now = first + tick / resample;
      while (current + 1 < kept.length && times[kept[current + 1]] <= now + slack) current++;
      return kept[current];
    });
  }
  return kept.slice(0, Number.isFinite(frames) ? frames : undefined);
}

function checkCount(count: number, name: string): void {
  if (!Number.isInteger(count) || count < 1) {
    throw new UsageError(`${name} is ${count}, but must be a whole number from 1 on`);
  }
}

function seconds(value: number): string {
  return String(Math.round(value * 1000) / 1000);
}
