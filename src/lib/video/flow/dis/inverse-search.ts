// The first half of DIS (Kroeger et al. 2016, section 2.1): for a grid of patches of one picture, where each lies in the other.

import { BORDER, type Level, type Padded, type Slopes } from './pyramid.js';

/** Displacements of a grid of patches, row by row. */
export interface Patches {
  readonly columns: number;
  readonly rows: number;
  readonly u: Float32Array;
  readonly v: Float32Array;
}

/** Sides of patches, in pixels. */
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
 * Finds each patch by inverse compositional gradient descent on the squared difference of patches freed of their means, from the
 * best of: the flow of the coarser level `u`, `v` [H x W], and the neighbours that were visited before.
 */
export function searchPatches(
  from: Level,
  slopes: Slopes,
  to: Padded,
  u: Float32Array,
  v: Float32Array,
  { stride, iterations }: SearchSettings,
): Patches {
  const { width, height } = from;
  const columns = 1 + Math.floor((width - PATCH) / stride);
  const rows = 1 + Math.floor((height - PATCH) / stride);
  const patches: Patches = {
    columns,
    rows,
    u: new Float32Array(columns * rows),
    v: new Float32Array(columns * rows),
  };
  const sums = structure(slopes, width, columns, rows, stride);
  const match = createMatcher(from, slopes, to, height);
  const band = Math.ceil(rows / BANDS);
  const steps = Math.floor(iterations / PASSES);
  const half = PATCH / 2;

  for (let first = 0; first < rows; first += band) {
    const end = Math.min(rows, first + band);
    for (let pass = 0; pass < PASSES; pass++) {
      const direction = pass % 2 === 0 ? 1 : -1;
      const [startRow, startColumn] = direction === 1 ? [first, 0] : [end - 1, columns - 1];
      for (let row = startRow; row >= first && row < end; row += direction) {
        for (let column = startColumn; column >= 0 && column < columns; column += direction) {
          const i = row * columns + column;
          const x = column * stride;
          const y = row * stride;
          if (pass === 0) {
            const centre = (y + half) * width + x + half;
            patches.u[i] = u[centre];
            patches.v[i] = v[centre];
          }
          let least = match.difference(x, y, patches.u[i], patches.v[i]);
          const consider = (other: number): void => {
            const difference = match.difference(x, y, patches.u[other], patches.v[other]);
            if (difference >= least) return;
            least = difference;
            patches.u[i] = patches.u[other];
            patches.v[i] = patches.v[other];
          };
          if (column !== startColumn) consider(i - direction);
          if (row !== startRow) consider(i - direction * columns);
          descend(match, sums, patches, i, x, y, steps);
        }
      }
    }
  }
  return patches;
}

/** Gradient descent of one patch; a result further than a patch away from its start is not believed. */
function descend(
  match: Matcher,
  sums: Structure,
  patches: Patches,
  i: number,
  x: number,
  y: number,
  steps: number,
): void {
  const { xx, yy, xy } = sums;
  let determinant = xx[i] * yy[i] - xy[i] * xy[i];
  if (Math.abs(determinant) < SMALLEST_DETERMINANT) determinant = SMALLEST_DETERMINANT;
  let u = patches.u[i];
  let v = patches.v[i];
  let before = Number.POSITIVE_INFINITY;
  for (let step = 0; step < steps; step++) {
    const difference = match.step(x, y, u, v, sums.x[i], sums.y[i]);
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

function structure({ x, y }: Slopes, width: number, columns: number, rows: number, stride: number): Structure {
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

/** Compares a patch of one picture with a displaced one of the other, both freed of their means. */
interface Matcher {
  /** Sum of squared differences. */
  difference(x: number, y: number, u: number, v: number): number;
  /** The same; `slopeX` and `slopeY` are then half of its gradient. */
  step(x: number, y: number, u: number, v: number, sumX: number, sumY: number): number;
  slopeX: number;
  slopeY: number;
}

function createMatcher(from: Level, slopes: Slopes, to: Padded, height: number): Matcher {
  const { width, data: a } = from;
  const { width: wide, data: b } = to;
  const least = BORDER - PATCH + 1;
  const mostX = BORDER + width - 1;
  const mostY = BORDER + height - 1;
  const matcher: Matcher = {
    slopeX: 0,
    slopeY: 0,
    difference(x, y, u, v) {
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
      let sum = 0;
      let squares = 0;
      for (let r = 0; r < PATCH; r++) {
        let i = (y + r) * width + x;
        let j = (top + r) * wide + left;
        for (let c = 0; c < PATCH; c++, i++, j++) {
          const d = w00 * b[j] + w01 * b[j + 1] + w10 * b[j + wide] + w11 * b[j + wide + 1] - a[i];
          sum += d;
          squares += d * d;
        }
      }
      return squares - (sum * sum) / CELLS;
    },
    // Written out beside `difference`: a call or a test in these innermost loops of the whole flow would slow both.
    step(x, y, u, v, sumX, sumY) {
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
      let sum = 0;
      let squares = 0;
      let byX = 0;
      let byY = 0;
      for (let r = 0; r < PATCH; r++) {
        let i = (y + r) * width + x;
        let j = (top + r) * wide + left;
        for (let c = 0; c < PATCH; c++, i++, j++) {
          const d = w00 * b[j] + w01 * b[j + 1] + w10 * b[j + wide] + w11 * b[j + wide + 1] - a[i];
          sum += d;
          squares += d * d;
          byX += d * slopes.x[i];
          byY += d * slopes.y[i];
        }
      }
      matcher.slopeX = byX - (sum * sumX) / CELLS;
      matcher.slopeY = byY - (sum * sumY) / CELLS;
      return squares - (sum * sum) / CELLS;
    },
  };
  return matcher;
}
