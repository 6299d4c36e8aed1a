// Loops over all weights in WebAssembly compared with the formulas in double precision, over several blocks and a remainder.

import { expect, test } from 'vitest';
import { randn } from '../../src/lib/tensor/randn.js';
import { approach, sumOfSquares, updateWeights } from '../../src/lib/training/loop/weight-kernels.js';

/** Two blocks and a remainder that is not a multiple of four. */
const LENGTH = 2 * 8192 + 4003;

/** Numbers in the middle of a larger array, at an unaligned position. */
function numbers(seed: number): { whole: Float32Array; part: Float32Array } {
  const whole = randn(seed, [LENGTH + 2]).data;
  return { whole, part: whole.subarray(1, LENGTH + 1) };
}

/** The largest difference by the largest expected value. */
function relativeError(found: Float32Array, expected: readonly number[]): number {
  let [difference, largest] = [0, 0];
  expected.forEach((value, i) => {
    difference = Math.max(difference, Math.abs(found[i] - value));
    largest = Math.max(largest, Math.abs(value));
  });
  return difference / largest;
}

test('AdamW updates weights and both averages, and nothing beside them', () => {
  const [w, m, v, g] = [1, 2, 3, 4].map(numbers);
  v.part.forEach((value, i) => {
    v.part[i] = value * value;
  });
  const step = { newMean: 0.1, newSquare: 1e-3, decay: 1e-3, stepSize: 1e-2, rootCorrection: 1.5, epsilon: 1e-8 };
  const edges = [w, m, v, g].map(({ whole }) => [whole[0], whole[LENGTH + 1]]);
  const gradient = g.part.slice();
  const mean = [...m.part].map((value, i) => value + 0.1 * (gradient[i] - value));
  const square = [...v.part].map((value, i) => value + 1e-3 * (gradient[i] ** 2 - value));
  const weights = [...w.part].map(
    (value, i) => value * (1 - 1e-3) - (1e-2 * mean[i]) / (Math.sqrt(square[i]) * 1.5 + 1e-8),
  );
  updateWeights([w.part, m.part, v.part, g.part], step);
  // Single precision rounds at 6e-8.
  expect(relativeError(m.part, mean)).toBeLessThan(2e-7);
  expect(relativeError(v.part, square)).toBeLessThan(2e-7);
  expect(relativeError(w.part, weights)).toBeLessThan(2e-7);
  expect(g.part).toEqual(gradient);
  expect([w, m, v, g].map(({ whole }) => [whole[0], whole[LENGTH + 1]])).toEqual(edges);
});

test('a weight does not lose a decay that is smaller than the distance of its numbers', () => {
  // In float32, 1 - 1e-7 is 1 - 1.19e-7: weights multiplied by it would decay a fifth too fast.
  const w = Float32Array.from({ length: 4096 }, (_, i) => 1 + i / 4096);
  const before = w.slice();
  const [m, v, g] = [0, 1, 2].map(() => new Float32Array(4096));
  const step = { newMean: 0.1, newSquare: 1e-3, decay: 1e-7, stepSize: 1e-5, rootCorrection: 1, epsilon: 1e-8 };
  updateWeights([w, m, v, g], step);
  expect([...w]).toEqual([...before].map((value) => Math.fround(value - Math.fround(Math.fround(1e-7) * value))));
});

test('the sum of squares is one of double precision, and NaN where a number is', () => {
  const { part } = numbers(5);
  const expected = part.reduce((sum, value) => sum + value * value, 0);
  expect(Math.abs(sumOfSquares(part) / expected - 1)).toBeLessThan(1e-13);
  expect(sumOfSquares(new Float32Array(0))).toBe(0);
  // Squares in single precision would be infinite, and values left from the previous block would be counted.
  expect(sumOfSquares(Float32Array.of(1e30, 0, 0, 1e30, 1e30)) / 3e60).toBeCloseTo(1, 6);
  part[LENGTH - 1] = Number.NaN;
  expect(sumOfSquares(part)).toBeNaN();
});

test('an average approaches other weights', () => {
  const [x, y] = [6, 7].map(numbers);
  const expected = [...x.part].map((value, i) => value + 0.01 * (y.part[i] - value));
  approach(x.part, y.part, 0.01);
  expect(relativeError(x.part, expected)).toBeLessThan(1e-7);
});
