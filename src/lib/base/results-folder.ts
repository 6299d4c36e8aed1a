// The check of a results folder: it must not contain files of others.

import { readdir } from 'node:fs/promises';
import { writeError } from './atomic-file.js';
import { UsageError } from './errors.js';

/**
 * The names in a folder; none if it does not exist.
 *
 * @throws UsageError when it is a file; FailureError when it cannot be read
 */
export async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return [];
    if (code === 'ENOTDIR') throw new UsageError(`${folder}: is a file; name a folder to write results into`);
    throw writeError(folder, error);
  }
}

/**
 * Refuses a folder with files of others. Hidden files are ignored.
 *
 * @param names the result of `namesIn`
 * @param own names of files that belong to the results
 * @throws UsageError naming the first files of others
 */
export function refuseOtherFiles(folder: string, names: readonly string[], own: readonly string[] = []): void {
  const others = names.filter((name) => !name.startsWith('.') && !own.includes(name));
  if (others.length === 0) return;
  throw new UsageError(
    `${folder}: holds other files (${others.slice(0, 3).join(', ')}); choose an empty or new folder`,
  );
}
