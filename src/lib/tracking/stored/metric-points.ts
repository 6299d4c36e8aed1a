// A line of metrics.jsonl: a point of a metric, or a rewind, after which later points replace earlier ones.

import { UsageError } from '../../base/errors.js';

/** A measured value. */
export interface MetricPoint {
  readonly key: string;
  /** Any number, also NaN and the infinities. */
  readonly value: number;
  readonly step: number;
  /** Time of the measurement, in milliseconds since 1970. */
  readonly time: number;
}

/** Removes all earlier points from this step on: a resumed training computes them again. */
export interface Rewind {
  readonly rewind: number;
}

/** The line of a point. Assembled by hand for speed, as every training step writes one. */
export function pointLine(key: string, value: number, step: number, time: number): string {
  const number = Number.isFinite(value) ? (Object.is(value, -0) ? '-0' : String(value)) : `"${value}"`;
  return `{"key":${JSON.stringify(key)},"value":${number},"step":${step},"time":${time}}`;
}

/** The line of a rewind. */
export function rewindLine(step: number): string {
  return JSON.stringify({ rewind: step });
}

/** The point or rewind of a line; undefined when it is neither. */
export function parsePoint(value: unknown): MetricPoint | Rewind | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const line = value as { key?: unknown; value?: unknown; step?: unknown; time?: unknown; rewind?: unknown };
  if (typeof line.rewind === 'number') return line as Rewind;
  if (typeof line.key !== 'string' || typeof line.step !== 'number' || typeof line.time !== 'number') return undefined;
  if (typeof line.value === 'number') return line as MetricPoint;
  const number = NOT_FINITE.get(line.value);
  return number === undefined ? undefined : { key: line.key, value: number, step: line.step, time: line.time };
}

const NOT_FINITE: ReadonlyMap<unknown, number> = new Map([
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['-Infinity', Number.NEGATIVE_INFINITY],
]);

/**
 * Checks a point before it is logged.
 *
 * @throws UsageError naming the metric
 */
export function assertPoint(key: string, value: unknown, step: number): asserts value is number {
  if (typeof value !== 'number') {
    throw new UsageError(`logMetrics: ${key} is ${value === null ? 'null' : typeof value}, expected a number`);
  }
  if (!Number.isSafeInteger(step))
    throw new UsageError(`logMetrics: the step of ${key} is ${step}, expected a whole number`);
}
