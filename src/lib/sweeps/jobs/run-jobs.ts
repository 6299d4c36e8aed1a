// Dispatches jobs to an executor in the order of their dependencies. A failed job is retried; if it fails again, its
// dependents are skipped and the others continue.

import { FailureError, UsageError } from '../../base/errors.js';
import type { Executor, JobHooks } from './executor.js';
import type { Job } from './job.js';

/** The outcome of a job. */
export type JobOutcome =
  | { readonly status: 'done' }
  | { readonly status: 'failed' | 'left out'; readonly reason: string };

/** Retries and callbacks of jobs. */
export interface RunJobsOptions {
  /** Number of retries of a failed job, unless it would fail in the same way; 1 by default. */
  readonly retries?: number;
  readonly signal?: AbortSignal;
  /** Returns the callbacks of an attempt at a job when it begins. */
  readonly hooksOf?: (job: Job, attempt: number) => Omit<JobHooks, 'signal'>;
  /** Called before the first attempt at a job. */
  readonly onBegin?: (job: Job) => void | Promise<void>;
  /** Called with the outcome of each job. */
  readonly onOutcome?: (job: Job, outcome: JobOutcome) => void | Promise<void>;
  /** Called with a failure that is followed by a retry. */
  readonly onRetry?: (job: Job, reason: string) => void;
}

/**
 * Executes jobs, as many at once as the executor has slots.
 *
 * @throws the signal's reason when it is aborted, after running jobs have stopped
 */
export async function runJobs(
  jobs: readonly Job[],
  executor: Executor,
  options: RunJobsOptions,
): Promise<ReadonlyMap<string, JobOutcome>> {
  const { signal, onOutcome } = options;
  const outcomes = new Map<string, JobOutcome>();
  const waiting = new Set(jobs);
  const running = new Set<string>();
  const ended = bell();
  let broken: { error: unknown } | undefined;
  const conclude = async (job: Job, outcome: JobOutcome): Promise<void> => {
    outcomes.set(job.id, outcome);
    await onOutcome?.(job, outcome);
  };
  while (waiting.size > 0 || running.size > 0) {
    for (const job of waiting) {
      if (signal?.aborted || broken) break;
      const needed = job.needs.map((id) => outcomes.get(id));
      const lost = needed.find((outcome) => outcome && outcome.status !== 'done');
      if (lost && lost.status !== 'done') {
        waiting.delete(job);
        await conclude(job, { status: 'left out', reason: lost.reason });
      } else if (running.size < executor.slots && needed.every((outcome) => outcome?.status === 'done')) {
        waiting.delete(job);
        running.add(job.id);
        void attempts(job, executor, options)
          .then((outcome) => conclude(job, outcome))
          .catch((error) => {
            broken ??= { error };
          })
          .finally(() => {
            running.delete(job.id);
            ended.ring();
          });
      }
    }
    if (running.size === 0) {
      if (signal?.aborted || broken) break;
      if (waiting.size > 0 && [...waiting].every((job) => job.needs.some((id) => !outcomes.has(id)))) {
        throw new FailureError(`jobs: ${[...waiting][0].id} needs a job that is not among them`);
      }
      continue;
    }
    await ended.rung();
  }
  signal?.throwIfAborted();
  if (broken) throw broken.error;
  return outcomes;
}

/** Wakes one waiter, without a promise for each of thousands of jobs. */
function bell(): { ring(): void; rung(): Promise<void> } {
  let wake = (): void => {};
  let isRung = false;
  return {
    ring() {
      isRung = true;
      wake();
    },
    async rung() {
      if (!isRung) await new Promise<void>((resolve) => (wake = resolve));
      isRung = false;
    },
  };
}

async function attempts(job: Job, executor: Executor, options: RunJobsOptions): Promise<JobOutcome> {
  const { retries = 1, signal, hooksOf, onRetry, onBegin } = options;
  await executor.begun?.(job, signal);
  await onBegin?.(job);
  for (let attempt = 1; ; attempt++) {
    try {
      await executor.run(job, { ...hooksOf?.(job, attempt), ...(signal && { signal }) });
      return { status: 'done' };
    } catch (error) {
      if (signal?.aborted) throw error;
      const reason = error instanceof Error ? error.message : String(error);
      if (attempt > retries || error instanceof UsageError) return { status: 'failed', reason };
      onRetry?.(job, reason);
    }
  }
}
