// Where a metric stands: what a table shows without reading every point. The points themselves: read-metrics.ts.

import type { MetricHistory } from './metric-history.js';

/** Text for what JSON cannot hold. */
export type JsonNumber = number | 'NaN' | 'Infinity' | '-Infinity';

/** A metric in few numbers. `last` is the value at the greatest step, the later one where a step has two. */
export interface MetricSummary {
  readonly last: JsonNumber;
  readonly step: number;
  readonly time: number;
  /** Of the values that are numbers; NaN where there are none. */
  readonly min: JsonNumber;
  readonly max: JsonNumber;
  readonly count: number;
}

/** A number as JSON holds it. */
export function jsonNumber(value: number): JsonNumber {
  return Number.isFinite(value) ? value : (String(value) as JsonNumber);
}

/** A summary that has seen nothing yet, and adds points one at a time. */
export interface MetricTally {
  add(value: number, step: number, time: number): void;
  summary(): MetricSummary;
}

/** Counts along with what is logged. */
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

/** The tally of points that are stored already. */
export function tallyHistory({ values, steps, times }: MetricHistory): MetricTally {
  const tally = tallyMetric();
  for (let i = 0; i < values.length; i++) tally.add(values[i], steps[i], times[i]);
  return tally;
}
