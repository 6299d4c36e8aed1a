// The matrices of Winograd's convolutions of 3 x 3 kernels. In one dimension, m outputs are inverse((kernel g) * (forward d))
// for m + 2 inputs d and 3 taps g; in two, each matrix is multiplied by itself as a Kronecker product.

/** Outputs of a tile along each side. */
export type TileSide = 2 | 4;

type Matrix = readonly (readonly number[])[];

/** Matrices of one dimension, or their Kronecker products. */
interface Transforms {
  /** Of a tile of the input. */
  readonly forward: Matrix;
  /** Of a kernel. */
  readonly kernel: Matrix;
  /** Of the products, to a tile of the output. */
  readonly inverse: Matrix;
}

/** Polynomials are evaluated at these points and at infinity. */
const POINTS: Readonly<Record<TileSide, readonly number[]>> = {
  2: [0, 1, -1],
  // A fifth of the rounding error of the usual 0, 1, -1, 2, -2: of all choices among the quarters, halves and thirds up to 4, the
  // least (Barabasz et al. 2020, Error analysis and improving the accuracy of Winograd convolution, search in the same way).
  4: [0, 3 / 2, -3 / 2, 2 / 3, -2 / 3],
};

/** Coefficients of the product of (x - point), constant first. */
function polynomial(points: readonly number[]): number[] {
  return points.reduce<number[]>(
    (terms, point) => Array.from({ length: terms.length + 1 }, (_, k) => (terms[k - 1] ?? 0) - point * (terms[k] ?? 0)),
    [1],
  );
}

/** Toom and Cook's algorithm for m outputs of 3 taps, transposed. */
function oneDimension(side: TileSide): Transforms {
  const points = POINTS[side];
  const reach = side + 2;
  const others = points.map((point) => points.filter((other) => other !== point));
  const scales = points.map((point, i) => others[i].reduce((product, other) => product * (point - other), 1));
  const forward = [
    ...others.map((rest) => Array.from({ length: reach }, (_, k) => polynomial(rest)[k] ?? 0)),
    polynomial(points),
  ];
  const kernel = [...points.map((point, i) => [0, 1, 2].map((k) => point ** k / scales[i])), [0, 0, 1]];
  const inverse = Array.from({ length: side }, (_, k) => [
    ...points.map((point) => point ** k),
    Number(k === side - 1),
  ]);
  // Rows of both matrices of about one size, by powers of 2, which round nothing.
  const balance = forward.map((row, i) => 2 ** Math.round(Math.log2(sumOf(row) / sumOf(kernel[i])) / 2));
  return {
    forward: forward.map((row, i) => row.map((value) => value / balance[i])),
    kernel: kernel.map((row, i) => row.map((value) => value * balance[i])),
    inverse,
  };
}

const sumOf = (row: readonly number[]): number => row.reduce((sum, value) => sum + Math.abs(value), 0);

function squared(matrix: Matrix): Matrix {
  return matrix.flatMap((a) => matrix.map((b) => a.flatMap((left) => b.map((right) => left * right))));
}

function twoDimensions(side: TileSide): Transforms {
  const { forward, kernel, inverse } = oneDimension(side);
  return { forward: squared(forward), kernel: squared(kernel), inverse: squared(inverse) };
}

/**
 * For tiles of m x m outputs: `forward` [(m + 2)^2, (m + 2)^2], `kernel` [(m + 2)^2, 9], `inverse` [m^2, (m + 2)^2], rows and
 * columns by lines.
 */
export const MATRICES: Readonly<Record<TileSide, Transforms>> = { 2: twoDimensions(2), 4: twoDimensions(4) };
