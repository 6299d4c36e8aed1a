// The current metrics of a running run: each call reads only what was added since the last one.

import { join } from 'node:path';
import { readJsonLines } from './json-lines.js';
import { parsePoint } from './metric-points.js';
import { type MetricSummary, type MetricTally, tallyMetric } from './metric-summary.js';
import { readMetrics } from './read-metrics.js';
import { RUN_FILES } from './run-record.js';

/** Follows a run's metrics. */
export interface MetricsFollower {
  /** The current summaries. */
  read(): Promise<Record<string, MetricSummary>>;
  /** Number of bytes read in all, for tests of the cost. */
  readonly bytes: number;
}

/** Bytes read at once. */
const PIECE = 1 << 22;

/** Starts following a run's metrics. */
export function followMetrics(folder: string): MetricsFollower {
  const path = join(folder, RUN_FILES.metrics);
  let tallies = new Map<string, MetricTally>();
  let byte = 0;
  let bytes = 0;
  const add = (key: string, value: number, step: number, time: number): void => {
    const tally = tallies.get(key) ?? tallyMetric();
    tallies.set(key, tally);
    tally.add(value, step, time);
  };
  /** A summary cannot remove the points of a rewind: all points up to the last rewind are counted again. */
  const recount = async (): Promise<void> => {
    const { histories, next } = await readMetrics(folder);
    tallies = new Map();
    for (const [key, { values, steps, times }] of histories) {
      for (let i = 0; i < values.length; i++) add(key, values[i], steps[i], times[i]);
    }
    bytes += next;
    byte = next;
  };
  return {
    get bytes() {
      return bytes;
    },
    async read() {
      for (;;) {
        const { values, next } = await readJsonLines(path, byte, PIECE);
        if (next === byte) break;
        const points = values.map(parsePoint);
        if (points.some((point) => point !== undefined && 'rewind' in point)) {
          await recount();
          continue;
        }
        for (const point of points) {
          if (point && 'key' in point) add(point.key, point.value, point.step, point.time);
        }
        bytes += next - byte;
        byte = next;
      }
      return Object.fromEntries([...tallies].map(([key, tally]) => [key, tally.summary()]));
    },
  };
}
