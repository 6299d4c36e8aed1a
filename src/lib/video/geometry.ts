// Crop and scale of pictures. Arithmetic only; video-file.ts and pictures.ts apply it.

import { UsageError } from '../base/errors.js';

/** A rectangle of whole pixels; x and y are its offset from the top left. */
export interface Region {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Length of the shorter side, or both sides; in pixels. */
export type FrameSize = number | { readonly width: number; readonly height: number };

/** A size as text: `512`, `768x432`. */
export function sizeText(size: FrameSize): string {
  return typeof size === 'number' ? String(size) : `${size.width}x${size.height}`;
}

/** Options of crop and scale. */
export interface GeometryOptions {
  /**
   * Sides of the frames, multiples of 8. One number is the shorter side; the longer one follows from the aspect ratio, to
   * the nearest multiple of 8. With both, pictures are cropped around the centre to that aspect ratio.
   */
  readonly size?: FrameSize;
  /** The part of the stored picture to use; applied first. */
  readonly crop?: Region;
  /**
   * Frames as players show them (after `crop`), with any sides: the stored ones, or larger ones if stored pixels are not
   * square. By default, sides are reduced to multiples of 8.
   */
  readonly exact?: boolean;
  /** Sides of other frames that these must match, of any length; cropped around the centre and scaled as with `size`. */
  readonly fit?: { readonly width: number; readonly height: number };
}

/** The used part of the stored picture, and the size of the frames. */
export interface Geometry {
  readonly region: Region;
  readonly width: number;
  readonly height: number;
}

/** The picture as stored. */
export interface Source {
  readonly name: string;
  readonly width: number;
  readonly height: number;
  /** Width of a pixel over its height; 1 when absent. */
  readonly pixelAspect?: number;
}

/**
 * Plans crop and scale for frames of `source`.
 *
 * @throws UsageError for sides that are not multiples of 8 (naming the nearest), a crop outside the picture, or a
 * picture that is too small
 */
export function planGeometry(source: Source, options: GeometryOptions): Geometry {
  const { size, exact, fit } = options;
  const crop = options.crop ?? { x: 0, y: 0, width: source.width, height: source.height };
  checkCrop(crop, source);
  if (size !== undefined && exact) {
    throw new UsageError('size and exact exclude each other; exact means frames as stored');
  }
  const pixel = squared(source.pixelAspect);
  const shown = shownSides(crop, pixel);
  if (size !== undefined) return framed(crop, sidesOf(size, (crop.width * pixel) / crop.height), pixel);
  if (exact) return { region: crop, ...shown };
  const inEights = { width: shown.width - (shown.width % 8), height: shown.height - (shown.height % 8) };
  if (fit !== undefined && !(fit.width === inEights.width && fit.height === inEights.height)) {
    return fit.width === shown.width && fit.height === shown.height
      ? { region: crop, ...shown }
      : framed(crop, fit, pixel);
  }
  if (inEights.width === 0 || inEights.height === 0) {
    throw new UsageError(
      `a picture of ${crop.width}x${crop.height} from '${source.name}' is too small: sides of 8 pixels are the least; give a size to scale it`,
    );
  }
  if (pixel === 1) return { region: centred(crop, inEights.width, inEights.height), ...inEights };
  return framed(crop, inEights, pixel);
}

/**
 * A message about the part of the picture that a geometry leaves out, apart from `crop`; undefined if there is none.
 */
export function cropSentence(source: Source, geometry: Geometry, crop?: Region): string | undefined {
  const whole = crop ?? source;
  const { region, width, height } = geometry;
  if (region.width === whole.width && region.height === whole.height) return undefined;
  const kept = Math.floor((100 * region.width * region.height) / (whole.width * whole.height));
  return (
    `'${source.name}': frames of ${width}x${height} show the middle ${region.width}x${region.height} ` +
    `of ${whole.width}x${whole.height} (${kept} %)`
  );
}

/**
 * Checks a size before the video is opened.
 *
 * @throws UsageError for sides that are not multiples of 8 (naming the nearest)
 */
export function checkSize(size: FrameSize): void {
  if (typeof size === 'number') checkSide(size, 'size');
  else {
    checkSide(size.width, 'width');
    checkSide(size.height, 'height');
  }
}

/** The sides of a size for a picture of this aspect ratio (width over height, as shown). */
function sidesOf(size: FrameSize, shape: number): { width: number; height: number } {
  checkSize(size);
  if (typeof size !== 'number') return size;
  const longer = 8 * Math.round((size * Math.max(shape, 1 / shape)) / 8);
  return shape >= 1 ? { width: longer, height: size } : { width: size, height: longer };
}

/** The centre of `outer` in the aspect ratio of these sides, scaled to them. */
function framed(outer: Region, sides: { width: number; height: number }, pixel: number): Geometry {
  const { width, height } = sides;
  const shape = width / height / pixel; // in stored pixels
  const region =
    outer.width / outer.height > shape
      ? centred(outer, evenly(outer.height * shape, outer.width), outer.height)
      : centred(outer, outer.width, evenly(outer.width / shape, outer.height));
  return { region, width, height };
}

/** A pixel's width over its height; differences from 1 that are too small to see are rounding by the file's writer. */
function squared(aspect = 1): number {
  return Math.abs(aspect - 1) < 0.005 || !(aspect > 0) ? 1 : aspect;
}

/** Sides of a stored part as players show it: stretched, never shrunk, so that no detail is lost. */
function shownSides({ width, height }: Region, pixel: number): { width: number; height: number } {
  return pixel >= 1
    ? { width: Math.round(width * pixel), height }
    : { width, height: Math.max(1, Math.round(height / pixel)) };
}

/** `length` rounded, to an even number if that fits: most videos store chroma for pairs of pixels. */
function evenly(length: number, limit: number): number {
  const even = 2 * Math.round(length / 2);
  return Math.max(1, Math.min(limit, even === 0 ? Math.round(length) : even));
}

function centred(outer: Region, width: number, height: number): Region {
  return {
    x: outer.x + ((outer.width - width) >> 1),
    y: outer.y + ((outer.height - height) >> 1),
    width,
    height,
  };
}

function checkSide(side: number, name: 'size' | 'width' | 'height'): void {
  if (Number.isInteger(side) && side >= 8 && side % 8 === 0) return;
  if (!Number.isFinite(side) || side < 8) {
    throw new UsageError(`a ${name} of ${side} is too small; sides are multiples of 8, from 8 on`);
  }
  const below = 8 * Math.floor(side / 8);
  throw new UsageError(`a ${name} of ${side} is not a multiple of 8; the nearest are ${below} and ${below + 8}`);
}

function checkCrop(crop: Region, source: Source): void {
  const { x, y, width, height } = crop;
  const whole = [x, y, width, height].every((value) => Number.isInteger(value) && value >= 0);
  if (!whole || width === 0 || height === 0) {
    throw new UsageError(
      `a crop of ${x},${y},${width},${height} is not possible; give x,y,width,height in whole pixels`,
    );
  }
  if (x + width > source.width || y + height > source.height) {
    throw new UsageError(
      `the crop ${x},${y},${width},${height} reaches outside '${source.name}', which is ${source.width}x${source.height}`,
    );
  }
}
