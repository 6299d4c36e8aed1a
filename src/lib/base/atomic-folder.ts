// A folder that appears under its name only when it is complete; for files see atomic-file.ts.

import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm, rmdir, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { temporaryName, writeError } from './atomic-file.js';
import { UsageError } from './errors.js';
import { stopPoint } from './stop-point.js';

/**
 * Creates a folder and its parents.
 *
 * @param asked the requested path, for errors; the folder itself by default
 * @throws UsageError when it cannot be written; FailureError when the disk is full
 */
export async function makeFolder(path: string, asked: string = path): Promise<void> {
  try {
    await mkdir(path, { recursive: true });
  } catch (error) {
    throw writeError(asked, await cause(path, error));
  }
}

/** On a read-only file system Node reports a missing folder; creating the requested folder alone gives the real error. */
async function cause(path: string, error: unknown): Promise<unknown> {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') return error;
  let missing = resolve(path);
  while (missing !== dirname(missing) && !existsSync(dirname(missing))) missing = dirname(missing);
  return mkdir(missing).then(
    () => error,
    (real) => real,
  );
}

/**
 * Checks that a new folder can be created at `path`: its parent exists, and `path` is absent or an empty folder.
 *
 * @throws UsageError when not
 */
export async function checkNewFolder(path: string): Promise<void> {
  const parent = dirname(resolve(path));
  const about = await stat(parent).catch(() => undefined);
  if (!about?.isDirectory()) {
    throw new UsageError(`'${path}' cannot be written: the folder '${parent}' does not exist; create it first`);
  }
  const inside = await readdir(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw new UsageError(`'${path}' cannot become a folder: ${error.message}`);
  });
  if (inside.length > 0) throw new UsageError(`the folder '${path}' is not empty; remove it or give another name`);
}

/**
 * Lets `write` fill a temporary folder beside `path` and renames it to `path`. When `write` throws, the temporary folder is
 * deleted.
 *
 * @throws UsageError when `path` exists and is not an empty folder
 * @throws FailureError when the disk is full or fails
 */
export async function createFolderAtomically<T>(path: string, write: (temporary: string) => Promise<T>): Promise<T> {
  await checkNewFolder(path);
  const final = resolve(path); // without a trailing slash
  const temporary = temporaryName(final);
  try {
    await mkdir(temporary);
    const result = await write(temporary);
    await stopPoint('writing', final);
    await rmdir(final).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    });
    await rename(temporary, final);
    await stopPoint('written', final);
    return result;
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    throw writeError(final, error);
  }
}
