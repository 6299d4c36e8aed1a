// The first half of DIS (Kroeger et al. 2016, section 2.1): the displacements of a grid of patches from one picture to the
// other.

import {
  beginAtRow,
  choosePatch,
  createMatcher,
  difference,
  locate,
  type Matcher,
  PATCH,
  type PatchGrid,
  type SearchPictures,
  slope,
} from './patch-matcher.js';

/** Displacements in pixels, row by row: horizontal, vertical. */
export interface Displacements {
  readonly u: Float32Array;
  readonly v: Float32Array;
}

/** The displacement of each patch of a grid. */
export interface Patches extends PatchGrid, Displacements {}

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
  const band = Math.ceil(rows / BANDS);
  const matcher = createMatcher(pictures, patches, band);
  const steps = Math.floor(iterations / PASSES);
  const half = PATCH / 2;

  for (let first = 0; first < rows; first += band) {
    const end = Math.min(rows, first + band);
    beginAtRow(matcher, first);
    for (let pass = 0; pass < PASSES; pass++) {
      const direction = pass % 2 === 0 ? 1 : -1;
      const [startRow, startColumn] = direction === 1 ? [first, 0] : [end - 1, columns - 1];
      for (let row = startRow; row >= first && row < end; row += direction) {
        for (let column = startColumn; column >= 0 && column < columns; column += direction) {
          const i = row * columns + column;
          choosePatch(matcher, row, column);
          if (pass === 0) {
            const centre = (row * stride + half) * width + column * stride + half;
            patches.u[i] = u[centre];
            patches.v[i] = v[centre];
          }
          const beside = column !== startColumn ? i - direction : i;
          const above = row !== startRow ? i - direction * columns : i;
          startFromBest(matcher, patches, beside, above);
          descend(matcher, patches, steps);
        }
      }
    }
  }
  return patches;
}

/** Gives the chosen patch the displacement of one of two others if that fits better. */
function startFromBest(matcher: Matcher, { u, v }: Displacements, beside: number, above: number): void {
  const i = matcher.patch;
  if (u[i] === u[beside] && v[i] === v[beside] && u[i] === u[above] && v[i] === v[above]) return;
  let least = difference(matcher, locate(matcher, u[i], v[i]));
  for (let k = 0; k < 2; k++) {
    const other = k === 0 ? beside : above;
    const found = difference(matcher, locate(matcher, u[other], v[other]));
    if (found >= least) continue;
    least = found;
    u[i] = u[other];
    v[i] = v[other];
  }
}

/** Gradient descent of the chosen patch. A result further than a patch from its start is discarded. */
function descend(matcher: Matcher, patches: Displacements, steps: number): void {
  const i = matcher.patch;
  const { xx, yy, xy } = matcher.own;
  let determinant = xx[i] * yy[i] - xy[i] * xy[i];
  if (Math.abs(determinant) < SMALLEST_DETERMINANT) determinant = SMALLEST_DETERMINANT;
  const inverseXX = yy[i] / determinant;
  const inverseYY = xx[i] / determinant;
  const inverseXY = -xy[i] / determinant;
  let u = patches.u[i];
  let v = patches.v[i];
  let before = Number.POSITIVE_INFINITY;
  for (let step = 0; step < steps; step++) {
    const at = locate(matcher, u, v);
    const found = difference(matcher, at);
    const slopeX = slope(matcher, at, 0);
    const slopeY = slope(matcher, at, 1);
    u = Math.fround(u - (inverseXX * slopeX + inverseXY * slopeY));
    v = Math.fround(v - (inverseYY * slopeY + inverseXY * slopeX));
    if (found >= before) break;
    before = found;
  }
  const alongX = u - patches.u[i];
  const alongY = v - patches.v[i];
  if (alongX * alongX + alongY * alongY > PATCH * PATCH) return;
  patches.u[i] = u;
  patches.v[i] = v;
}
