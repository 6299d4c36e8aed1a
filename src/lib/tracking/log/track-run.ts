// Work as a run, whose end is recorded in all cases.

import type { Run } from './run.js';
import { type StartRunOptions, startRun } from './start-run.js';

/**
 * Cancellation of the work.
 *
 * @inline
 */
export interface TrackOptions {
  readonly signal?: AbortSignal | undefined;
}

/**
 * Does work as a run: starts the run unless a started one is given, passes it to `work` and finishes it. When `work` throws,
 * the run is `failed`, or `interrupted` if `signal` was aborted, and the error is thrown.
 */
export async function trackRun<T>(
  begin: Run | StartRunOptions,
  work: (run: Run) => Promise<T>,
  { signal }: TrackOptions = {},
): Promise<T> {
  const run = 'logMetrics' in begin ? begin : await startRun(begin);
  let result: T;
  try {
    result = await work(run);
  } catch (error) {
    const status = signal?.aborted ? 'interrupted' : 'failed';
    // The error of the work matters more than one of the disk.
    await run.finish(status, status === 'failed' ? { error } : {}).catch(() => {});
    throw error;
  }
  await run.finish();
  return result;
}
