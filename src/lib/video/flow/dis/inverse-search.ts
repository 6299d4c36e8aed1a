// The first half of DIS (Kroeger et al. 2016, section 2.1): the displacements of a grid of patches from one picture to the
// other.

import { BORDER, type Level, type Padded, type Slopes } from './pyramid.js';

/** Displacements in pixels, row by row: horizontal, vertical. */
export interface Displacements {
  readonly u: Float32Array;
  readonly v: Float32Array;
}

/** A grid of patches. */
interface PatchGrid {
  readonly columns: number;
  readonly rows: number;
  /** Pixels from one patch to the next. */
  readonly stride: number;
}

/** The displacement of each patch of a grid. */
export interface Patches extends PatchGrid, Displacements {}

/** The pictures of a search: patches of `from` are searched in `to`. */
export interface SearchPictures {
  readonly from: Level;
  /** Slopes of `from`. */
  readonly slopes: Slopes;
  readonly to: Padded;
}

/** Side of a patch, in pixels. */
export const PATCH = 8;

const CELLS = PATCH * PATCH;
const SMALLEST_DETERMINANT = 1e-3;
/** Bands of rows that are searched separately, so that the result does not depend on how work is divided. */
const BANDS = 8;
/** Passes over the grid, forwards and backwards. */
const PASSES = 2;

/** Settings of the search. */
export interface SearchSettings {
  /** Pixels from one patch to the next. */
  readonly stride: number;
  /** Most steps of gradient descent of a patch, both passes together. */
  readonly iterations: number;
}

/**
 * Finds each patch by inverse compositional gradient descent on the squared difference of patches minus their means. Each
 * starts from the best of `start` [H x W], the flow of the coarser level, and the neighbours visited before.
 */
export function searchPatches(
  pictures: SearchPictures,
  { u, v }: Displacements,
  { stride, iterations }: SearchSettings,
): Patches {
  const { width, height } = pictures.from;
  const columns = 1 + Math.floor((width - PATCH) / stride);
  const rows = 1 + Math.floor((height - PATCH) / stride);
  const patches: Patches = {
    columns,
    rows,
    stride,
    u: new Float32Array(columns * rows),
    v: new Float32Array(columns * rows),
  };
  const sums = structure(pictures, patches);
  const match = createMatcher(pictures, sums, patches);
  const search: Search = { match, sums, patches, steps: Math.floor(iterations / PASSES) };
  const band = Math.ceil(rows / BANDS);
  const half = PATCH / 2;

  for (let first = 0; first < rows; first += band) {
    const end = Math.min(rows, first + band);
    for (let pass = 0; pass < PASSES; pass++) {
      const direction = pass % 2 === 0 ? 1 : -1;
      const [startRow, startColumn] = direction === 1 ? [first, 0] : [end - 1, columns - 1];
      for (let row = startRow; row >= first && row < end; row += direction) {
        for (let column = startColumn; column >= 0 && column < columns; column += direction) {
          const i = row * columns + column;
          match.choose(row, column);
          if (pass === 0) {
            const centre = (row * stride + half) * width + column * stride + half;
            patches.u[i] = u[centre];
            patches.v[i] = v[centre];
          }
          let least = match.difference(patches.u[i], patches.v[i]);
          const consider = (other: number): void => {
            const difference = match.difference(patches.u[other], patches.v[other]);
            if (difference >= least) return;
            least = difference;
            patches.u[i] = patches.u[other];
            patches.v[i] = patches.v[other];
          };
          if (column !== startColumn) consider(i - direction);
          if (row !== startRow) consider(i - direction * columns);
          descend(search, i);
        }
      }
    }
  }
  return patches;
}

/** A search in progress. */
interface Search {
  readonly match: Matcher;
  readonly sums: Structure;
  readonly patches: Patches;
  /** Most steps of gradient descent of a patch in one pass. */
  readonly steps: number;
}

/** Gradient descent of patch `i`, the matcher's chosen one. A result further than a patch from its start is discarded. */
function descend({ match, sums, patches, steps }: Search, i: number): void {
  const { xx, yy, xy } = sums;
  let determinant = xx[i] * yy[i] - xy[i] * xy[i];
  if (Math.abs(determinant) < SMALLEST_DETERMINANT) determinant = SMALLEST_DETERMINANT;
  let u = patches.u[i];
  let v = patches.v[i];
  let before = Number.POSITIVE_INFINITY;
  for (let step = 0; step < steps; step++) {
    const difference = match.step(u, v);
    const { slopeX, slopeY } = match;
    u = Math.fround(u - (yy[i] * slopeX - xy[i] * slopeY) / determinant);
    v = Math.fround(v - (xx[i] * slopeY - xy[i] * slopeX) / determinant);
    if (difference >= before) break;
    before = difference;
  }
  if (Math.hypot(u - patches.u[i], v - patches.v[i]) > PATCH) return;
  patches.u[i] = u;
  patches.v[i] = v;
}

