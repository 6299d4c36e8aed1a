// Files that are complete or absent: written beside their final name, flushed to the disk, then renamed.

import { randomBytes } from 'node:crypto';
import { open, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { FailureError, UsageError } from './errors.js';
import { stopPoint } from './stop-point.js';

const PREFIX = '.partial-';

/**
 * A new temporary name in the same folder as `path`: hidden, with the same extension, by which programs such as ffmpeg
 * choose the format.
 */
export function temporaryName(path: string): string {
  return join(dirname(path), `${PREFIX}${randomBytes(4).toString('hex')}-${basename(path)}`);
}

/** Whether a file name is from `temporaryName`: left over from a killed process, or being written. */
export function isTemporaryName(path: string): boolean {
  return /^\.partial-[0-9a-f]{8}-/.test(basename(path));
}

/**
 * Deletes the incomplete files of killed processes in a folder, all or those of one name; only where no other process is
 * writing them.
 */
export async function removeLeftovers(folder: string, of?: string): Promise<void> {
  const names = (await readdir(folder).catch(() => [])).filter(isTemporaryName);
  const left = of === undefined ? names : names.filter((name) => name.replace(/^(\.partial-[0-9a-f]{8}-)+/, '') === of);
  await Promise.all(left.map((name) => rm(join(folder, name), { recursive: true, force: true })));
}

/**
 * Writes a file. Its final name never has a part of it, and an older file stays until the new one is complete.
 *
 * @param data a text (as UTF-8), bytes, or a stream of bytes
 * @throws FailureError when the disk is full or fails; UsageError when the folder is missing or not writable
 */
export async function writeFileAtomic(
  path: string,
  data: string | Uint8Array | AsyncIterable<Uint8Array>,
): Promise<void> {
  await replaceAtomically(path, (temporary) => writeFile(temporary, data, { flag: 'wx' }));
}

/**
 * Lets `write` produce a file under a temporary name in the same folder, flushes it to the disk and renames it to `path`.
 * When `write` throws, the temporary file is deleted and `path` is unchanged.
 *
 * @throws FailureError when the disk is full or fails; UsageError when the folder is missing or not writable
 */
export async function replaceAtomically<T>(path: string, write: (temporary: string) => Promise<T>): Promise<T> {
  const temporary = temporaryName(path);
  try {
    const result = await write(temporary);
    await stopPoint('writing', path);
    await flush(temporary);
    await rename(temporary, path);
    // The rename is stored in the folder; some file systems and Windows cannot flush folders.
    await flush(dirname(path)).catch(() => {});
    await stopPoint('written', path);
    return result;
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    throw writeError(path, error);
  }
}

async function flush(path: string): Promise<void> {
  const handle = await open(path, 'r+').catch(() => open(path, 'r'));
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** The sentence for codes about too many open files; undefined for other codes. */
export function fewDescriptors(code: string | undefined): string | undefined {
  if (code !== 'EMFILE' && code !== 'ENFILE') return undefined;
  const whose = code === 'EMFILE' ? 'this process may open no more files' : 'the system can open no more files';
  return `${whose} (${code}); raise the limit (ulimit -n 1024), or close other programs, and run again`;
}

/**
 * The error to show for one from writing `path`: a full disk, a missing folder and the like become a sentence with a remedy;
 * other errors, also those about other files, are unchanged.
 */
export function writeError(path: string, error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof UsageError || error instanceof FailureError) return error;
  const { code, path: culprit } = error as NodeJS.ErrnoException;
  const few = fewDescriptors(code);
  if (few !== undefined) return new FailureError(`${path}: ${few}`, { cause: error });
  if (culprit !== undefined && dirname(culprit) !== dirname(path) && !isAbove(culprit, path)) return error;
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT': {
      const full = code === 'ENOSPC' ? 'the disk is full' : 'the disk quota is used up';
      return new FailureError(
        `${path}: ${full} (${code}) and nothing half-written was left there; free some space and run again`,
        { cause: error },
      );
    }
    case 'ENOTDIR':
    case 'EEXIST':
      return new UsageError(
        `${path}: ${culprit ?? 'something above it'} is a file, expected a folder; choose another`,
        {
          cause: error,
        },
      );
    case 'ENAMETOOLONG':
      return new UsageError(`${path}: the name is too long for the file system (${code}); choose a shorter one`, {
        cause: error,
      });
    case 'ELOOP':
      return new UsageError(`${path}: its links lead in a circle (${code}); choose another folder`, { cause: error });
    case 'EXDEV':
      return new UsageError(
        `${path}: lies on another file system than its folder (${code}), so that it cannot be replaced in one step; choose a folder within one`,
        { cause: error },
      );
    case 'EFBIG':
      return new FailureError(
        `${path}: is larger than the file system or a limit (ulimit -f) allows (${code}) and nothing half-written was left there`,
        { cause: error },
      );
    case 'ENOENT':
      return new UsageError(`${path}: the folder ${dirname(path)} does not exist; create it or choose another`, {
        cause: error,
      });
    case 'EISDIR':
      return new UsageError(`${path}: is a folder, expected a file name`, { cause: error });
    case 'EROFS':
      return new UsageError(`${path}: the file system can only be read (${code}); choose another folder`, {
        cause: error,
      });
    case 'EACCES':
    case 'EPERM':
      return new UsageError(`${path}: no permission to write there (${code}); choose another folder`, { cause: error });
    case 'EIO':
      return new FailureError(`${path}: the disk reports an error (EIO) and nothing half-written was left there`, {
        cause: error,
      });
    default:
      return error;
  }
}

/** Codes with the same meaning for reading and writing. */
const OF_THE_SYSTEM = new Set(['ENOSPC', 'EDQUOT', 'EROFS', 'EIO', 'EFBIG', 'ENAMETOOLONG', 'ELOOP', 'EXDEV']);

/** The error to show for one of the system without a sentence of its own; other errors are unchanged. */
export function systemError(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof UsageError || error instanceof FailureError) return error;
  const { code = '', path = 'a file' } = error as NodeJS.ErrnoException;
  const few = fewDescriptors(code);
  if (few !== undefined) return new FailureError(few, { cause: error });
  if (OF_THE_SYSTEM.has(code)) return writeError(path, error);
  if (code !== 'EACCES' && code !== 'EPERM') return error;
  return new FailureError(`${path}: permission denied (${code}); check whose it is, or choose another`, {
    cause: error,
  });
}

/** Whether a folder is above a path, and so could not be created on the way to it. */
function isAbove(folder: string, path: string): boolean {
  return `${resolve(path)}${sep}`.startsWith(`${resolve(folder)}${sep}`);
}
