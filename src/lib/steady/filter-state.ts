// The result of the temporal filter for one frame, in a file: what the filter of the next frame continues from.

import { readFile } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { writeFileAtomic } from '../base/atomic-file.js';
import type { FilterResult } from '../consistency/filter.js';

/** Bytes of the frame's number and of the checksum, both uint32, little-endian, before the values. */
const HEAD = 8;

/** Writes a result; an earlier one stays until it is complete. */
export async function saveFilterResult(path: string, { index, result }: FilterResult): Promise<void> {
  const bytes = Buffer.alloc(HEAD + result.byteLength);
  bytes.writeUInt32LE(index, 0);
  Buffer.from(result.buffer, result.byteOffset, result.byteLength).copy(bytes, HEAD);
  bytes.writeUInt32LE(checksum(bytes), 4);
  await writeFileAtomic(path, bytes);
}

/** Reads a result of `size` values; undefined if there is none, 'damaged' if it is not what was written. */
export async function loadFilterResult(path: string, size: number): Promise<FilterResult | undefined | 'damaged'> {
  const bytes = await readFile(path).catch(() => undefined);
  if (!bytes) return undefined;
  if (bytes.length !== HEAD + 4 * size || bytes.readUInt32LE(4) !== checksum(bytes)) return 'damaged';
  return { index: bytes.readUInt32LE(0), result: new Float32Array(Uint8Array.from(bytes.subarray(HEAD)).buffer) };
}

/** CRC-32 of the number and the values. */
function checksum(bytes: Buffer): number {
  return crc32(bytes.subarray(HEAD), crc32(bytes.subarray(0, 4)));
}