/** Sums of products of slopes over each patch. */
interface Structure {
  readonly xx: Float32Array;
  readonly yy: Float32Array;
  readonly xy: Float32Array;
  readonly x: Float32Array;
  readonly y: Float32Array;
}

function structure({ from: { width }, slopes: { x, y } }: SearchPictures, grid: PatchGrid): Structure {
  const { columns, rows, stride } = grid;
  const [xx, yy, xy, sx, sy] = Array.from({ length: 5 }, () => new Float32Array(columns * rows));
  for (let row = 0, i = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++, i++) {
      let [a, b, c, d, e] = [0, 0, 0, 0, 0];
      for (let r = 0; r < PATCH; r++) {
        const start = (row * stride + r) * width + column * stride;
        for (let p = start; p < start + PATCH; p++) {
          const dx = x[p];
          const dy = y[p];
          a += dx * dx;
          b += dy * dy;
          c += dx * dy;
          d += dx;
          e += dy;
        }
      }
      xx[i] = a;
      yy[i] = b;
      xy[i] = c;
      sx[i] = d;
      sy[i] = e;
    }
  }
  return { xx, yy, xy, x: sx, y: sy };
}

/** Compares the chosen patch of one picture with a displaced one of the other, both minus their means. */
interface Matcher {
  /** Chooses a patch of the grid. */
  choose(row: number, column: number): void;
  /** Sum of squared differences at displacement (u, v). */
  difference(u: number, v: number): number;
  /** The same, and half of its gradient is then in `slopeX` and `slopeY`. */
  step(u: number, v: number): number;
  slopeX: number;
  slopeY: number;
}

function createMatcher({ from, slopes, to }: SearchPictures, sums: Structure, { columns, stride }: PatchGrid): Matcher {
  const { width, height, data: a } = from;
  const { width: wide, data: b } = to;
  let patch = 0;
  let x = 0;
  let y = 0;
  const least = BORDER - PATCH + 1;
  const mostX = BORDER + width - 1;
  const mostY = BORDER + height - 1;
  const matcher: Matcher = {
    slopeX: 0,
    slopeY: 0,
    choose(row, column) {
      patch = row * columns + column;
      x = column * stride;
      y = row * stride;
    },
    difference(u, v) {
      const px = Math.min(mostX, Math.max(least, x + u + BORDER));
      const py = Math.min(mostY, Math.max(least, y + v + BORDER));
      const left = Math.floor(px);
      const top = Math.floor(py);
      const fx = px - left;
      const fy = py - top;
      const w11 = fx * fy;
      const w10 = (1 - fx) * fy;
      const w01 = fx * (1 - fy);
      const w00 = (1 - fx) * (1 - fy);
      const first = y * width + x;
      let sum = 0;
      let squares = 0;
      for (let r = 0; r < PATCH; r++) {
        let i = first + r * width;
        let j = (top + r) * wide + left;
        for (let c = 0; c < PATCH; c++, i++, j++) {
          const d = w00 * b[j] + w01 * b[j + 1] + w10 * b[j + wide] + w11 * b[j + wide + 1] - a[i];
          sum += d;
          squares += d * d;
        }
      }
      return squares - (sum * sum) / CELLS;
    },
    // A copy of `difference` with the gradient: a call or a condition in these innermost loops would slow both down.
    step(u, v) {
      const px = Math.min(mostX, Math.max(least, x + u + BORDER));
      const py = Math.min(mostY, Math.max(least, y + v + BORDER));
      const left = Math.floor(px);
      const top = Math.floor(py);
      const fx = px - left;
      const fy = py - top;
      const w11 = fx * fy;
      const w10 = (1 - fx) * fy;
      const w01 = fx * (1 - fy);
      const w00 = (1 - fx) * (1 - fy);
      const first = y * width + x;
      let sum = 0;
      let squares = 0;
      let byX = 0;
      let byY = 0;
      for (let r = 0; r < PATCH; r++) {
        let i = first + r * width;
        let j = (top + r) * wide + left;
        for (let c = 0; c < PATCH; c++, i++, j++) {
          const d = w00 * b[j] + w01 * b[j + 1] + w10 * b[j + wide] + w11 * b[j + wide + 1] - a[i];
          sum += d;
          squares += d * d;
          byX += d * slopes.x[i];
          byY += d * slopes.y[i];
        }
      }
      matcher.slopeX = byX - (sum * sums.x[patch]) / CELLS;
      matcher.slopeY = byY - (sum * sums.y[patch]) / CELLS;
      return squares - (sum * sum) / CELLS;
    },
  };
  return matcher;
}
