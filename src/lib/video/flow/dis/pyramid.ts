// Pictures at halved sizes for a search from coarse to fine, with what the search reads of them: slopes and repeated
// borders.

import type { GrayPicture } from '../flow.js';

/** One size of a picture. */
export interface Level {
  readonly width: number;
  readonly height: number;
  /** H x W grey values. */
  readonly data: Uint8Array;
}

/** A picture with its border pixels repeated outwards `BORDER` times on each side. */
export interface Padded {
  readonly width: number;
  readonly data: Float64Array;
}

/** Horizontal and vertical slopes of a picture, H x W each, in the scale of a Sobel operator (8 times the derivative). */
export interface Slopes {
  readonly x: Float64Array;
  readonly y: Float64Array;
}

/** How far a picture is continued beyond its border for patches that look outside. */
export const BORDER = 16;

/** Levels `finest` to `coarsest` of a picture (index 0 is `finest`); level k has its sides divided by 2^k, rounded down. */
export function pyramid(picture: GrayPicture, finest: number, coarsest: number): Level[] {
  const factor = 2 ** finest;
  let level = shrink(picture, Math.floor(picture.width / factor), Math.floor(picture.height / factor));
  const levels = [level];
  for (let k = finest + 1; k <= coarsest; k++) {
    level = shrink(level, level.width >> 1, level.height >> 1);
    levels.push(level);
  }
  return levels;
}

/** Means over areas, as OpenCV's `INTER_AREA`. */
function shrink({ width, height, data }: Level, toWidth: number, toHeight: number): Level {
  if (toWidth === width && toHeight === height) return { width, height, data };
  if (width === 2 * toWidth && height === 2 * toHeight) return halved({ width, height, data });
  const columns = areas(width, toWidth);
  const rows = areas(height, toHeight);
  const result = new Uint8Array(toWidth * toHeight);
  const line = new Float64Array(width);
  for (let y = 0; y < toHeight; y++) {
    line.fill(0);
    for (const [row, weight] of rows[y]) {
      for (let x = 0, i = row * width; x < width; x++, i++) line[x] += weight * data[i];
    }
    for (let x = 0; x < toWidth; x++) {
      let sum = 0;
      for (const [column, weight] of columns[x]) sum += weight * line[column];
      result[y * toWidth + x] = halfToEven(sum);
    }
  }
  return { width: toWidth, height: toHeight, data: result };
}

/** Means of 2 x 2 pixels. Halves go upwards here, and to the even neighbour in all other cases: OpenCV's rounding. */
function halved({ width, height, data }: Level): Level {
  const half = { width: width / 2, height: height / 2 };
  const result = new Uint8Array(half.width * half.height);
  for (let y = 0, i = 0; y < half.height; y++) {
    for (let j = 2 * y * width, end = j + width; j < end; j += 2, i++) {
      result[i] = (data[j] + data[j + 1] + data[j + width] + data[j + width + 1] + 2) >> 2;
    }
  }
  return { ...half, data: result };
}

const halfToEven = (value: number): number => value + 6755399441055744 - 6755399441055744;

/** For each of `to` cells, which of `from` cells it covers and by which share of itself. */
function areas(from: number, to: number): [cell: number, share: number][][] {
  const scale = from / to;
  return Array.from({ length: to }, (_, i) => {
    const [start, end] = [i * scale, (i + 1) * scale];
    const covered: [number, number][] = [];
    for (let cell = Math.floor(start); cell < Math.min(from, Math.ceil(end - 1e-9)); cell++) {
      covered.push([cell, (Math.min(cell + 1, end) - Math.max(cell, start)) / scale]);
    }
    return covered;
  });
}

/** Sobel's operator, the picture mirrored at its border. */
export function slopesOf({ width, height, data }: Level): Slopes {
  const x = new Float64Array(width * height);
  const y = new Float64Array(width * height);
  const mirrored = (at: number, last: number): number =>
    at < 0 ? Math.min(1, last) : at > last ? Math.max(0, last - 1) : at;
  for (let row = 0; row < height; row++) {
    const above = mirrored(row - 1, height - 1) * width;
    const here = row * width;
    const below = mirrored(row + 1, height - 1) * width;
    for (let column = 0; column < width; column++) {
      const left = mirrored(column - 1, width - 1);
      const right = mirrored(column + 1, width - 1);
      x[here + column] =
        data[above + right] -
        data[above + left] +
        2 * (data[here + right] - data[here + left]) +
        data[below + right] -
        data[below + left];
      y[here + column] =
        data[below + left] -
        data[above + left] +
        2 * (data[below + column] - data[above + column]) +
        data[below + right] -
        data[above + right];
    }
  }
  return { x, y };
}

/** The picture with its border repeated. */
export function padded({ width, height, data }: Level): Padded {
  const wide = width + 2 * BORDER;
  const result = new Float64Array(wide * (height + 2 * BORDER));
  for (let y = 0; y < height + 2 * BORDER; y++) {
    const row = Math.min(height - 1, Math.max(0, y - BORDER)) * width;
    const start = y * wide;
    result.fill(data[row], start, start + BORDER);
    result.set(data.subarray(row, row + width), start + BORDER);
    result.fill(data[row + width - 1], start + BORDER + width, start + wide);
  }
  return { width: wide, data: result };
}
