// The interface between the dispatcher of jobs (run-jobs.ts) and their executor. A distributed executor can send jobs, which
// are plain data, to machines that share the sweep's folder.

import type { OnProgress } from '../../base/progress.js';
import type { LoadModelOptions, Model } from '../../models/model.js';
import type { HashedFile } from '../points/content-hash.js';
import type { Job } from './job.js';

/** Callbacks of a running job, and its abort signal. */
export interface JobHooks {
  readonly onProgress?: OnProgress;
  readonly onWarning?: (message: string) => void;
  /** Called with points of curves, such as the losses of a training. */
  readonly onMetrics?: (step: number, metrics: Readonly<Record<string, number>>) => void;
  /** Stops after the current step; finished work is kept. */
  readonly signal?: AbortSignal;
}

/** The sweep whose jobs are executed. */
export interface OpenedSweep {
  readonly name: string;
  /** Its folder. */
  readonly out: string;
  /** All files that decide the results, with their hashes. */
  readonly inputs: () => readonly HashedFile[];
  readonly signal?: AbortSignal | undefined;
}

/** Opens the model of a job. */
export type OpenModel = (path: string, options: LoadModelOptions) => Promise<Model>;

/** Executes jobs. */
export interface Executor {
  /** Number of concurrent jobs. */
  readonly slots: number;
  /** Called once, before the first jobs. */
  open?(sweep: OpenedSweep): Promise<void>;
  /** Called with jobs that will be executed once those before them are done; those of an earlier call are. */
  offer?(jobs: readonly Job[]): Promise<void>;
  /** Resolves when a job has begun; without it, jobs begin when they are executed. */
  begun?(job: Job, signal?: AbortSignal): Promise<void>;
  /**
   * Executes a job, which writes its results into the job's folder. Existing results are not computed again.
   *
   * @throws UsageError for failures that a retry would repeat; FailureError for all others, including crashes; the signal's
   *   reason when it was aborted
   */
  run(job: Job, hooks: JobHooks): Promise<void>;
  /** Called when there are no more jobs; `failed` of the points have failed. */
  finish?(failed: number): Promise<void>;
  /** Ends its processes. */
  close(): Promise<void>;
}
