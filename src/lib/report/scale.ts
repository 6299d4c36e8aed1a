// Maps values to positions on an axis, and chooses its ticks.

import { linearTicks, logTicks } from './chart-math.js';

/** An axis: `at` maps a value to a position from 0 (start) to 1 (end). */
export interface Scale {
  readonly min: number;
  readonly max: number;
  readonly log: boolean;
  readonly ticks: readonly { readonly value: number; readonly step: number }[];
  at(value: number): number;
}

/** Options of an axis. */
export interface ScaleOptions {
  /** Whether the axis includes zero. */
  readonly fromZero?: boolean;
  /** Logarithmic; linear if a value is not positive. */
  readonly log?: boolean;
  /** Approximate number of ticks. */
  readonly ticks?: number;
  /** Padding beyond the extreme values, as a fraction of their distance (not below zero for an axis from zero). */
  readonly padding?: number;
  /** Ends exactly at the extreme values. */
  readonly exact?: boolean;
}

/** An axis that contains all values; from 0 to 1 if there are none. */
export function scaleOf(values: Iterable<number | null | undefined>, options: ScaleOptions = {}): Scale {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    if (value === null || value === undefined || !Number.isFinite(value)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (low > high) [low, high] = [0, 1];
  const log = options.log && low > 0 ? logScale(low, high) : undefined;
  // A logarithmic axis of less than a decade can be without ticks.
  return log && log.ticks.length > 1 ? log : linearScale(low, high, options);
}

function linearScale(low: number, high: number, { fromZero, ticks = 5, padding = 0.06, exact }: ScaleOptions): Scale {
  const bottom = fromZero ? Math.min(0, low) : low;
  const top = fromZero ? Math.max(0, high) : high;
  // Padding around a single value.
  const extent = top - bottom || Math.abs(top) * 0.2 || 1;
  const room = exact ? 0 : extent * padding;
  const min = fromZero && bottom === 0 ? 0 : bottom - (top === bottom ? extent / 2 : room);
  const max = fromZero && top === 0 && bottom < 0 ? 0 : top === bottom ? top + extent / 2 : top + room;
  const { step, values } = linearTicks(min, max, ticks);
  return {
    ...{ min, max, log: false },
    ticks: values.map((value) => ({ value, step })),
    at: (value) => (value - min) / (max - min),
  };
}

function logScale(low: number, high: number): Scale {
  const [from, to] = [Math.log10(low), Math.log10(high)];
  const room = Math.max((to - from) * 0.05, 0.02);
  const [start, end] = [from - room, to + room];
  const decades = end - start;
  const ticks = logTicks(start, end).map((value) => ({ value, step: 10 ** Math.floor(Math.log10(value) + 1e-9) }));
  return {
    ...{ min: 10 ** start, max: 10 ** end, log: true, ticks },
    at: (value) => (value > 0 ? (Math.log10(value) - start) / decades : 0),
  };
}
