// Reduces a curve of a hundred thousand points to those that a chart of some hundred pixels can show.

import { assertInteger } from '../../base/assert.js';
import type { MetricHistory } from './metric-history.js';

/** A history of at most `points` points; see `drawnPoints`. */
export function downsample(history: MetricHistory, points: number): MetricHistory {
  const { steps, values, times } = history;
  assertInteger('downsample: points', points, 4);
  if (steps.length <= points) return history;
  const order = drawnPoints(steps, values, points);
  const pick = (column: Float64Array): Float64Array => Float64Array.from(order, (i) => column[i]);
  return { steps: pick(steps), values: pick(values), times: pick(times) };
}

/**
 * The indices of at most `points` points of a curve that look the same when drawn: the first and the last one, and of each
 * stretch of steps the least and the greatest value, so that no spike is lost. Where a stretch has values that are no
 * numbers, one of them is kept, as the gap that it draws.
 *
 * @param steps ascending
 * @param points at least 4
 */
export function drawnPoints(
  steps: ArrayLike<number>,
  values: ArrayLike<number | null>,
  points: number,
): readonly number[] {
  const count = steps.length;
  const numbers = Float64Array.from(values, (value) => value ?? Number.NaN);
  if (count <= points) return Array.from(numbers, (_, i) => i);
  // Two of each stretch, with room for the ends and for values that are no numbers.
  const hasGaps = numbers.some((value) => !Number.isFinite(value));
  const stretches = Math.max(1, Math.floor((points - 2) / (hasGaps ? 3 : 2)));
  const first = steps[0];
  const width = (steps[count - 1] - first) / stretches || 1;
  const chosen = new Set([0]);
  for (let start = 0; start < count; ) {
    const stretch = Math.min(stretches - 1, Math.floor((steps[start] - first) / width));
    let [least, greatest, gap] = [-1, -1, -1];
    let end = start;
    for (; end < count && Math.min(stretches - 1, Math.floor((steps[end] - first) / width)) === stretch; end++) {
      if (!Number.isFinite(numbers[end])) gap = gap < 0 ? end : gap;
      else {
        if (least < 0 || numbers[end] < numbers[least]) least = end;
        if (greatest < 0 || numbers[end] > numbers[greatest]) greatest = end;
      }
    }
    for (const index of [least, greatest, gap]) if (index >= 0) chosen.add(index);
    start = end;
  }
  chosen.add(count - 1);
  return [...chosen].sort((a, b) => a - b);
}
