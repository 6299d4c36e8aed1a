// Reads files that others may have written: only regular ones, up to a size. Reading a pipe, a device or a socket under a
// file's name could wait for ever; opening one must not hang.

import { closeSync, constants, fstatSync, openSync, readFileSync, statSync } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { FailureError } from './errors.js';
import { formatBytes } from './format-bytes.js';

/**
 * With this flag, opening a pipe without a writer returns at once; Windows has neither the flag nor such pipes in folders.
 */
const READ = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

interface Kinds {
  isFile(): boolean;
  isDirectory(): boolean;
  isFIFO(): boolean;
  isSocket(): boolean;
}

/** The kind of thing at a path where a file was expected, in words; undefined for a file. */
export function notAFile(about: Kinds): string | undefined {
  if (about.isFile()) return undefined;
  if (about.isDirectory()) return 'is a folder, expected a file';
  return `is a ${about.isFIFO() ? 'pipe' : about.isSocket() ? 'socket' : 'device'}, expected a file`;
}

/**
 * Opens a regular file for reading without waiting.
 *
 * @throws FailureError when it is no regular file or cannot be opened; the system's own error, ENOENT or ENOTDIR, when it is
 *   missing
 */
export async function openRegular(path: string): Promise<FileHandle> {
  let handle: FileHandle | undefined;
  try {
    // Checked before it is opened, since opening some devices has effects; and after, since it may have been replaced.
    assertFile(path, await stat(path));
    handle = await open(path, READ);
    assertFile(path, await handle.stat());
    return handle;
  } catch (error) {
    await handle?.close();
    throw readError(path, error);
  }
}

/**
 * The bytes of a small regular file.
 *
 * @param most its largest number of bytes
 * @throws as `openRegular`, and FailureError for a larger one
 */
export function readRegularSync(path: string, most: number): Buffer {
  const fd = openRegularSync(path);
  try {
    assertSize(path, fstatSync(fd).size, most);
    return readFileSync(fd);
  } catch (error) {
    throw readError(path, error);
  } finally {
    closeSync(fd);
  }
}

/** Synchronous `openRegular`; returns the descriptor, which the caller closes. */
export function openRegularSync(path: string): number {
  let fd: number | undefined;
  try {
    assertFile(path, statSync(path));
    fd = openSync(path, READ);
    assertFile(path, fstatSync(fd));
    return fd;
  } catch (error) {
    if (fd !== undefined) closeSync(fd);
    throw readError(path, error);
  }
}

/**
 * Checks the size of a file before it is read.
 *
 * @throws FailureError when it is larger
 */
export function assertSize(path: string, size: number, most: number): void {
  if (size > most) {
    throw new FailureError(`${path}: has ${formatBytes(size)}, expected at most ${formatBytes(most)}; it is not read`);
  }
}

function assertFile(path: string, about: Kinds): void {
  const problem = notAFile(about);
  if (problem !== undefined) throw new FailureError(`${path}: ${problem}`);
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'may not be read by this user',
  EPERM: 'may not be read by this user',
  ELOOP: 'is a link that leads in a circle',
  EISDIR: 'is a folder, expected a file',
  ENXIO: 'is no file that could be read',
  ENAMETOOLONG: 'has a name that is too long',
  EIO: 'cannot be read: the disk reports an error',
  EMFILE: 'cannot be opened: too many files are open; allow more with ulimit -n',
  ENFILE: 'cannot be opened: too many files are open on this machine',
};

/**
 * The error to show for one from reading `path`: the system's code as a sentence. A missing file (ENOENT, ENOTDIR) keeps the
 * system's error, since it is often expected.
 */
export function readError(path: string, error: unknown): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (!(error instanceof Error) || code === undefined || code === 'ENOENT' || code === 'ENOTDIR') return error;
  return new FailureError(`${path}: ${REASONS[code] ?? 'cannot be read'} (${code})`, { cause: error });
}
