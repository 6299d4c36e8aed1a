// Where the metrics of a run stand while it goes on: reads only what was added since the last time.

import { join } from 'node:path';
import { readJsonLines } from './json-lines.js';
import { parsePoint } from './metric-points.js';
import { type MetricSummary, type MetricTally, tallyMetric } from './metric-summary.js';
import { readMetrics } from './read-metrics.js';
import { RUN_FILES } from './run-record.js';

/** Follows a run's metrics. */
export interface MetricsFollower {
  /** Where they stand now. */
  read(): Promise<Record<string, MetricSummary>>;
  /** Bytes that were read in all: what it cost. */
  readonly bytes: number;
}

/** Bytes that are read at once. */
const PIECE = 1 << 22;

/** Begins to follow a run's metrics. */
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
  /** What a rewind voids is not taken back from a tally: it is counted anew, up to the last rewind. */
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
