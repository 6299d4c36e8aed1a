// Compares patches of one picture with displaced ones of another. Between four pixels, a cell, a displaced patch is bilinear in
// its place: the squared difference and its gradient are polynomials, whose coefficients are computed once for each cell that
// a patch gets to. They are sums of products of grey values and exact, so that nothing is lost against sums over pixels.

import { BORDER, type Level, type Padded, type Slopes } from './pyramid.js';
import { ANTIDIAGONAL, BELOW, BESIDE, DIAGONAL, GREY, SQUARE, SUMS, windowSums } from './window-sums.js';

/** Side of a patch, in pixels. */
export const PATCH = 8;

const CELLS = PATCH * PATCH;
/** Least place of a patch in a padded picture. */
const LEAST = BORDER - PATCH + 1;
/** Cells that are remembered of each patch: one in two of each row and column. */
const SLOTS = 4;
/** Coefficients of a cell: of the squared difference, and of the horizontal and the vertical gradient. */
const SQUARES = 9;
const GRADIENT = 4;
const COEFFICIENTS = SQUARES + 2 * GRADIENT;

/** The pictures of a search: patches of `from` are searched in `to`. */
export interface SearchPictures {
  readonly from: Level;
  /** Slopes of `from`. */
  readonly slopes: Slopes;
  readonly to: Padded;
}

/** A grid of patches. */
export interface PatchGrid {
  readonly columns: number;
  readonly rows: number;
  /** Pixels from one patch to the next. */
  readonly stride: number;
}

/** A comparison in progress. */
export interface Matcher {
  readonly pictures: SearchPictures;
  readonly grid: PatchGrid;
  /** Grey values of `from`. */
  readonly grey: Float64Array;
  /** Sums over windows of `to`. */
  readonly sums: Float64Array;
  readonly own: OwnSums;
  /** The chosen patch: its index and its corner. */
  patch: number;
  x: number;
  y: number;
  /** The first patch whose cells are remembered. */
  first: number;
  /** Cell of each slot, -1 for none. */
  readonly cells: Int32Array;
  readonly coefficients: Float64Array;
  /** The place in the cell, from 0 to 1 in x and y. */
  readonly place: Float64Array;
  readonly products: Float64Array;
}

/** Sums over each patch of products of its grey values and slopes: minus their means where a grey value is in them. */
interface OwnSums {
  readonly xx: Float32Array;
  readonly yy: Float32Array;
  readonly xy: Float32Array;
  readonly greyGrey: Float64Array;
  readonly greyX: Float64Array;
  readonly greyY: Float64Array;
}

/** @param rows most rows of patches whose cells are remembered at a time */
export function createMatcher(pictures: SearchPictures, grid: PatchGrid, rows: number): Matcher {
  const slots = SLOTS * rows * grid.columns;
  return {
    ...{ pictures, grid, patch: 0, x: 0, y: 0, first: 0 },
    grey: new Float64Array(pictures.from.data),
    sums: windowSums(pictures.to, PATCH),
    own: ownSums(pictures, grid),
    cells: new Int32Array(slots),
    coefficients: new Float64Array(COEFFICIENTS * slots),
    place: new Float64Array(2),
    products: new Float64Array(4),
  };
}

/** Remembers patches from the first of a row on, and none of those before. */
export function beginAtRow(matcher: Matcher, row: number): void {
  matcher.first = row * matcher.grid.columns;
  matcher.cells.fill(-1);
}

/** Chooses the patch that is compared. */
export function choosePatch(matcher: Matcher, row: number, column: number): void {
  const { columns, stride } = matcher.grid;
  matcher.patch = row * columns + column;
  matcher.x = column * stride;
  matcher.y = row * stride;
}

