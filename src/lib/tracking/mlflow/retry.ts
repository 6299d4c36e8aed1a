// Repeats operations that may succeed later, with growing pauses.

import { setTimeout as sleep } from 'node:timers/promises';
import { ServerTrouble } from './http.js';

/** Number of attempts and the pauses between them. */
export interface RetryOptions {
  /** Attempts in all; 7 by default, which last about a minute. */
  readonly attempts?: number | undefined;
  /** The pause after the first failure (ms); it doubles each time. */
  readonly base?: number | undefined;
  /** The longest pause unless the server asks for more (ms). */
  readonly longest?: number | undefined;
  /** Stops waiting and trying. */
  readonly signal?: AbortSignal | undefined;
  /** Called for every failure that is followed by another attempt. */
  readonly onRetry?: ((error: ServerTrouble) => void) | undefined;
}

/**
 * The pause after the n-th failure in a row, n from 1 (ms). It doubles, and is shortened by a random share of up to half, so
 * that clients that failed together do not repeat together; it is at least what the server asked for.
 */
export function backoff(
  failures: number,
  retryAfter: number = 0,
  { base = 500, longest = 30_000 }: RetryOptions = {},
): number {
  const wait = Math.min(longest, base * 2 ** Math.min(failures - 1, 20));
  return Math.max(retryAfter, wait * (0.5 + Math.random() / 2));
}

/** Repeats an operation while its failures are temporary. Throws the last one. */
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
