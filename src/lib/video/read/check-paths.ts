// Checks of given paths before work begins.

import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { UsageError } from '../../base/errors.js';

/**
 * Checks that `path` is a readable file.
 *
 * @throws UsageError when it is missing, empty, a folder, a pipe or a device, or when reading is not permitted
 */
export async function checkReadable(path: string): Promise<void> {
  const about = await stat(path).catch((error: NodeJS.ErrnoException) => {
    const missing = error.code === 'ENOENT' || error.code === 'ENOTDIR';
    throw new UsageError(missing ? `there is no file '${path}'` : `'${path}' cannot be opened: ${error.message}`);
  });
  if (about.isDirectory()) throw new UsageError(`'${path}' is a folder; give a file`);
  if (!about.isFile()) {
    throw new UsageError(`'${path}' is not a regular file; pipes and devices cannot be read twice, save it first`);
  }
  if (about.size === 0) throw new UsageError(`'${path}' is empty; give a file that holds pictures`);
  await access(path, constants.R_OK).catch((error: Error) => {
    throw new UsageError(`'${path}' cannot be read: ${error.message}`);
  });
}

/**
 * Checks that a file can be created at `path`: its folder exists and `path` is not a folder.
 *
 * @throws UsageError otherwise
 */
export async function checkWritable(path: string): Promise<void> {
  const folder = dirname(resolve(path));
  const about = await stat(folder).catch(() => undefined);
  if (!about?.isDirectory()) {
    throw new UsageError(`'${path}' cannot be written: the folder '${folder}' does not exist; create it first`);
  }
  const there = await stat(path).catch(() => undefined);
  if (there?.isDirectory()) throw new UsageError(`'${path}' is a folder; give the name of a file`);
}
