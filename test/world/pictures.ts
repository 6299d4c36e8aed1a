// Helpers of this folder's suites: differences between frames, and reduced frames.

import type { Frame } from '../../src/lib/tensor/frame.js';

/** Mean absolute difference of two frames, 0..255. */
export function meanDifference(a: Frame, b: Frame): number {
  let sum = 0;
  for (let i = 0; i < a.data.length; i++) sum += Math.abs(a.data[i] - b.data[i]);
  return sum / a.data.length;
}

/** Mean of each channel, 0..255. */
export function meanColour({ data }: Frame): number[] {
  const sums = [0, 0, 0];
  for (let i = 0; i < data.length; i++) sums[i % 3] += data[i];
  return sums.map((sum) => (3 * sum) / data.length);
}

/** The frame reduced by `factor`: means of `factor` x `factor` pixels. */
export function shrink({ width, height, data }: Frame, factor: number): Frame {
  const w = width / factor;
  const h = height / factor;
  const sums = new Float64Array(3 * w * h);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const to = 3 * (Math.floor(y / factor) * w + Math.floor(x / factor));
      for (let c = 0; c < 3; c++) sums[to + c] += data[3 * (y * width + x) + c];
    }
  }
  return { width: w, height: h, data: Uint8Array.from(sums, (sum) => Math.round(sum / factor ** 2)) };
}

/** Plain data of a frame, for comparisons of whole frames with fast output on failure. */
export function bytesOf({ width, height, data }: Frame): string {
  return `${width}x${height} ${Buffer.from(data).toString('base64')}`;
}
