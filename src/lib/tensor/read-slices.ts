// Reads byte ranges of files of any size and format.

import { type FileHandle, open, stat } from 'node:fs/promises';
import { UsageError } from '../base/errors.js';

/**
 * Opens a file for reading.
 *
 * @throws UsageError when it cannot be opened
 */
export async function openForReading(path: string): Promise<FileHandle> {
  let handle: FileHandle;
  try {
    // Opening a pipe would block.
    const about = await stat(path);
    if (!about.isFile() && !about.isDirectory()) throw notAFile(path);
    handle = await open(path, 'r');
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR') throw new UsageError(`${path}: there is no such file; check the path`);
    throw new UsageError(`${path}: cannot be opened for reading (${code}); check its permissions`);
  }
  if ((await handle.stat()).isDirectory()) {
    await handle.close();
    throw new UsageError(`${path}: this is a folder, a .safetensors file was expected; name the file in it`);
  }
  return handle;
}

/**
 * Fills `bytes` from the file's `position`, in slices: one read call is limited to 2 GiB.
 *
 * @throws UsageError when the file ends before
 */
export async function readExactly(
  handle: FileHandle,
  bytes: Uint8Array,
  position: number,
  path: string,
): Promise<void> {
  const slice = 1 << 26;
  for (let done = 0; done < bytes.length; ) {
    const { bytesRead } = await handle.read(bytes.subarray(done, done + slice), { position: position + done });
    if (bytesRead === 0) throw damagedFile(path, `it ends at byte ${position + done}, before its last tensor`);
    done += bytesRead;
  }
}

/** The error for a truncated or damaged file. */
export function damagedFile(path: string, how: string): UsageError {
  const told = how.length > 300 ? `${how.slice(0, 300)}...` : how;
  return new UsageError(`${path}: the file is truncated or damaged (${told}); download or copy it again`);
}

function notAFile(path: string): UsageError {
  return new UsageError(`${path}: this is a pipe or a device, a .safetensors file was expected; name a file`);
}
