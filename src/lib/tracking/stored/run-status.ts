// How a run stands.

/**
 * How a run stands. A run whose process is gone without an end is `interrupted`, whatever its file says.
 *
 * @inline
 */
export type RunStatus = 'running' | 'finished' | 'failed' | 'interrupted';

/** All of them. */
export const RUN_STATUSES: readonly RunStatus[] = ['running', 'finished', 'failed', 'interrupted'];
