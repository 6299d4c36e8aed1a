// Animated WebP, frame by frame: sharp encodes each picture and this file writes the container, so that memory does not grow
// with the length. Container: https://developers.google.com/speed/webp/docs/riff_container

import { open } from 'node:fs/promises';
import { FailureError, UsageError } from '../../base/errors.js';
import type { Frame } from '../../tensor/frame.js';
import { asImage } from '../as-image.js';
import { xmpWithText } from '../metadata/embed.js';
import { mapInOrder } from '../read/in-order.js';
import { PICTURES_AT_ONCE } from '../read/pictures.js';
import { appearance, type EncodeOptions } from './encode.js';

/** Options of `writeAnimatedWebp`. */
export interface WebpOptions extends Pick<EncodeOptions, 'frameRate' | 'timing' | 'comment'> {
  /** The final name, for errors. */
  readonly name: string;
  readonly quality?: number | 'lossless';
}

const LONGEST_SIDE = 16_383;
const ANIMATION_FLAG = 0x02;
const XMP_FLAG = 0x04;
const NO_BLENDING = 0x02;

/** Writes the file `path`, looping infinitely; delays are whole milliseconds that keep the rate on average. */
export async function writeAnimatedWebp(
  path: string,
  frames: AsyncIterable<Frame>,
  options: WebpOptions,
): Promise<{ frames: number }> {
  const { quality = 90, comment, name } = options;
  const settings = quality === 'lossless' ? { lossless: true } : { quality, smartSubsample: true };
  const encoded = mapInOrder(frames, PICTURES_AT_ONCE, async (frame) => {
    const { width, height } = frame;
    if (Math.max(width, height) > LONGEST_SIDE) {
      throw new UsageError(
        `a WebP is at most ${LONGEST_SIDE} pixels wide and high, not ${width}x${height}; write an .mp4`,
      );
    }
    return { width, height, picture: pictureChunks(await asImage(frame).webp(settings).toBuffer()) };
  });
  const file = await open(path, 'wx');
  try {
    let count = 0;
    let size = 0;
    const append = async (bytes: Uint8Array) => {
      if (size + bytes.length > 0xffff_fff0) {
        throw new FailureError(
          `writing '${name}': a WebP holds at most 4 GiB, full after ${count} frames; write an .mp4`,
        );
      }
      await file.writeFile(bytes);
      size += bytes.length;
    };
    for await (const { width, height, picture } of encoded) {
      if (count === 0) await append(fileHeader(width, height, comment !== undefined));
      const delay = milliseconds(count + 1, options) - milliseconds(count, options);
      await append(chunk('ANMF', frameHeader(width, height, delay), picture));
      count++;
    }
    if (comment !== undefined && count > 0) await append(chunk('XMP ', Buffer.from(xmpWithText(comment))));
    const riffSize = Buffer.alloc(4);
    riffSize.writeUInt32LE(size - 8);
    await file.write(riffSize, 0, 4, 4);
    return { frames: count };
  } finally {
    await file.close();
  }
}

function milliseconds(index: number, options: WebpOptions): number {
  return Math.round(1000 * appearance(index, options));
}

/** A chunk: its name, its length, its bytes, and a zero if the length is odd. */
function chunk(name: string, ...parts: Uint8Array[]): Buffer {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const head = Buffer.alloc(8);
  head.write(name, 'latin1');
  head.writeUInt32LE(length, 4);
  return Buffer.concat([head, ...parts, Buffer.alloc(length % 2)]);
}

/** `RIFF`, whose length is filled in last, and the chunks for an infinite animation of this size on white. */
function fileHeader(width: number, height: number, hasXmp: boolean): Buffer {
  const canvas = Buffer.alloc(10);
  canvas.writeUInt8(ANIMATION_FLAG | (hasXmp ? XMP_FLAG : 0));
  canvas.writeUIntLE(width - 1, 4, 3);
  canvas.writeUIntLE(height - 1, 7, 3);
  const animation = Buffer.from([255, 255, 255, 255, 0, 0]);
  return Buffer.concat([Buffer.from('RIFF\0\0\0\0WEBP', 'latin1'), chunk('VP8X', canvas), chunk('ANIM', animation)]);
}

function frameHeader(width: number, height: number, delay: number): Buffer {
  const header = Buffer.alloc(16); // offset 0, 0
  header.writeUIntLE(width - 1, 6, 3);
  header.writeUIntLE(height - 1, 9, 3);
  header.writeUIntLE(delay, 12, 3);
  header.writeUInt8(NO_BLENDING, 15);
  return header;
}

/** The picture in a still WebP: its whole `VP8 ` or `VP8L` chunk. */
function pictureChunks(still: Buffer): Buffer {
  for (let at = 12; at + 8 <= still.length; ) {
    const end = at + 8 + still.readUInt32LE(at + 4);
    if (/^VP8[ L]$/.test(still.toString('latin1', at, at + 4))) return still.subarray(at, end + (end % 2));
    at = end + (end % 2);
  }
  throw new FailureError('a frame encoded as WebP holds no picture; another version of sharp may help');
}
