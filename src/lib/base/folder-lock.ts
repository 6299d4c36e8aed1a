// Prevents two processes from writing into one folder. The lock of a dead process does not count. lock-file.ts has the
// exclusion itself.

import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { writeError } from './atomic-file.js';
import { UsageError } from './errors.js';
import { isHeld, type LockHolder, takeLock } from './lock-file.js';

/** Releases a lock. */
export type Unlock = () => Promise<void>;

/** The name of the lock in its folder. */
export const LOCK = 'lock';

const held = new Set<string>();

/**
 * Takes the lock of an existing folder.
 *
 * @param name the folder's name in the error
 * @throws UsageError when another process or this one holds it, or the folder is not writable; FailureError when the disk is
 *   full
 */
export async function lockFolder(folder: string, name: string = folder): Promise<Unlock> {
  const taken = await tryLock(folder);
  if (typeof taken === 'function') return taken;
  throw refusal(folder, name, taken);
}

/**
 * Takes a lock that a worker of a killed sweep may still hold for a moment, and waits for that only.
 *
 * @throws UsageError when it is still held after `patience` milliseconds; the signal's reason; other errors of `lockFolder`
 */
export async function waitForLock(
  folder: string,
  name: string,
  { signal, patience = 30_000 }: { signal?: AbortSignal | undefined; patience?: number } = {},
): Promise<Unlock> {
  const end = performance.now() + patience;
  for (;;) {
    signal?.throwIfAborted();
    const taken = await tryLock(folder);
    if (typeof taken === 'function') return taken;
    if (performance.now() > end) throw refusal(folder, name, taken);
    await sleep(200, undefined, { signal }).catch(() => {}); // the signal's reason is thrown above
  }
}

/** The lock, or its holder: `this` process or another. */
async function tryLock(folder: string): Promise<Unlock | LockHolder | 'this'> {
  const path = join(resolve(folder), LOCK);
  if (held.has(path)) return 'this';
  held.add(path);
  try {
    const taken = await takeLock(path);
    if (isHeld(taken)) {
      return async () => {
        await taken.release();
        held.delete(path);
      };
    }
    held.delete(path);
    return taken;
  } catch (error) {
    held.delete(path);
    throw writeError(path, error);
  }
}

function refusal(folder: string, name: string, holder: LockHolder | 'this'): UsageError {
  if (holder === 'this') {
    return new UsageError(`${name}: this process is writing into it already; wait, or choose another`);
  }
  const { pid, host } = holder.process;
  const path = join(resolve(folder), LOCK);
  return new UsageError(
    `${name}: process ${pid} on ${host} is writing into it; wait for it, or choose another folder (if there is no such process, delete ${path})`,
  );
}
