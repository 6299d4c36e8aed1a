// Counts the remaining work of a planned sweep.

import type { SweepPlan } from './run-sweep.js';

/** Numbers of points and jobs, and the UNet passes of the remaining jobs. */
export interface WorkLeft {
  points: number;
  done: number;
  encodings: number;
  trainings: number;
  renderPasses: number;
  trainingPasses: number;
}

/** The remaining work of a plan. */
export function workLeft({ points, jobs }: SweepPlan): WorkLeft {
  const trainings = jobs.filter(({ kind }) => kind === 'training');
  const renders = jobs.filter(({ kind }) => kind === 'point');
  const passes = (of: typeof jobs): number => of.reduce((sum, job) => sum + job.passes, 0);
  return {
    points: points.length,
    done: points.filter(({ done }) => done).length,
    encodings: jobs.filter(({ kind }) => kind === 'source').length,
    trainings: trainings.length,
    renderPasses: passes(renders),
    trainingPasses: passes(trainings),
  };
}
