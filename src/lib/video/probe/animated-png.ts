// Detects animated PNG files.

import { closeSync, openSync, readSync } from 'node:fs';

/**
 * Whether the file at `path` is an animated PNG: it has an `acTL` chunk before the first picture data, after text of any
 * length (PNG, third edition, 11.3.6).
 */
export function isAnimatedPng(path: string): boolean {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch {
    return false; // the next function that opens it throws the reason
  }
  try {
    const header = Buffer.alloc(8);
    const read = (position: number) => readSync(file, header, 0, 8, position) === 8;
    if (!read(0) || header.toString('latin1') !== '\x89PNG\r\n\x1a\n') return false;
    for (let position = 8; read(position); ) {
      const kind = header.toString('latin1', 4, 8);
      if (kind === 'acTL') return true;
      if (kind === 'IDAT' || kind === 'IEND') return false;
      position += 12 + header.readUInt32BE(0); // the content and its length, kind and checksum
    }
    return false;
  } catch {
    return false;
  } finally {
    closeSync(file);
  }
}