/** Finds the coefficients for displacement (u, v): where they begin, for the functions below. */
export function locate(matcher: Matcher, u: number, v: number): number {
  const { pictures, cells, place, patch } = matcher;
  const { width, height } = pictures.from;
  const px = Math.min(BORDER + width - 1, Math.max(LEAST, matcher.x + u + BORDER));
  const py = Math.min(BORDER + height - 1, Math.max(LEAST, matcher.y + v + BORDER));
  const left = px | 0;
  const top = py | 0;
  const slot = SLOTS * (patch - matcher.first) + (left & 1) + 2 * (top & 1);
  const cell = top * pictures.to.width + left;
  if (cells[slot] !== cell) {
    cells[slot] = cell;
    computeCoefficients(matcher, slot * COEFFICIENTS, cell);
  }
  place[0] = px - left;
  place[1] = py - top;
  return slot * COEFFICIENTS;
}

/** Sum of squared differences of both patches minus their means. */
export function difference({ coefficients: c, place }: Matcher, at: number): number {
  const x = place[0];
  const y = place[1];
  const constant = c[at] + x * (c[at + 1] + x * c[at + 2]);
  const linear = c[at + 3] + x * (c[at + 4] + x * c[at + 5]);
  return constant + y * (linear + y * (c[at + 6] + x * (c[at + 7] + x * c[at + 8])));
}

/** Half of the gradient of the same, horizontal (axis 0) or vertical (axis 1). */
export function slope({ coefficients: c, place }: Matcher, at: number, axis: 0 | 1): number {
  const k = at + SQUARES + axis * GRADIENT;
  const x = place[0];
  return c[k] + x * c[k + 1] + place[1] * (c[k + 2] + x * c[k + 3]);
}

/**
 * The patches at the four corners of the cell are P00, P01, P10, P11 (row before column), and between them at (x, y)
 * P = P00 + x U + y V + x y W with U = P01 - P00, V = P10 - P00 and W = P11 - P10 - P01 + P00.
 */
function computeCoefficients(matcher: Matcher, k: number, cell: number): void {
  const { pictures, patch, grey, sums, own, coefficients: c, products } = matcher;
  const at = SUMS * cell;
  const right = at + SUMS;
  const under = at + SUMS * pictures.to.width;
  const s00 = sums[at + GREY];
  const s01 = sums[right + GREY];
  const s10 = sums[under + GREY];
  const s11 = sums[under + SUMS + GREY];
  const q00 = sums[at + SQUARE] - (s00 * s00) / CELLS;
  const q01 = sums[right + SQUARE] - (s01 * s01) / CELLS;
  const q10 = sums[under + SQUARE] - (s10 * s10) / CELLS;
  const q11 = sums[under + SUMS + SQUARE] - (s11 * s11) / CELLS;
  const upper = sums[at + BESIDE] - (s00 * s01) / CELLS;
  const lower = sums[under + BESIDE] - (s10 * s11) / CELLS;
  const leftmost = sums[at + BELOW] - (s00 * s10) / CELLS;
  const rightmost = sums[right + BELOW] - (s01 * s11) / CELLS;
  const falling = sums[at + DIAGONAL] - (s00 * s11) / CELLS;
  const rising = sums[at + ANTIDIAGONAL] - (s01 * s10) / CELLS;

  multiply(matcher, grey, cell);
  c[k] = q00 - 2 * products[0] + own.greyGrey[patch];
  c[k + 1] = 2 * (upper - q00 - products[1]);
  c[k + 2] = q01 - 2 * upper + q00;
  c[k + 3] = 2 * (leftmost - q00 - products[2]);
  c[k + 4] = 2 * (falling + rising + 2 * (q00 - leftmost - upper) - products[3]);
  c[k + 5] = 2 * (rightmost - rising - q01 + 2 * upper - falling + leftmost - q00);
  c[k + 6] = q10 - 2 * leftmost + q00;
  c[k + 7] = 2 * (lower - rising - q10 + 2 * leftmost - falling + upper - q00);
  c[k + 8] = q00 + q01 + q10 + q11 + 2 * (falling + rising - upper - lower - leftmost - rightmost);
  multiply(matcher, pictures.slopes.x, cell);
  c[k + SQUARES] = products[0] - own.greyX[patch];
  for (let m = 1; m < GRADIENT; m++) c[k + SQUARES + m] = products[m];
  multiply(matcher, pictures.slopes.y, cell);
  c[k + SQUARES + GRADIENT] = products[0] - own.greyY[patch];
  for (let m = 1; m < GRADIENT; m++) c[k + SQUARES + GRADIENT + m] = products[m];
}

