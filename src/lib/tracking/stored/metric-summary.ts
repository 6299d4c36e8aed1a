// The summary of a metric, which tables show without reading every point. read-metrics.ts reads the points.

import type { MetricHistory } from './metric-history.js';

/**
 * Texts of the numbers that JSON cannot hold.
 *
 * @inline
 */
export type JsonNumber = number | 'NaN' | 'Infinity' | '-Infinity';

/**
 * The summary of a metric. `last` is the value at the greatest step, the later one if a step has two.
 *
 * @inline
 */
export interface MetricSummary {
  readonly last: JsonNumber;
  readonly step: number;
  readonly time: number;
  /** Of the values that are numbers; NaN if there are none. */
  readonly min: JsonNumber;
  readonly max: JsonNumber;
  readonly count: number;
}

/** A number in JSON. */
export function jsonNumber(value: number): JsonNumber {
  return Number.isFinite(value) ? value : (String(value) as JsonNumber);
}

/** An empty summary, to which points are added one at a time. */
export interface MetricTally {
  add(value: number, step: number, time: number): void;
  summary(): MetricSummary;
}

/** Summarises points as they are logged. */
export function tallyMetric(): MetricTally {
  let [last, lastStep, lastTime] = [Number.NaN, -Infinity, 0];
  let [min, max, count] = [Infinity, -Infinity, 0];
  return {
    add(value, step, time) {
      if (step >= lastStep) [last, lastStep, lastTime] = [value, step, time];
      if (value < min) min = value;
      if (value > max) max = value;
      count++;
    },
    summary: () => ({
      last: jsonNumber(last),
      step: lastStep,
      time: lastTime,
      min: jsonNumber(min <= max ? min : Number.NaN),
      max: jsonNumber(min <= max ? max : Number.NaN),
      count,
    }),
  };
}

/** The summary of stored points. */
export function tallyHistory({ values, steps, times }: MetricHistory): MetricTally {
  const tally = tallyMetric();
  for (let i = 0; i < values.length; i++) tally.add(values[i], steps[i], times[i]);
  return tally;
}
