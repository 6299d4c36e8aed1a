// Structural similarity of two frames with a Gaussian window. Other windows (a plain 7x7 mean) give other numbers.

import type { Frame } from '../tensor/frame.js';

const RADIUS = 5;
const SIGMA = 1.5;
const C1 = (0.01 * 255) ** 2;
const C2 = (0.03 * 255) ** 2;

/** The half window, centre first: normalised so that the centre plus twice the rest is 1. */
const WINDOW = ((): Float64Array => {
  const half = Float64Array.from({ length: RADIUS + 1 }, (_, k) => Math.exp(-0.5 * (k / SIGMA) ** 2));
  const total = half.reduce((sum, value) => sum + 2 * value, -half[0]);
  return half.map((value) => value / total);
})();

/**
 * SSIM of two 8-bit frames of one size, with population covariance, data range 255, mean over channels and over the pixels
 * at least 5 from the border: mean of (2 ux uy + C1)(2 vxy + C2) / ((ux^2 + uy^2 + C1)(vx + vy + C2)), where u, v are means,
 * variances and covariance under a Gaussian window of 11 with sigma 1.5, C1 = (0.01 * 255)^2, C2 = (0.03 * 255)^2.
 *
 * Equals scikit-image's `structural_similarity(gaussian_weights=True, sigma=1.5, use_sample_covariance=False)`.
 * Source: Wang et al. 2004, Image quality assessment: from error visibility to structural similarity.
 *
 * @returns null if a side is shorter than the window, 11 pixels
 */
export function ssimGaussian(a: Frame, b: Frame): number | null {
  const { width, height } = a;
  if (width < 2 * RADIUS + 1 || height < 2 * RADIUS + 1) return null;
  const row = 3 * width;
  // A row filtered vertically: a, b, a^2 + b^2 and a b. The two squares occur only as a sum.
  const columns = [0, 1, 2, 3].map(() => new Float64Array(row));
  let sum = 0;
  for (let y = RADIUS; y < height - RADIUS; y++) {
    filterColumns(a, b, y, columns);
    sum += sumOfRow(columns, row);
  }
  return sum / ((height - 2 * RADIUS) * 3 * (width - 2 * RADIUS));
}

/** Filters row `y` of both frames vertically. */
function filterColumns({ width, data: p }: Frame, { data: q }: Frame, y: number, columns: Float64Array[]): void {
  const row = 3 * width;
  const start = y * row;
  const [meansA, meansB, squares, products] = columns;
  for (let i = 0; i < row; i++) {
    const centre = start + i;
    let meanA = WINDOW[0] * p[centre];
    let meanB = WINDOW[0] * q[centre];
    let square = WINDOW[0] * (p[centre] * p[centre] + q[centre] * q[centre]);
    let product = WINDOW[0] * (p[centre] * q[centre]);
    for (let k = 1, above = centre - row, below = centre + row; k <= RADIUS; k++, above -= row, below += row) {
      const weight = WINDOW[k];
      const a0 = p[above];
      const a1 = p[below];
      const b0 = q[above];
      const b1 = q[below];
      meanA += weight * (a0 + a1);
      meanB += weight * (b0 + b1);
      square += weight * (a0 * a0 + a1 * a1 + b0 * b0 + b1 * b1);
      product += weight * (a0 * b0 + a1 * b1);
    }
    meansA[i] = meanA;
    meansB[i] = meanB;
    squares[i] = square;
    products[i] = product;
  }
}

/** Filters a row horizontally (steps of 3: the same channel of neighbouring pixels) and sums its pixels' SSIM. */
function sumOfRow(columns: Float64Array[], row: number): number {
  const [meansA, meansB, squares, products] = columns;
  let sum = 0;
  for (let i = 3 * RADIUS; i < row - 3 * RADIUS; i++) {
    let meanA = WINDOW[0] * meansA[i];
    let meanB = WINDOW[0] * meansB[i];
    let square = WINDOW[0] * squares[i];
    let product = WINDOW[0] * products[i];
    for (let k = 1, left = i - 3, right = i + 3; k <= RADIUS; k++, left -= 3, right += 3) {
      const weight = WINDOW[k];
      meanA += weight * (meansA[left] + meansA[right]);
      meanB += weight * (meansB[left] + meansB[right]);
      square += weight * (squares[left] + squares[right]);
      product += weight * (products[left] + products[right]);
    }
    const meanProduct = meanA * meanB;
    const meanSquares = meanA * meanA + meanB * meanB;
    sum +=
      ((2 * meanProduct + C1) * (2 * (product - meanProduct) + C2)) /
      ((meanSquares + C1) * (square - meanSquares + C2));
  }
  return sum;
}
