// How far a running run is: what it reports, else derived from its metrics and settings.

import type { RunProgress } from '../stored/run-stages.js';
import type { RunSummary } from '../stored/run-summary.js';

/** Settings that give the number of steps, by the last part of their key. */
const TOTALS = ['iterations', 'max_iterations', 'maxIterations', 'frames_to_render', 'frames'];

/** The parts of a run that say how far it is. */
export interface ProgressingRun extends Pick<RunSummary, 'status' | 'metrics' | 'parameters'> {
  readonly progress?: RunProgress | undefined;
}

/** The last step, and the number of steps. */
export interface RunSteps {
  readonly step: number;
  readonly of?: number;
}

/** The last report, else the last step of any metric; undefined before the first, and where the run has ended. */
export function stepsOf({ status, metrics, parameters, progress }: ProgressingRun): RunSteps | undefined {
  if (status !== 'running') return undefined;
  if (progress?.now) return { step: progress.now.done, of: progress.now.total };
  const step = Object.values(metrics).reduce((last, metric) => Math.max(last, metric.step), -1);
  if (step < 0) return undefined;
  for (const name of TOTALS) {
    const key = Object.keys(parameters).find((each) => each === name || each.endsWith(`.${name}`));
    const total = key === undefined ? undefined : parameters[key];
    if (typeof total === 'number' && total >= step) return { step, of: total };
  }
  return { step };
}
