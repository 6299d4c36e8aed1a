// The progress of a running run, derived from its metrics and settings.

import type { RunSummary } from '../lib/tracking/stored/run-summary.js';

/** Settings that give the number of steps, by the last part of their key. */
const TOTALS = ['iterations', 'max_iterations', 'maxIterations', 'frames_to_render', 'frames'];

/** The last step, and the number of steps. */
export interface RunProgress {
  readonly step: number;
  readonly of?: number;
}

/** The last step of any metric, and the number of steps where a setting gives it; undefined before the first point. */
export function progressOf({
  metrics,
  parameters,
}: Pick<RunSummary, 'metrics' | 'parameters'>): RunProgress | undefined {
  const step = Object.values(metrics).reduce((last, metric) => Math.max(last, metric.step), -1);
  if (step < 0) return undefined;
  for (const name of TOTALS) {
    const key = Object.keys(parameters).find((each) => each === name || each.endsWith(`.${name}`));
    const total = key === undefined ? undefined : parameters[key];
    if (typeof total === 'number' && total >= step) return { step, of: total };
  }
  return { step };
}
