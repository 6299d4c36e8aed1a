// The second half of DIS (Kroeger et al. 2016, section 2.2): the displacement of each pixel from the patches that cover it.

import type { Displacements, Patches } from './inverse-search.js';
import { PATCH } from './patch-matcher.js';
import type { Level } from './pyramid.js';

const INSIDE = 1e-3;

/**
 * Writes for each pixel the mean displacement of all patches that cover it, weighted by 1 / max(1, |difference of grey|).
 */
export function densify(from: Level, to: Level, patches: Patches, { u, v }: Displacements): void {
  const { width, height, data: a } = from;
  const { stride, columns, u: patchU, v: patchV } = patches;
  const b = to.data;
  const mostX = width - 1 - INSIDE;
  const mostY = height - 1 - INSIDE;
  const firstOf = (at: number): number => Math.max(0, Math.ceil((at - PATCH + 1) / stride));
  const firsts = Int32Array.from({ length: width }, (_, x) => Math.min(firstOf(x), columns - 1));
  const lasts = Int32Array.from({ length: width }, (_, x) => Math.min(Math.floor(x / stride), columns - 1));
  for (let y = 0, i = 0; y < height; y++) {
    const lastRow = Math.min(patches.rows - 1, Math.floor(y / stride));
    const firstRow = Math.min(firstOf(y), lastRow);
    for (let x = 0; x < width; x++, i++) {
      const grey = a[i];
      let sumU = 0;
      let sumV = 0;
      let sum = 0;
      for (let row = firstRow; row <= lastRow; row++) {
        const last = row * columns + lasts[x];
        for (let p = row * columns + firsts[x]; p <= last; p++) {
          const du = patchU[p];
          const dv = patchV[p];
          const px = Math.min(mostX, Math.max(0, x + du));
          const py = Math.min(mostY, Math.max(0, y + dv));
          const left = px | 0;
          const top = py | 0;
          const fx = px - left;
          const j = top * width + left;
          const corner = b[j];
          const corner2 = b[j + width];
          const upper = corner + fx * (b[j + 1] - corner);
          const lower = corner2 + fx * (b[j + width + 1] - corner2);
          const weight = 1 / Math.max(1, Math.abs(upper + (py - top) * (lower - upper) - grey));
          sumU += weight * du;
          sumV += weight * dv;
          sum += weight;
        }
      }
      u[i] = sumU / sum;
      v[i] = sumV / sum;
    }
  }
}
