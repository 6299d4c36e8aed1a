// A comparison's numbers as plain JSON: the data of the page's charts, and of its download button.

import { seriesClass } from '../lib/report/series.js';
import { parameterText } from '../lib/tracking/log/parameters.js';
import type { Curve } from '../lib/tracking/query/curves.js';
import type { ComparedRun } from './compared-run.js';
import { inMetricOrder, metricTitle } from './metric-words.js';
import { differingSettings } from './run-columns.js';

/** The data of the charts. */
export interface ComparisonData {
  readonly runs: readonly {
    readonly place: string;
    readonly label: string;
    readonly colour: string;
    readonly experiment: string;
    readonly status: string;
    readonly start: string;
    readonly end?: string | undefined;
    readonly parameters: Readonly<Record<string, string | number>>;
    /** Last values; NaN and infinities are left out. */
    readonly metrics: Readonly<Record<string, number>>;
  }[];
  /** Metrics in display order, with titles. */
  readonly metrics: readonly {
    readonly key: string;
    readonly title: string;
    readonly isCurve: boolean;
    readonly lastStep: number;
  }[];
  /** Parameters whose values differ between the runs. */
  readonly differing: readonly string[];
  /** The curves of metrics, for a page without a server. */
  readonly curves?: readonly Curve[];
}

/** Collects the data of a comparison. */
export function comparisonData(runs: readonly ComparedRun[], curves?: readonly Curve[]): ComparisonData {
  const keys = new Map<string, { isCurve: boolean; lastStep: number }>();
  for (const { metrics } of runs) {
    for (const key in metrics) {
      const { isCurve = false, lastStep = 0 } = keys.get(key) ?? {};
      const { count, step } = metrics[key];
      keys.set(key, { isCurve: isCurve || count > 1, lastStep: Math.max(lastStep, step) });
    }
  }
  return {
    runs: runs.map((run, i) => ({
      place: run.place,
      label: run.label,
      colour: seriesClass(i),
      experiment: run.experiment,
      status: run.status,
      start: run.start,
      end: run.end,
      parameters: Object.fromEntries(
        Object.entries(run.parameters).map(([key, value]) => [
          key,
          typeof value === 'number' ? value : parameterText(value),
        ]),
      ),
      metrics: Object.fromEntries(
        Object.entries(run.metrics).flatMap(([key, { last }]) => (typeof last === 'number' ? [[key, last]] : [])),
      ),
    })),
    metrics: [...keys.keys()].sort(inMetricOrder).map((key) => ({ key, title: metricTitle(key), ...keys.get(key)! })),
    differing: differingSettings(runs),
    ...(curves && { curves }),
  };
}
