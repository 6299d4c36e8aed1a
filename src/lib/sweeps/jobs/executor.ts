// Where jobs are done: what dispatches them (run-jobs.ts) knows no more about it than this. A distributed executor hands jobs, which
// are plain data, to machines that share the sweep's folder.

import type { OnProgress } from '../../base/progress.js';
import type { LoadModelOptions, Model } from '../../models/model.js';
import type { Job } from './job.js';

/** What is heard of a job while it is done. */
export interface JobHooks {
  readonly onProgress?: OnProgress;
  readonly onWarning?: (message: string) => void;
  /** Points of curves: of a training, its losses. */
  readonly onMetrics?: (step: number, metrics: Readonly<Record<string, number>>) => void;
  /** Stops after the current step; what is done is kept. */
  readonly signal?: AbortSignal;
}

/** Opens the model of a job. */
export type OpenModel = (path: string, options: LoadModelOptions) => Promise<Model>;

/** Does jobs. */
export interface Executor {
  /** How many jobs it does at once. */
  readonly slots: number;
  /**
   * Does a job. Its results then lie in the job's folder; nothing is done again that lies there already.
   *
   * @throws UsageError when trying again would end the same way; FailureError for any other end, a crash included; the signal's
   *   reason when it was stopped
   */
  run(job: Job, hooks: JobHooks): Promise<void>;
  /** Ends its processes. */
  close(): Promise<void>;
}
