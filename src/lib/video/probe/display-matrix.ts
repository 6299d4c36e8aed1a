// Rotation and mirroring of the pictures of a mov or mp4 file. ffmpeg prints only the angle, and builds before 2022 rotate
// mirrored pictures wrongly, so the matrix is read from the file itself (ISO/IEC 14496-12, 8.3.2).

import { type FileHandle, open } from 'node:fs/promises';

/** The filters, in order, that bring stored pictures upright, and whether they swap width and height. */
export interface Orientation {
  readonly filters: readonly string[];
  readonly isSideways: boolean;
}

const MOVIE_LIMIT = 1 << 26; // bytes

/** The orientation of track `track` (counted from 0); undefined if it is not a multiple of quarter turns. */
export async function readOrientation(path: string, track: number): Promise<Orientation | undefined> {
  const file = await open(path);
  try {
    const movie = await readMovie(file);
    const header = movie && boxesIn(movie, 'trak').map((trak) => boxesIn(trak, 'tkhd')[0])[track];
    // Version 1 has longer times before it.
    const offset = header?.[0] === 1 ? 52 : 40;
    if (!header || header.length < offset + 36) return undefined;
    const at = (i: number) => header.readInt32BE(offset + 4 * i) / 65536;
    return orientationOf(at(0), at(1), at(3), at(4));
  } finally {
    await file.close();
  }
}

/** The filters of the matrix (a b / c d): the pixel at (x, y) is shown at (a x + c y, b x + d y), y downwards. */
export function orientationOf(a: number, b: number, c: number, d: number): Orientation | undefined {
  const isUnit = (value: number) => Math.abs(Math.abs(value) - 1) < 0.01;
  const isZero = (value: number) => Math.abs(value) < 0.01;
  if (isUnit(a) && isUnit(d) && isZero(b) && isZero(c)) {
    return { filters: [...(a < 0 ? ['hflip'] : []), ...(d < 0 ? ['vflip'] : [])], isSideways: false };
  }
  if (!(isUnit(b) && isUnit(c) && isZero(a) && isZero(d))) return undefined;
  const turn = b > 0 ? (c < 0 ? 'clock' : 'cclock_flip') : c > 0 ? 'cclock' : 'clock_flip';
  return { filters: [`transpose=${turn}`], isSideways: true };
}

/** The content of the file's `moov` box. */
async function readMovie(file: FileHandle): Promise<Buffer | undefined> {
  const { size: end } = await file.stat();
  const header = Buffer.alloc(16);
  for (let position = 0; position + 8 <= end; ) {
    const { bytesRead } = await file.read(header, 0, 16, position);
    const { length, start } = boxAt(header.subarray(0, bytesRead), end - position);
    if (length < start) return undefined;
    if (header.toString('latin1', 4, 8) === 'moov') {
      const movie = Buffer.alloc(Math.min(length, end - position, MOVIE_LIMIT) - start);
      await file.read(movie, 0, movie.length, position + start);
      return movie;
    }
    position += length;
  }
  return undefined;
}

/** Contents of the boxes of this kind that lie directly in another. */
function boxesIn(outer: Buffer, kind: string): Buffer[] {
  const found: Buffer[] = [];
  for (let position = 0; position + 8 <= outer.length; ) {
    const { length, start } = boxAt(outer.subarray(position), outer.length - position);
    if (length < start) break;
    if (outer.toString('latin1', position + 4, position + 8) === kind) {
      found.push(outer.subarray(position + start, position + length));
    }
    position += length;
  }
  return found;
}

/** Length of the box that begins here, and of its header. 0 extends to the end; 1 means a 64-bit length. */
function boxAt(head: Buffer, rest: number): { length: number; start: number } {
  const length = head.readUInt32BE(0);
  if (length === 0) return { length: rest, start: 8 };
  if (length !== 1) return { length, start: 8 };
  return { length: head.length < 16 ? 0 : Number(head.readBigUInt64BE(8)), start: 16 };
}
