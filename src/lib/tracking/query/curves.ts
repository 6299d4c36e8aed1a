// The curves of metrics for charts, thinned to what a chart can show; read again only if a run has new points.

import { dirname, join } from 'node:path';
import { isReallyBelow } from '../../base/below.js';
import { FailureError } from '../../base/errors.js';
import { perFile } from '../../base/per-file.js';
import { downsample } from '../stored/downsample.js';
import type { MetricHistory } from '../stored/metric-history.js';
import { type RunMetrics, readMetrics } from '../stored/read-metrics.js';
import { RUN_FILES } from '../stored/run-record.js';

/** One metric of one run, as JSON: NaN and infinities are null. */
export interface Curve {
  readonly place: string;
  readonly key: string;
  readonly steps: readonly number[];
  readonly values: readonly (number | null)[];
  /** Seconds since the run's start. */
  readonly seconds: readonly number[];
  /** Number of points in the range before thinning. */
  readonly count: number;
}

/** The range and resolution of curves. */
export interface CurveOptions {
  readonly keys: readonly string[];
  /** The most points per curve. */
  readonly points: number;
  /** First and last step. */
  readonly from?: number | undefined;
  readonly to?: number | undefined;
}

/** The run whose curves are read; `place` names it in them. */
export interface CurvedRun {
  readonly folder: string;
  readonly place: string;
  readonly start: string;
}

/** Reads curves, and caches those of the last runs requested. */
export interface CurveReader {
  read(run: CurvedRun, options: CurveOptions): Promise<Curve[]>;
}

const REMEMBERED = 24;

/** Opens a reader for runs below a root; `onWarning` is called for points that cannot be read. */
export function openCurves(root: string, onWarning: (message: string) => void = () => {}): CurveReader {
  const metricsOf = perFile(
    async (path) => (isReallyBelow(root, path) ? readMetrics(dirname(path)) : NONE),
    REMEMBERED,
  );
  return {
    async read(run, { keys, points, from, to }) {
      const { histories } = await metricsOf(join(run.folder, RUN_FILES.metrics)).catch((error: unknown) => {
        if (!(error instanceof FailureError)) throw error;
        onWarning(`${run.place}: ${error.message}`);
        return NONE;
      });
      const start = Date.parse(run.start);
      return keys.flatMap((key): Curve[] => {
        const history = histories.get(key);
        if (history === undefined) return [];
        const part = within(history, from, to);
        const { steps, values, times } = downsample(part, points);
        return [
          {
            place: run.place,
            key,
            steps: Array.from(steps),
            values: Array.from(values, (value) => (Number.isFinite(value) ? Number(value.toPrecision(7)) : null)),
            seconds: Array.from(times, (time) => Math.round(time - start) / 1000),
            count: part.steps.length,
          },
        ];
      });
    },
  };
}

const NONE: RunMetrics = { histories: new Map(), damaged: 0, next: 0 };

/** The points of a range of steps and one neighbour on either side, so that lines reach the edges. */
function within({ steps, values, times }: MetricHistory, from = -Infinity, to = Infinity): MetricHistory {
  let first = 0;
  while (first < steps.length && steps[first] < from) first++;
  let last = steps.length;
  while (last > 0 && steps[last - 1] > to) last--;
  const cut = (column: Float64Array): Float64Array =>
    column.subarray(Math.max(0, first - 1), Math.max(first, last + 1));
  return { steps: cut(steps), values: cut(values), times: cut(times) };
}
