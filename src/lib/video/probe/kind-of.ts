// The kind of a file by its content, which determines its decoder: sharp or ffmpeg.

import { open } from 'node:fs/promises';
import { UsageError } from '../../base/errors.js';
import { isAnimatedPng } from './animated-png.js';

/** A picture, a WebP (still or animated), or a file for ffmpeg. */
export type FileKind = 'picture' | 'webp' | 'video';

/**
 * The kind of the file at `path`.
 *
 * @throws UsageError for a Git LFS pointer
 */
export async function kindOf(path: string): Promise<FileKind> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(64), 0, 64, 0);
    const head = buffer.toString('latin1', 0, bytesRead);
    if (head.startsWith('version https://git-lfs')) {
      throw new UsageError(`'${path}' is a Git LFS pointer, not the video itself; fetch it with 'git lfs pull'`);
    }
    if (head.startsWith('\x89PNG')) return isAnimatedPng(path) ? 'video' : 'picture';
    if (head.startsWith('\xff\xd8\xff')) return /\.mjpe?g$/i.test(path) ? 'video' : 'picture';
    if (head.startsWith('RIFF') && head.startsWith('WEBP', 8)) return 'webp';
    if (isBmp(buffer.subarray(0, bytesRead))) return 'picture';
    if (/^(II[*+]\0|MM\0[*+])/.test(head) || head.startsWith('ftypavif', 4)) return 'picture';
    return 'video';
  } finally {
    await file.close();
  }
}

/** Whether a file begins as a Windows bitmap: its signature, and a header of a known length. */
export function isBmp(head: Buffer): boolean {
  return head.length >= 26 && head.toString('latin1', 0, 2) === 'BM' && BMP_HEADERS.has(head.readUInt32LE(14));
}

const BMP_HEADERS = new Set([12, 16, 40, 52, 56, 64, 108, 124]);
