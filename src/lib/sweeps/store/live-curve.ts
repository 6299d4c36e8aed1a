// The curve of a training while it goes on, from the worker to the sweep: the worker writes what it has so far, again and again;
// the sweep passes on what it has not passed on before.

import type { JobHooks } from '../jobs/executor.js';
import type { Job } from '../jobs/job.js';
import { jobKey, readJson, SHARED, type Store } from './store.js';

type Metrics = Readonly<Record<string, number>>;
type Point = readonly [step: number, metrics: Metrics];

/** A curve of this worker. */
export interface WrittenCurve {
  note(step: number, metrics: Metrics): void;
  /** Writes it, if there is more of it. */
  save(): Promise<void>;
}

/** The curve of a job that this worker does. */
export function writtenCurve(store: Store, job: Job): WrittenCurve {
  const points: Point[] = [];
  let saved = 0;
  return {
    note(step, metrics) {
      points.push([step, metrics]);
    },
    async save() {
      if (points.length === saved) return;
      saved = points.length;
      await store.write(curveKey(job), JSON.stringify(points));
    },
  };
}

/** Removes the curve of a job that is done: its results have it. */
export async function removeCurve(store: Store, job: Job): Promise<void> {
  if (job.kind === 'training') await store.remove(curveKey(job));
}

/** Passes each point of a curve on once, in order, whoever trains. */
export interface PassedCurve {
  /** Passes on what the worker has written. */
  look(store: Store, job: Job): Promise<void>;
  pass(step: number, metrics: Metrics): void;
}

/** A curve whose points go to the hooks of a job. */
export function passedCurve({ onMetrics }: Pick<JobHooks, 'onMetrics'>): PassedCurve {
  let last = 0;
  const pass = (step: number, metrics: Metrics): void => {
    if (step <= last) return;
    last = step;
    onMetrics?.(step, metrics);
  };
  return {
    pass,
    async look(store, job) {
      for (const point of (await readJson<Point[]>(store, curveKey(job))) ?? []) pass(...point);
    },
  };
}

const curveKey = (job: Job): string => SHARED.curves + jobKey(job);
