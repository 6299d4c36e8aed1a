// Reads files of one JSON value per line from an offset, while another process may be appending to them.

import { assertSize, openRegular } from '../../base/regular-file.js';

/** The result of reading. */
export interface JsonLines {
  readonly values: unknown[];
  /** The byte after the last complete line, from which to continue. */
  readonly next: number;
  /** Number of complete lines that are no JSON, for example after a power failure. */
  readonly damaged: number;
}

const CHUNK = 1 << 22;
/** Most bytes of a file, and of its longest line. */
const MOST_BYTES = 1 << 30;
const LONGEST_LINE = 1 << 24;

/**
 * The values of all whole lines from a byte on, which must be the beginning of a line; nothing where there is no such file.
 * A last line without its end is still being written, or its writer was killed: it does not count.
 *
 * @param most reads at most about this many bytes, and at least a line
 * @throws FailureError where something else lies there, or it cannot be read
 */
export async function readJsonLines(path: string, from: number = 0, most: number = Infinity): Promise<JsonLines> {
  const handle = await openRegular(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw error;
  });
  const values: unknown[] = [];
  let damaged = 0;
  let next = from;
  if (handle === undefined) return { values, next, damaged };
  try {
    const { size } = await handle.stat();
    assertSize(path, size, MOST_BYTES);
    // For a line that is too long only its number of bytes is kept.
    let skipped = 0;
    let rest: Buffer = Buffer.alloc(0);
    for (let position = from; position < size && next - from < most; ) {
      const chunk = Buffer.alloc(Math.min(CHUNK, size - position, Math.max(1 << 16, most)));
      const { bytesRead } = await handle.read(chunk, 0, chunk.length, position);
      if (bytesRead === 0) break;
      position += bytesRead;
      const bytes =
        rest.length > 0 ? Buffer.concat([rest, chunk.subarray(0, bytesRead)]) : chunk.subarray(0, bytesRead);
      const end = bytes.lastIndexOf(10) + 1;
      rest = bytes.subarray(end);
      if (end > 0) {
        const start = skipped > 0 ? bytes.indexOf(10) + 1 : 0;
        if (skipped > 0) damaged++;
        if (start < end) damaged += parseLines(bytes.toString('utf8', start, end - 1), values);
        next += skipped + end;
        skipped = 0;
      }
      if (rest.length > LONGEST_LINE) {
        skipped += rest.length;
        rest = Buffer.alloc(0);
      }
    }
  } finally {
    await handle.close();
  }
  return { values, next, damaged };
}

/** Adds the values of lines; returns how many were no JSON. */
function parseLines(text: string, values: unknown[]): number {
  let damaged = 0;
  for (const line of text.split('\n')) {
    try {
      values.push(JSON.parse(line));
    } catch {
      damaged++;
    }
  }
  return damaged;
}
