// Which part of a picture is used and at what size. Pure arithmetic; who crops and scales is video-file.ts or pictures.ts.

import { UsageError } from '../base/errors.js';

/** A rectangle of whole pixels; x and y count from the top left. */
export interface Region {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** What a caller may ask of the picture. */
export interface GeometryOptions {
  /** Side of the square, or sides of the rectangle, that frames are centre-cropped and scaled to; multiples of 8. */
  readonly size?: number | { readonly width: number; readonly height: number };
  /** The part of the stored picture to use; applied before anything else. */
  readonly crop?: Region;
  /** Frames as stored (after `crop`), whatever their sides; without it sides are cut down to multiples of 8. */
  readonly exact?: boolean;
}

/** The part of the stored picture that is used, and the size of the frames made from it. */
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
  const crop = options.crop ?? { x: 0, y: 0, width: source.width, height: source.height };
  checkCrop(crop, source);
  if (options.size !== undefined) {
    if (options.exact) throw new UsageError('size and exact exclude each other; exact means frames as stored');
    const { width, height } =
      typeof options.size === 'number' ? { width: options.size, height: options.size } : options.size;
    checkSide(width, 'width');
    checkSide(height, 'height');
    const aspect = width / height / (source.pixelAspect ?? 1); // in stored pixels
    const fits = crop.width / crop.height > aspect;
    const region = fits
      ? centred(crop, evenly(crop.height * aspect, crop.width), crop.height)
      : centred(crop, crop.width, evenly(crop.width / aspect, crop.height));
    return { region, width, height };
  }
  if (options.exact) return { region: crop, width: crop.width, height: crop.height };
  const [width, height] = [crop.width - (crop.width % 8), crop.height - (crop.height % 8)];
  if (width === 0 || height === 0) {
    throw new UsageError(
      `a picture of ${crop.width}x${crop.height} from '${source.name}' is too small: sides of 8 pixels are the least; give a size to scale it`,
    );
  }
  return { region: centred(crop, width, height), width, height };
}

/** The nearest whole number to `length`, even where that fits: chroma of most videos is stored for pairs of pixels. */
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

function checkSide(side: number, name: string): void {
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
