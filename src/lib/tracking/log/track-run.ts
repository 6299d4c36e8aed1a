// Work done as a run, so that its end is recorded however it comes.

import type { Run } from './run.js';
import { type StartRunOptions, startRun } from './start-run.js';

/** How the work is told to stop. */
export interface TrackOptions {
  readonly signal?: AbortSignal | undefined;
}

/**
 * Does work as a run: begins it, unless it is given begun, hands it to `work`, and finishes it. Where `work` throws, the run is
 * `failed`, or `interrupted` when `signal` was aborted, and the error goes on.
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
    // What the work says matters more than what the disk says.
    await run.finish(status, status === 'failed' ? { error } : {}).catch(() => {});
    throw error;
  }
  await run.finish();
  return result;
}
