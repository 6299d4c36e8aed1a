// Tries again what may succeed later, waiting longer each time.

import { setTimeout as sleep } from 'node:timers/promises';
import { ServerTrouble } from './http.js';

/** How often, and how long to wait between. */
export interface RetryOptions {
  /** Attempts in all; 7 by default, which last about a minute. */
  readonly attempts?: number | undefined;
  /** The wait after the first failure (ms); it doubles each time. */
  readonly base?: number | undefined;
  /** The longest wait that is not asked for by the server (ms). */
  readonly longest?: number | undefined;
  /** Stops waiting and trying. */
  readonly signal?: AbortSignal | undefined;
  /** Told of every failure after which it is tried again. */
  readonly onRetry?: ((error: ServerTrouble) => void) | undefined;
}

/**
 * The wait after the n-th failure in a row, from 1 on (ms): doubling, with a random half of it taken off, so that those who
 * failed together do not come back together; at least what the server asked for.
 */
export function backoff(
  failures: number,
  retryAfter: number = 0,
  { base = 500, longest = 30_000 }: RetryOptions = {},
): number {
  const wait = Math.min(longest, base * 2 ** Math.min(failures - 1, 20));
  return Math.max(retryAfter, wait * (0.5 + Math.random() / 2));
}

/** Does something, and again while it fails in a way that may pass. Throws the last failure. */
export async function retrying<T>(what: () => Promise<T>, options: RetryOptions = {}): Promise<T> {
  const { attempts = 7, signal, onRetry } = options;
  for (let failures = 1; ; failures++) {
    try {
      return await what();
    } catch (error) {
      if (!(error instanceof ServerTrouble) || !error.details.again || failures >= attempts) throw error;
      onRetry?.(error);
      await sleep(backoff(failures, error.details.retryAfter, options), undefined, signal ? { signal } : {});
      signal?.throwIfAborted();
    }
  }
}
