// Whether there is work in a store, and whether it is work for this version of the package.

import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { FailureError, UsageError } from '../../base/errors.js';
import { VERSION } from '../../base/version.js';
import { readState, type Store, type StoreState } from './store.js';
import type { WorkerOptions } from './worker-slots.js';

/**
 * Checks that work is of this version: results of another one may be others.
 *
 * @throws UsageError if it is not
 */
export function assertVersion(store: Store, { version }: StoreState): void {
  if (version === VERSION) return;
  const other = version === undefined ? 'an earlier version' : `version ${version}`;
  throw new UsageError(`${store.name}: is a sweep of steadyframe's ${other}, this is ${VERSION}; install the same one`);
}

/**
 * Waits until a store holds the work of a sweep.
 *
 * @throws UsageError when there was none for `idle` seconds; the signal's reason when it is aborted
 */
export async function waitForSweep(store: Store, { signal, idle = Infinity, onWait }: WorkerOptions): Promise<void> {
  const begun = performance.now();
  for (let told = false; ; told = true) {
    signal?.throwIfAborted();
    try {
      return await assertReachable(store);
    } catch (error) {
      if (performance.now() - begun >= 1000 * idle) throw error;
      if (!told) onWait?.((error as Error).message);
    }
    await sleep(store.interval, undefined, { signal }).catch(() => {});
  }
}

/**
 * Checks that a store holds the work of a sweep.
 *
 * @throws UsageError when nothing can be read there
 */
export async function assertReachable(store: Store): Promise<void> {
  try {
    if (await readState(store)) return;
    throw new FailureError('it is empty');
  } catch (error) {
    if (store.folder !== undefined && !existsSync(store.folder)) {
      throw new UsageError(`${store.name}: there is no such folder; name the folder of a sweep that offers work`);
    }
    const reason = error instanceof Error ? error.message : String(error);
    throw new UsageError(`${store.name}: no work is offered there (${reason}); start a sweep that offers it first`, {
      cause: error,
    });
  }
}
