// All points of a run's metrics, as columns of numbers.

import { join } from 'node:path';
import { readJsonLines } from './json-lines.js';
import type { MetricHistory } from './metric-history.js';
import { parsePoint } from './metric-points.js';
import { RUN_FILES } from './run-record.js';

/**
 * The histories of a run, by metric.
 *
 * @inline
 */
export interface RunMetrics {
  readonly histories: ReadonlyMap<string, MetricHistory>;
  /** Number of unreadable lines, for example after a power failure. */
  readonly damaged: number;
  /** The byte of metrics.jsonl after the last line read. */
  readonly next: number;
}

interface Columns {
  steps: number[];
  values: number[];
  times: number[];
}

/** Reads a run's points. An incomplete last line of a killed process is ignored. */
export async function readMetrics(folder: string): Promise<RunMetrics> {
  const { values: lines, damaged, next } = await readJsonLines(join(folder, RUN_FILES.metrics));
  const metrics = new Map<string, Columns>();
  let strange = 0;
  for (const line of lines) {
    const point = parsePoint(line);
    if (point === undefined) strange++;
    else if ('rewind' in point) for (const columns of metrics.values()) dropFrom(columns, point.rewind);
    else {
      const columns = metrics.get(point.key) ?? { steps: [], values: [], times: [] };
      if (columns.steps.length === 0) metrics.set(point.key, columns);
      columns.steps.push(point.step);
      columns.values.push(point.value);
      columns.times.push(point.time);
    }
  }
  const histories = new Map<string, MetricHistory>();
  for (const [key, columns] of metrics) if (columns.steps.length > 0) histories.set(key, inOrder(columns));
  return { histories, damaged: damaged + strange, next };
}

function dropFrom(columns: Columns, step: number): void {
  const kept = columns.steps.flatMap((at, i) => (at < step ? [i] : []));
  if (kept.length === columns.steps.length) return;
  for (const name of ['steps', 'values', 'times'] as const) columns[name] = kept.map((i) => columns[name][i]);
}

function inOrder({ steps, values, times }: Columns): MetricHistory {
  const sorted = steps.every((step, i) => i === 0 || steps[i - 1] <= step);
  if (sorted)
    return { steps: Float64Array.from(steps), values: Float64Array.from(values), times: Float64Array.from(times) };
  const order = steps.map((_, i) => i).sort((a, b) => steps[a] - steps[b] || a - b);
  const pick = (column: number[]): Float64Array => Float64Array.from(order, (i) => column[i]);
  return { steps: pick(steps), values: pick(values), times: pick(times) };
}
