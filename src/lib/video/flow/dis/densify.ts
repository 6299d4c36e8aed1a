// The second half of DIS (Kroeger et al. 2016, section 2.2): the displacement of each pixel from the patches that cover it.

import { type Displacements, PATCH, type Patches } from './inverse-search.js';
import type { Level } from './pyramid.js';

const INSIDE = 1e-3;

/**
 * Writes for each pixel the mean displacement of all patches that cover it, weighted by 1 / max(1, |difference of grey|).
 */
export function densify(from: Level, to: Level, patches: Patches, { u, v }: Displacements): void {
  const { width, height, data: a } = from;
  const { stride } = patches;
  const b = to.data;
  const mostX = width - 1 - INSIDE;
  const mostY = height - 1 - INSIDE;
  const firstOf = (at: number): number => Math.max(0, Math.ceil((at - PATCH + 1) / stride));
  for (let y = 0, i = 0; y < height; y++) {
    const lastRow = Math.min(patches.rows - 1, Math.floor(y / stride));
    const firstRow = Math.min(firstOf(y), lastRow);
    for (let x = 0; x < width; x++, i++) {
      const lastColumn = Math.min(patches.columns - 1, Math.floor(x / stride));
      const firstColumn = Math.min(firstOf(x), lastColumn);
      let [sumU, sumV, sum] = [0, 0, 0];
      for (let row = firstRow; row <= lastRow; row++) {
        for (let column = firstColumn; column <= lastColumn; column++) {
          const p = row * patches.columns + column;
          const px = Math.min(mostX, Math.max(0, x + patches.u[p]));
          const py = Math.min(mostY, Math.max(0, y + patches.v[p]));
          const left = Math.floor(px);
          const top = Math.floor(py);
          const fx = px - left;
          const fy = py - top;
          const j = top * width + left;
          const upper = b[j] + fx * (b[j + 1] - b[j]);
          const lower = b[j + width] + fx * (b[j + width + 1] - b[j + width]);
          const weight = 1 / Math.max(1, Math.abs(upper + fy * (lower - upper) - a[i]));
          sumU += weight * patches.u[p];
          sumV += weight * patches.v[p];
          sum += weight;
        }
      }
      u[i] = sumU / sum;
      v[i] = sumV / sum;
    }
  }
}
