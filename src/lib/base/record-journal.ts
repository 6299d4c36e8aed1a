// An append-only file of records of one size, with a second file of their checksums. A killed process leaves at most an
// incomplete last record, which is removed; a record that is damaged later is found by its checksum.
//
//   NAME      the records only
//   NAME.crc  bytes of a record, then for each record the CRC-32 of its number and its bytes (all uint32, little-endian)

import { existsSync } from 'node:fs';
import { type FileHandle, open, readFile, rm } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { writeError, writeFileAtomic } from './atomic-file.js';
import { FailureError } from './errors.js';
import { stopPoint } from './stop-point.js';

/** Records that survive the death of their process. */
export interface RecordJournal {
  /** Number of complete records in the file. */
  readonly count: number;
  append(record: Uint8Array): Promise<void>;
  /** Flushes appended records to the disk, so that they survive a crash of the machine too. */
  flush(): Promise<void>;
  /** Removes records from the end until `count` remain. */
  truncate(count: number): Promise<void>;
  /**
   * Reads a record.
   *
   * @throws FailureError when it is missing or damaged
   */
  read(index: number): Promise<Uint8Array>;
  /** All records in order, one at a time. */
  records(): AsyncGenerator<Uint8Array, void, undefined>;
  close(): Promise<void>;
}

/** Options of opening a journal. */
export interface JournalOptions {
  /** Removes existing records without reading them. */
  readonly fresh?: boolean;
  /** Called for a damaged record: it and all later ones are removed and computed again. */
  readonly onWarning?: ((message: string) => void) | undefined;
}

/** Bytes of one number in the checksum file. */
const NUMBER = 4;

/** Path of a journal's checksum file. */
export function checksumsPath(path: string): string {
  return `${path}.crc`;
}

/**
 * Opens or creates a journal. Records of versions without checksums are accepted and get checksums.
 *
 * @throws FailureError when the disk is full; records appended before stay
 */
export async function openJournal(
  path: string,
  recordBytes: number,
  { fresh = false, onWarning }: JournalOptions = {},
): Promise<RecordJournal> {
  const sums = checksumsPath(path);
  let handle: FileHandle;
  try {
    if (fresh) await Promise.all([path, sums].map((file) => rm(file, { force: true })));
    handle = await open(path, 'a+');
  } catch (error) {
    throw writeError(path, error);
  }
  let sumsHandle: FileHandle;
  let count: number;
  try {
    const stored = Math.floor((await handle.stat()).size / recordBytes);
    if (!existsSync(sums)) {
      const each: number[] = [recordBytes];
      for (let index = 0; index < stored; index++) {
        each.push(checksum(index, await readAt(path, handle, index, recordBytes)));
      }
      await writeFileAtomic(sums, numbers(each));
      count = stored;
    } else {
      const expected = await readChecksums(path);
      const known = expected.recordBytes === recordBytes ? Math.min(stored, expected.sums.length) : 0;
      for (count = 0; count < known; count++) {
        if (checksum(count, await readAt(path, handle, count, recordBytes)) !== expected.sums[count]) break;
      }
      if (count < known || expected.recordBytes !== recordBytes) {
        onWarning?.(`${path}: record ${count} is damaged (its checksum differs); it and those after it are made again`);
      }
      if (expected.recordBytes !== recordBytes) await writeFileAtomic(sums, numbers([recordBytes]));
    }
    sumsHandle = await open(sums, 'a+');
    await handle.truncate(count * recordBytes);
    await sumsHandle.truncate((1 + count) * NUMBER);
  } catch (error) {
    await handle.close();
    throw writeError(path, error);
  }
  const read = async (index: number): Promise<Uint8Array> => {
    const record = await readAt(path, handle, index, recordBytes);
    const expected = Buffer.alloc(NUMBER);
    await sumsHandle.read(expected, 0, NUMBER, (1 + index) * NUMBER);
    if (checksum(index, record) === expected.readUInt32LE()) return record;
    throw new FailureError(`${path}: record ${index} is damaged (its checksum differs); resume, and it is made again`);
  };
  return {
    get count() {
      return count;
    },
    async append(record) {
      try {
        await writeAll(handle, record);
        await writeAll(sumsHandle, numbers([checksum(count, record)]));
      } catch (error) {
        await handle.truncate(count * recordBytes).catch(() => {});
        await sumsHandle.truncate((1 + count) * NUMBER).catch(() => {});
        throw writeError(path, error);
      }
      count++;
      await stopPoint('appended', path, count);
    },
    async flush() {
      try {
        await handle.datasync();
        await sumsHandle.datasync();
      } catch (error) {
        throw writeError(path, error);
      }
    },
    async truncate(wanted) {
      if (wanted >= count) return;
      count = wanted;
      await handle.truncate(count * recordBytes);
      await sumsHandle.truncate((1 + count) * NUMBER);
    },
    read,
    async *records() {
      for (let index = 0; index < count; index++) yield await read(index);
    },
    async close() {
      await handle.close();
      await sumsHandle.close();
    },
  };
}

/**
 * Checks a journal.
 *
 * @returns the number of records, and the numbers of the damaged ones; undefined if it has no checksums
 */
export async function verifyJournal(path: string): Promise<{ count: number; damaged: number[] } | undefined> {
  if (!existsSync(checksumsPath(path))) return undefined;
  const { recordBytes, sums } = await readChecksums(path);
  if (recordBytes === 0) return { count: sums.length, damaged: [...sums.keys()] };
  const handle = await open(path, 'r');
  try {
    const count = Math.min(sums.length, Math.floor((await handle.stat()).size / recordBytes));
    const damaged: number[] = [];
    for (let index = 0; index < count; index++) {
      if (checksum(index, await readAt(path, handle, index, recordBytes)) !== sums[index]) damaged.push(index);
    }
    return { count, damaged };
  } finally {
    await handle.close();
  }
}

async function readChecksums(path: string): Promise<{ recordBytes: number; sums: number[] }> {
  const bytes = await readFile(checksumsPath(path));
  const [recordBytes = 0, ...sums] = Array.from({ length: Math.floor(bytes.length / NUMBER) }, (_, i) =>
    bytes.readUInt32LE(i * NUMBER),
  );
  return { recordBytes, sums };
}

/** Includes the record's number, so that exchanged records are found. */
function checksum(index: number, record: Uint8Array): number {
  return crc32(record, crc32(numbers([index])));
}

function numbers(values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * NUMBER);
  for (const [i, value] of values.entries()) bytes.writeUInt32LE(value, i * NUMBER);
  return bytes;
}

async function writeAll(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let written = 0; written < bytes.length; ) {
    written += (await handle.write(bytes, written, bytes.length - written)).bytesWritten;
  }
}

async function readAt(path: string, handle: FileHandle, index: number, recordBytes: number): Promise<Uint8Array> {
  const record = new Uint8Array(recordBytes);
  for (let filled = 0; filled < recordBytes; ) {
    const { bytesRead } = await handle.read(record, filled, recordBytes - filled, index * recordBytes + filled);
    if (bytesRead === 0) throw new FailureError(`${path}: record ${index} is gone; delete the folder and start again`);
    filled += bytesRead;
  }
  return record;
}
