// How far a running run is, as far as its metrics and settings say.

import type { RunSummary } from '../lib/tracking/stored/run-summary.js';

/** Settings that say how many steps there will be, as the last part of their path. */
const TOTALS = ['iterations', 'max_iterations', 'maxIterations', 'frames_to_render', 'frames'];

/** The last step, and how many there will be. */
export interface RunProgress {
  readonly step: number;
  readonly of?: number;
}

/** The last step of any metric, and how many there will be where a setting says; nothing before the first point. */
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
