// The outlines of a picture and their directions, independent of colours and tones. composition.ts compares two pictures by
// them.

import type { Frame } from '../tensor/frame.js';

/** Outlines of a picture; every array is H x W. */
export interface Outlines {
  readonly width: number;
  readonly height: number;
  /** The outline's direction as a vector of twice its angle, so that opposite directions are equal. */
  readonly x: Float32Array;
  readonly y: Float32Array;
  /** Strength of the outline relative to its surroundings; about 1 on average. */
  readonly strength: Float32Array;
  /** Squared gradient around each pixel, in squared units of [0, 1] per pixel: where the picture has most detail. */
  readonly energy: Float32Array;
}

/** Pixels: smoothing before and after the gradient, the surroundings for normalization, and the window of the energy. */
const BEFORE = 1;
const AFTER = 0.7;
const SURROUNDINGS = 16;
/** Standard deviation in pixels of the Gaussian window in which outlines are compared. */
export const WINDOW = 8;

/**
 * Outlines of a picture from the structure tensor J = sum over RGB of grad grad^T: with m = sqrt(Jxx + Jyy) and u the root
 * mean square of m in the surroundings, strength = m / u and (x, y) = (Jxx - Jyy, 2 Jxy) / (m u).
 *
 * Invariant to contrast (the division by u), to a swap of light and dark, and to the colours on both sides of an outline.
 *
 * Source: Bigun and Granlund 1987, Optimal orientation detection of linear symmetry (double angle).
 */
export function outlinesOf(frame: Frame): Outlines {
  const { width, height } = frame;
  const size = width * height;
  const x = new Float32Array(size);
  const y = new Float32Array(size);
  const strength = new Float32Array(size);
  for (let c = 0; c < 3; c++) {
    const channel = Float32Array.from({ length: size }, (_, i) => frame.data[3 * i + c] / 255);
    addTensor(blur(channel, width, height, BEFORE), width, height, { x, y, energy: strength });
  }
  const energy = blur(strength, width, height, WINDOW);
  const around = blur(strength, width, height, SURROUNDINGS);
  let mean = 0;
  for (let i = 0; i < size; i++) mean += Math.sqrt(strength[i]) / size;
  // In flat regions, a tenth of the mean gradient prevents grain from counting as outlines.
  const floor = (0.1 * mean) ** 2 + 1e-8;
  for (let i = 0; i < size; i++) {
    const magnitude = Math.sqrt(strength[i]);
    const unit = Math.sqrt(around[i] + floor);
    x[i] = magnitude > 0 ? x[i] / magnitude / unit : 0;
    y[i] = magnitude > 0 ? y[i] / magnitude / unit : 0;
    strength[i] = magnitude / unit;
  }
  return { width, height, x: blur(x, width, height, AFTER), y: blur(y, width, height, AFTER), strength, energy };
}

/** Adds one channel's gradient products: Jxx - Jyy, 2 Jxy and Jxx + Jyy, from central differences. */
function addTensor(
  channel: Float32Array,
  width: number,
  height: number,
  { x, y, energy }: { x: Float32Array; y: Float32Array; energy: Float32Array },
): void {
  for (let row = 0, i = 0; row < height; row++) {
    const above = row > 0 ? -width : 0;
    const below = row + 1 < height ? width : 0;
    for (let column = 0; column < width; column++, i++) {
      const dx = (channel[column + 1 < width ? i + 1 : i] - channel[column > 0 ? i - 1 : i]) / 2;
      const dy = (channel[i + below] - channel[i + above]) / 2;
      x[i] += dx * dx - dy * dy;
      y[i] += 2 * dx * dy;
      energy[i] += dx * dx + dy * dy;
    }
  }
}

/** A picture of one channel under a Gaussian of `sigma` pixels (truncated at 3 sigma), mirrored at its borders. */
export function blur(from: Float32Array, width: number, height: number, sigma: number): Float32Array {
  const radius = Math.ceil(3 * sigma);
  const weights = Float64Array.from({ length: radius + 1 }, (_, k) => Math.exp(-0.5 * (k / sigma) ** 2));
  const total = weights.reduce((sum, weight) => sum + 2 * weight, -weights[0]);
  const half = weights.map((weight) => weight / total);
  const rows = new Float32Array(from.length);
  const to = new Float32Array(from.length);
  pass(from, rows, { count: height, length: width, between: width, step: 1 }, half);
  pass(rows, to, { count: width, length: height, between: 1, step: width }, half);
  return to;
}

/** Filters `count` lines of `length` values, `between` apart, whose values are `step` apart. */
function pass(
  from: Float32Array,
  to: Float32Array,
  { count, length, between, step }: { count: number; length: number; between: number; step: number },
  half: Float64Array,
): void {
  const radius = half.length - 1;
  const line = new Float32Array(length + 2 * radius);
  for (let n = 0; n < count; n++) {
    for (let k = 0; k < line.length; k++) line[k] = from[n * between + mirrored(k - radius, length) * step];
    for (let k = 0; k < length; k++) {
      let sum = half[0] * line[k + radius];
      for (let r = 1; r <= radius; r++) sum += half[r] * (line[k + radius - r] + line[k + radius + r]);
      to[n * between + k * step] = sum;
    }
  }
}

/** The index in a line of `length` for a position outside, mirrored at the last pixel. */
function mirrored(position: number, length: number): number {
  if (length === 1) return 0;
  const period = 2 * (length - 1);
  const inside = ((position % period) + period) % period;
  return inside < length ? inside : period - inside;
}
