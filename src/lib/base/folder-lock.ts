// Keeps two processes from writing into one folder. A lock whose process is gone does not count.

import { open, readFile, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { writeError } from './atomic-file.js';
import { UsageError } from './errors.js';

/** Releases a lock. */
export type Unlock = () => Promise<void>;

const held = new Set<string>();

/**
 * Takes the lock of a folder that exists; `name` is what the error calls it.
 *
 * @throws UsageError when another process, or this one, holds it
 */
export async function lockFolder(folder: string, name: string = folder): Promise<Unlock> {
  const path = join(resolve(folder), 'lock');
  if (held.has(path)) throw new UsageError(`${name}: this process is writing into it already; wait, or choose another`);
  held.add(path);
  try {
    await take(path, name);
  } catch (error) {
    held.delete(path);
    throw error;
  }
  return async () => {
    await rm(path, { force: true });
    held.delete(path);
  };
}

async function take(path: string, name: string): Promise<void> {
  for (;;) {
    try {
      const handle = await open(path, 'wx');
      await handle.writeFile(JSON.stringify({ pid: process.pid, host: hostname() })).finally(() => handle.close());
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw writeError(path, error);
    }
    const owner = await ownerOf(path);
    if (owner !== null) {
      throw new UsageError(
        `${name}: process ${owner.pid} on ${owner.host} is writing into it; wait for it, or choose another folder (if there is no such process, delete ${path})`,
      );
    }
    await rm(path, { force: true });
  }
}

/** Who holds a lock; null when that process is gone. A lock of another machine counts. */
async function ownerOf(path: string): Promise<{ pid: number; host: string } | null> {
  try {
    const { pid, host } = JSON.parse(await readFile(path, 'utf8'));
    if (host !== hostname()) return { pid, host };
    // A process number that came round again, as in a restarted container.
    if (pid === process.pid) return null;
    process.kill(pid, 0);
    return { pid, host };
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM' ? { pid: 0, host: hostname() } : null;
  }
}
