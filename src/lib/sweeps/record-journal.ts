// An append-only file of records of one size. A process that is killed leaves at most a torn last record, which is cut off again.

import { type FileHandle, open } from 'node:fs/promises';
import { writeError } from '../base/atomic-file.js';
import { FailureError } from '../base/errors.js';

/** Records that survive the death of their process. */
export interface RecordJournal {
  /** Whole records in the file. */
  readonly count: number;
  append(record: Uint8Array): Promise<void>;
  /** Brings what was appended to the disk, so that it survives the machine's death too. */
  flush(): Promise<void>;
  /** Drops records from the end until `count` are left. */
  truncate(count: number): Promise<void>;
  read(index: number): Promise<Uint8Array>;
  /** All records from the first on, one at a time. */
  records(): AsyncGenerator<Uint8Array, void, undefined>;
  close(): Promise<void>;
}

/**
 * Opens or creates a journal.
 *
 * @throws FailureError when the disk is full; what was appended before stays
 */
export async function openJournal(path: string, recordBytes: number): Promise<RecordJournal> {
  let handle: FileHandle;
  try {
    handle = await open(path, 'a+');
  } catch (error) {
    throw writeError(path, error);
  }
  let count = Math.floor((await handle.stat()).size / recordBytes);
  await handle.truncate(count * recordBytes);
  const read = async (index: number): Promise<Uint8Array> => {
    const record = new Uint8Array(recordBytes);
    for (let filled = 0; filled < recordBytes; ) {
      const { bytesRead } = await handle.read(record, filled, recordBytes - filled, index * recordBytes + filled);
      if (bytesRead === 0) {
        throw new FailureError(`${path}: record ${index} is gone; delete the folder and start again`);
      }
      filled += bytesRead;
    }
    return record;
  };
  return {
    get count() {
      return count;
    },
    async append(record) {
      try {
        for (let written = 0; written < recordBytes; ) {
          written += (await handle.write(record, written, recordBytes - written)).bytesWritten;
        }
      } catch (error) {
        await handle.truncate(count * recordBytes).catch(() => {});
        throw writeError(path, error);
      }
      count++;
    },
    async flush() {
      await handle.datasync().catch((error) => {
        throw writeError(path, error);
      });
    },
    async truncate(wanted) {
      if (wanted >= count) return;
      count = wanted;
      await handle.truncate(count * recordBytes);
    },
    read,
    async *records() {
      for (let index = 0; index < count; index++) yield await read(index);
    },
    close: () => handle.close(),
  };
}
