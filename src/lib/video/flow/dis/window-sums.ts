// Sums over all windows of a picture of its grey values and of products of neighbours.

import type { Padded } from './pyramid.js';

/**
 * What is summed of each pixel: its grey value, its square, its products with the pixels to its right, below it and below to
 * its right, and the product of those to its right and below it.
 */
export const [GREY, SQUARE, BESIDE, BELOW, DIAGONAL, ANTIDIAGONAL, SUMS] = [0, 1, 2, 3, 4, 5, 6];

/**
 * Sums over windows of `side` x `side` pixels: `SUMS` numbers for the window that begins at each pixel, row by row; 0 where a
 * window with its neighbours does not fit.
 */
export function windowSums(picture: Padded, side: number): Float64Array {
  const { width, data } = picture;
  const result = new Float64Array(SUMS * data.length);
  /** Sums over the window's rows, of each column. */
  const columns = new Float64Array(SUMS * width);
  for (let row = 0; row + 1 < data.length / width; row++) {
    addRow(columns, picture, row, 1);
    if (row >= side) addRow(columns, picture, row - side, -1);
    if (row + 1 >= side) sumColumns(columns, side, result, SUMS * (row + 1 - side) * width);
  }
  return result;
}

function addRow(columns: Float64Array, { width, data }: Padded, row: number, sign: 1 | -1): void {
  for (let i = row * width, k = 0; k < columns.length - SUMS; i++, k += SUMS) {
    const grey = data[i];
    const right = data[i + 1];
    const below = data[i + width];
    const signed = sign * grey;
    columns[k + GREY] += signed;
    columns[k + SQUARE] += signed * grey;
    columns[k + BESIDE] += signed * right;
    columns[k + BELOW] += signed * below;
    columns[k + DIAGONAL] += signed * data[i + width + 1];
    columns[k + ANTIDIAGONAL] += sign * right * below;
  }
}

/** Writes into `result`, from `at` on, the sums over `side` columns each. */
function sumColumns(columns: Float64Array, side: number, result: Float64Array, at: number): void {
  const reach = SUMS * side;
  for (let k = 0; k < reach; k++) result[at + (k % SUMS)] += columns[k];
  for (let k = reach, r = at; k < columns.length - SUMS; k++, r++) {
    result[r + SUMS] = result[r] + columns[k] - columns[k - reach];
  }
}
