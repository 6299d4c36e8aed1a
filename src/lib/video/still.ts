// Single pictures: PNG, JPEG, WebP, TIFF, AVIF and BMP as frames, and frames as such files.

import { extname } from 'node:path';
import sharp, { type Sharp } from 'sharp';
import { writeFileAtomic } from '../base/atomic-file.js';
import { FailureError, UsageError } from '../base/errors.js';
import type { Frame } from '../tensor/frame.js';
import { asImage } from './as-image.js';
import { DEFAULT_MAX_PIXELS } from './ffmpeg/ffmpeg.js';
import type { Region } from './geometry.js';
import { pngWithText, xmpWithText } from './metadata/embed.js';
import { bitmapSize, decodeBitmap } from './read/bitmap.js';
import { checkReadable, checkWritable } from './read/check-paths.js';

// sharp caches files by name and would return the former content of a replaced file.
sharp.cache(false);

/**
 * Options of decoding a picture.
 *
 * @inline
 */
export interface PictureOptions {
  /** Maximum number of pixels of a picture; 8192 x 8192 by default. */
  readonly maxPixels?: number;
}

/**
 * Reads one picture as a frame: upright (EXIF orientation), sRGB, transparency on white.
 *
 * @throws UsageError when the file does not exist or is not a picture
 */
export async function readPicture(path: string, options: PictureOptions = {}): Promise<Frame> {
  await pictureSize(path, options.maxPixels);
  return decodePicture(path, options.maxPixels);
}

/**
 * Size of the picture at `path`, upright. Reads only its header.
 *
 * @throws UsageError when the file does not exist, is not a picture, or has more than `maxPixels`
 */
export async function pictureSize(
  path: string,
  maxPixels: number = DEFAULT_MAX_PIXELS,
): Promise<{ width: number; height: number }> {
  await checkReadable(path);
  const bitmap = await bitmapSize(path);
  if (bitmap) return checkPixels(path, bitmap, maxPixels);
  const about = await sharp(path, { limitInputPixels: false })
    .metadata()
    .catch((error: Error) => {
      throw notAPicture(path, error);
    });
  // sharp detects formats by content, not by name, and also renders SVG, which is a program rather than a picture.
  if (!['png', 'jpeg', 'webp', 'gif', 'tiff', 'heif'].includes(about.format ?? '')) {
    throw new UsageError(`'${path}' is not a picture but ${about.format}; give a PNG, JPEG or WebP`);
  }
  return checkPixels(path, about.autoOrient, maxPixels);
}

function checkPixels(
  path: string,
  { width, height }: { width: number; height: number },
  maxPixels: number,
): { width: number; height: number } {
  if (width * height > maxPixels) {
    throw new UsageError(
      `'${path}' is ${width}x${height}, more than the limit of ${maxPixels} pixels; set maxPixels higher if you trust the file`,
    );
  }
  return { width, height };
}

/** Decodes a whole picture, without checking first that the file exists. */
export async function decodePicture(path: string, maxPixels: number = DEFAULT_MAX_PIXELS): Promise<Frame> {
  if (await bitmapSize(path)) return decodeBitmap(path, { maxPixels });
  const image = sharp(path, { limitInputPixels: maxPixels }).autoOrient();
  return toFrame(image).catch((error: Error) => {
    throw notAPicture(path, error);
  });
}

/** The part of a frame inside a rectangle; the frame itself if that is all of it. */
export function cropFrame(frame: Frame, region: Region): Frame {
  const { x, y, width, height } = region;
  if (width === frame.width && height === frame.height) return frame;
  const data = new Uint8Array(3 * width * height);
  for (let row = 0; row < height; row++) {
    const from = 3 * ((y + row) * frame.width + x);
    data.set(frame.data.subarray(from, from + 3 * width), 3 * row * width);
  }
  return { width, height, data };
}

/**
 * Writes a frame as `.png`, `.jpg`, `.jpeg` or `.webp`; an existing file is replaced atomically.
 *
 * @param comment a text for the file's metadata, in ASCII
 * @throws UsageError for another extension
 * @throws FailureError when it cannot be written
 */
export async function writePicture(path: string, frame: Frame, comment?: string): Promise<void> {
  const extension = extname(path).toLowerCase();
  if (!['.png', '.jpg', '.jpeg', '.webp'].includes(extension)) {
    throw new UsageError(`'${path}' does not say which picture to write; end the name in .png, .jpg or .webp`);
  }
  await checkWritable(path);
  const image = asImage(frame);
  if (extension === '.png') image.png();
  else if (extension === '.webp') image.webp({ quality: 95 });
  else image.jpeg({ quality: 95, chromaSubsampling: '4:4:4' });
  if (comment !== undefined && extension !== '.png') image.withXmp(xmpWithText(comment));
  const bytes = await image.toBuffer().catch((error: Error) => {
    throw new FailureError(`writing '${path}': ${error.message}`);
  });
  await writeFileAtomic(path, comment !== undefined && extension === '.png' ? pngWithText(bytes, comment) : bytes);
}

async function toFrame(image: Sharp): Promise<Frame> {
  const { data, info } = await image
    .flatten({ background: '#ffffff' })
    .toColourspace('srgb')
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true });
  const { width, height, channels } = info;
  return { width, height, data: channels === 3 ? data : toRgb(data, width * height, channels) };
}

function toRgb(data: Uint8Array, pixels: number, channels: number): Uint8Array {
  const rgb = new Uint8Array(3 * pixels);
  const last = channels < 3 ? 0 : 2;
  for (let i = 0; i < pixels; i++) {
    for (let c = 0; c < 3; c++) rgb[3 * i + c] = data[channels * i + Math.min(c, last)];
  }
  return rgb;
}

/** The error for a picture that sharp cannot decode. */
export function notAPicture(name: string, error: Error): UsageError {
  const reason = error.message.split('\n')[0].trim();
  return new UsageError(`'${name}' is not a picture that can be read: ${reason}`);
}