/**
 * Writes into `products` the coefficients of 1, x, y and x y of the sum of products of P, minus its mean, with the values
 * [H x W] at the pixels of the chosen patch. Written out for a row of a patch, for this takes half of the time of a search.
 */
function multiply({ pictures, x, y, sums, products }: Matcher, values: Float64Array, cell: number): void {
  const { width } = pictures.from;
  const { width: wide, data: b } = pictures.to;
  let p = y * width + x;
  let sum = 0;
  let v00 = 0;
  let v01 = 0;
  let v10 = 0;
  let v11 = 0;
  for (let j = cell, q = cell + wide; j < cell + PATCH * wide; j = q, q += wide, p += width) {
    const f0 = values[p];
    const f1 = values[p + 1];
    const f2 = values[p + 2];
    const f3 = values[p + 3];
    const f4 = values[p + 4];
    const f5 = values[p + 5];
    const f6 = values[p + 6];
    const f7 = values[p + 7];
    sum += f0 + f1 + f2 + f3 + f4 + f5 + f6 + f7;
    const b1 = b[j + 1];
    const b2 = b[j + 2];
    const b3 = b[j + 3];
    const b4 = b[j + 4];
    const b5 = b[j + 5];
    const b6 = b[j + 6];
    const b7 = b[j + 7];
    v00 += b[j] * f0 + b1 * f1 + b2 * f2 + b3 * f3 + b4 * f4 + b5 * f5 + b6 * f6 + b7 * f7;
    v01 += b1 * f0 + b2 * f1 + b3 * f2 + b4 * f3 + b5 * f4 + b6 * f5 + b7 * f6 + b[j + 8] * f7;
    const c1 = b[q + 1];
    const c2 = b[q + 2];
    const c3 = b[q + 3];
    const c4 = b[q + 4];
    const c5 = b[q + 5];
    const c6 = b[q + 6];
    const c7 = b[q + 7];
    v10 += b[q] * f0 + c1 * f1 + c2 * f2 + c3 * f3 + c4 * f4 + c5 * f5 + c6 * f6 + c7 * f7;
    v11 += c1 * f0 + c2 * f1 + c3 * f2 + c4 * f3 + c5 * f4 + c6 * f5 + c7 * f6 + b[q + 8] * f7;
  }
  const mean = sum / CELLS;
  v00 -= mean * sums[SUMS * cell + GREY];
  v01 -= mean * sums[SUMS * (cell + 1) + GREY];
  v10 -= mean * sums[SUMS * (cell + wide) + GREY];
  v11 -= mean * sums[SUMS * (cell + wide + 1) + GREY];
  products[0] = v00;
  products[1] = v01 - v00;
  products[2] = v10 - v00;
  products[3] = v11 - v10 - v01 + v00;
}

function ownSums({ from: { width, data }, slopes: { x, y } }: SearchPictures, grid: PatchGrid): OwnSums {
  const { columns, rows, stride } = grid;
  const n = columns * rows;
  const [xx, yy, xy] = Array.from({ length: 3 }, () => new Float32Array(n));
  const [greyGrey, greyX, greyY] = Array.from({ length: 3 }, () => new Float64Array(n));
  for (let row = 0, i = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++, i++) {
      let [a, b, c, d, e, f, g, h, k] = [0, 0, 0, 0, 0, 0, 0, 0, 0];
      for (let r = 0; r < PATCH; r++) {
        const start = (row * stride + r) * width + column * stride;
        for (let p = start; p < start + PATCH; p++) {
          const dx = x[p];
          const dy = y[p];
          const value = data[p];
          a += dx * dx;
          b += dy * dy;
          c += dx * dy;
          d += dx;
          e += dy;
          f += value;
          g += value * value;
          h += value * dx;
          k += value * dy;
        }
      }
      xx[i] = a;
      yy[i] = b;
      xy[i] = c;
      greyGrey[i] = g - (f * f) / CELLS;
      greyX[i] = h - (f * d) / CELLS;
      greyY[i] = k - (f * e) / CELLS;
    }
  }
  return { xx, yy, xy, greyGrey, greyX, greyY };
}
