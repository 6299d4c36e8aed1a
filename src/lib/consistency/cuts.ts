// Where one shot of a video ends and the next begins.

import type { Frame } from '../tensor/frame.js';

/** Cells in each direction whose mean colours are compared: coarse, so that motion within a shot changes them little. */
const CELLS = 8;
/** Mean absolute difference of the cells' colours, 0 to 255, from which a frame belongs to another shot. */
const CUT = 24;

/** Whether a frame belongs to another shot than the one before it. */
export function isCut(before: Frame, after: Frame): boolean {
  const [a, b] = [cellsOf(before), cellsOf(after)];
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += Math.abs(a[i] - b[i]);
  return sum / a.length >= CUT;
}

/** Mean colours of a grid of cells: CELLS x CELLS x 3. */
function cellsOf({ width, height, data }: Frame): Float64Array {
  const means = new Float64Array(3 * CELLS * CELLS);
  const counts = new Float64Array(CELLS * CELLS);
  for (let y = 0, i = 0; y < height; y++) {
    const row = CELLS * Math.floor((CELLS * y) / height);
    for (let x = 0; x < width; x++, i += 3) {
      const cell = row + Math.floor((CELLS * x) / width);
      counts[cell]++;
      for (let c = 0; c < 3; c++) means[3 * cell + c] += data[i + c];
    }
  }
  return means.map((sum, i) => sum / Math.max(1, counts[Math.floor(i / 3)]));
}
