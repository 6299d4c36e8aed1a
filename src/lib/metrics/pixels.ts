// Sums over the pixels and channels of frames: differences of frames, and the variance of one. Values are 0..255.

import type { Frame } from '../tensor/frame.js';

/** Difference of two frames of one size: mean |a - b| and mean (a - b)^2 over pixels and channels. */
export function compareFrames(a: Frame, b: Frame): { absolute: number; squared: number } {
  const [p, q] = [a.data, b.data];
  let absolute = 0;
  let squared = 0;
  for (let i = 0; i < p.length; i++) {
    const difference = p[i] - q[i];
    absolute += difference < 0 ? -difference : difference;
    squared += difference * difference;
  }
  return { absolute: absolute / p.length, squared: squared / p.length };
}

/** Mean |2 b - a - c| over pixels and channels of three successive frames: detects jumps, cancels steady motion. */
export function secondDifference(a: Frame, b: Frame, c: Frame): number {
  const [p, q, r] = [a.data, b.data, c.data];
  let sum = 0;
  for (let i = 0; i < p.length; i++) {
    const difference = 2 * q[i] - p[i] - r[i];
    sum += difference < 0 ? -difference : difference;
  }
  return sum / p.length;
}

/** Population variance of a frame over pixels and channels; its square root is the contrast. */
export function frameVariance(frame: Frame): number {
  const { data } = frame;
  let sum = 0;
  let squares = 0;
  for (let i = 0; i < data.length; i++) {
    sum += data[i];
    squares += data[i] * data[i];
  }
  const mean = sum / data.length;
  return Math.max(0, squares / data.length - mean * mean);
}

/** Peak signal-to-noise ratio in dB of 8-bit pictures, 10 log10(255^2 / mean squared error); `Infinity` if equal. */
export function peakSignalNoiseRatio(meanSquaredError: number): number {
  return 10 * Math.log10((255 * 255) / meanSquaredError);
}

/** The mean absolute difference of two frames where weights are above 0, and where they are 0; null where there is no pixel. */
export function absoluteByMask(
  a: Frame,
  b: Frame,
  weights: Float32Array,
): { inside: number | null; outside: number | null } {
  const sums = [0, 0];
  const counts = [0, 0];
  for (let i = 0; i < weights.length; i++) {
    const side = weights[i] > 0 ? 0 : 1;
    counts[side] += 3;
    for (let c = 3 * i; c < 3 * i + 3; c++) sums[side] += Math.abs(a.data[c] - b.data[c]);
  }
  const [inside, outside] = sums.map((sum, side) => (counts[side] === 0 ? null : sum / counts[side]));
  return { inside, outside };
}
