// An append-only text file of lines. Appending only buffers; writing happens in the background at known offsets of the file.
// A piece that was being written when the process ended is written again to the same bytes, never twice.

import { closeSync, fdatasync, fstatSync, ftruncateSync, openSync, readSync, write, writeSync } from 'node:fs';
import { writeError } from '../../base/atomic-file.js';

/** An open log. */
export interface LineLog {
  /** Buffers a line, given without its line break; it reaches the file within a tenth of a second. */
  append(line: string): void;
  /**
   * Resolves when all lines appended so far are in the file.
   *
   * @throws FailureError when the disk is full or fails; the lines are kept and written again later
   */
  flush(): Promise<void>;
  /** Writes the buffered lines, blocking: for the end of a process. */
  flushSync(): void;
  /** Flushes to the disk and closes. */
  close(): Promise<void>;
}

/** Lines are written at this age (ms), or at this number of characters. */
const DELAY = 100;
const FULL = 1 << 16;
/** Milliseconds between attempts after the disk failed. */
const RETRY = 1000;

/** Opens or creates a log; an incomplete last line of a killed process is removed. */
export function openLineLog(path: string): LineLog {
  let fd: number;
  try {
    closeSync(openSync(path, 'a'));
    fd = openSync(path, 'r+');
  } catch (error) {
    throw writeError(path, error);
  }
  let offset = endOfLastLine(fd);
  ftruncateSync(fd, offset);
  let lines: string[] = [];
  let characters = 0;
  let piece: Buffer | undefined; // taken from `lines`, not yet known to be in the file
  let writing: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;
  let open = true;

  const take = (): void => {
    if (piece !== undefined || lines.length === 0) return;
    piece = Buffer.from(`${lines.join('\n')}\n`);
    lines = [];
    characters = 0;
  };
  const schedule = (delay: number): void => {
    timer ??= setTimeout(() => {
      timer = undefined;
      drain().catch(() => schedule(RETRY)); // flush and close tell
    }, delay).unref();
  };
  const drain = (): Promise<void> => {
    writing ??= (async () => {
      for (take(); piece !== undefined; take()) {
        await writeAll(fd, piece, offset);
        offset += piece.length;
        piece = undefined;
      }
    })().finally(() => {
      writing = undefined;
    });
    return writing;
  };
  const flush = async (): Promise<void> => {
    try {
      // A second pass for lines appended near the end of the first.
      while (piece !== undefined || lines.length > 0 || writing) await drain();
    } catch (error) {
      throw writeError(path, error);
    }
  };
  return {
    append(line) {
      lines.push(line);
      characters += line.length;
      if (characters < FULL) schedule(DELAY);
      else if (!writing) drain().catch(() => schedule(RETRY));
    },
    flush,
    flushSync() {
      while (open) {
        take();
        if (piece === undefined) return;
        for (let done = 0; done < piece.length; )
          done += writeSync(fd, piece, done, piece.length - done, offset + done);
        offset += piece.length;
        piece = undefined;
      }
    },
    async close() {
      await flush();
      clearTimeout(timer);
      open = false;
      await new Promise<void>((resolve) => fdatasync(fd, () => resolve()));
      closeSync(fd);
    },
  };
}

function writeAll(fd: number, bytes: Buffer, position: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const step = (done: number): void =>
      write(fd, bytes, done, bytes.length - done, position + done, (error, written) => {
        if (error) reject(error);
        else if (done + written < bytes.length) step(done + written);
        else resolve();
      });
    step(0);
  });
}

/** Offset of the end of the last complete line of a file. */
function endOfLastLine(fd: number): number {
  const chunk = Buffer.alloc(1 << 16);
  for (let end = fstatSync(fd).size; end > 0; ) {
    const start = Math.max(0, end - chunk.length);
    const length = readSync(fd, chunk, 0, end - start, start);
    const newline = chunk.subarray(0, length).lastIndexOf(10);
    if (newline >= 0) return start + newline + 1;
    end = start;
  }
  return 0;
}
