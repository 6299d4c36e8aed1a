// Long, noisy curves made readable: a running mean, and as few points as a screen can show.

import type { ReportValue } from './report-data.js';

/**
 * A running mean over about `span` values back, exponentially weighted and without bias at the start:
 * m[i] = sum w^(i-j) v[j] / sum w^(i-j), w = 1 - 1 / span, over the values that are numbers. Null before the first of them.
 */
export function smooth(values: readonly ReportValue[], span: number): ReportValue[] {
  const keep = 1 - 1 / Math.max(1, span);
  let sum = 0;
  let weight = 0;
  return values.map((value) => {
    if (value !== null && Number.isFinite(value)) {
      sum = keep * sum + value;
      weight = keep * weight + 1;
    }
    return weight === 0 ? null : sum / weight;
  });
}

/**
 * The indices to draw of a long curve: in each of `pieces` equal pieces the lowest and the highest value, so that no
 * outlier is lost; all of them where there are no more than that.
 */
export function thinned(values: readonly ReportValue[], pieces: number): number[] {
  const count = values.length;
  if (count <= 2 * pieces) return values.map((_, i) => i);
  const chosen = new Set<number>([0, count - 1]);
  for (let piece = 0; piece < pieces; piece++) {
    const start = Math.floor((piece * count) / pieces);
    const end = Math.floor(((piece + 1) * count) / pieces);
    let [low, high] = [start, start];
    for (let i = start; i < end; i++) {
      const value = values[i];
      if (value === null) continue;
      if (!(value >= (values[low] ?? Number.POSITIVE_INFINITY))) low = i;
      if (!(value <= (values[high] ?? Number.NEGATIVE_INFINITY))) high = i;
    }
    chosen.add(low).add(high);
  }
  return [...chosen].sort((a, b) => a - b);
}
