// Flows as two planes of displacements, H x W each, and their sizes.

import type { Flow } from './flow.js';

/** The sides of a plane. */
interface Sides {
  readonly width: number;
  readonly height: number;
}

/** A flow from its horizontal and vertical displacements. */
export function flowOf(u: Float32Array, v: Float32Array, { width, height }: Sides): Flow {
  const data = new Float32Array(2 * width * height);
  for (let i = 0; i < u.length; i++) {
    data[2 * i] = u[i];
    data[2 * i + 1] = v[i];
  }
  return { width, height, data };
}

/** Values of one size at another by bilinear interpolation between the cells' centres, times `factor`. */
export function resizePlane(values: Float32Array, from: Sides, to: Sides, factor: number): Float32Array {
  if (from.width === to.width && from.height === to.height) return values.map((value) => value * factor);
  const result = new Float32Array(to.width * to.height);
  const scaleX = from.width / to.width;
  const scaleY = from.height / to.height;
  for (let y = 0, i = 0; y < to.height; y++) {
    const py = Math.min(from.height - 1, Math.max(0, (y + 0.5) * scaleY - 0.5));
    const top = Math.floor(py);
    const fy = py - top;
    const row = top * from.width;
    const below = Math.min(from.height - 1, top + 1) * from.width;
    for (let x = 0; x < to.width; x++, i++) {
      const px = Math.min(from.width - 1, Math.max(0, (x + 0.5) * scaleX - 0.5));
      const left = Math.floor(px);
      const right = Math.min(from.width - 1, left + 1);
      const fx = px - left;
      const upper = values[row + left] + fx * (values[row + right] - values[row + left]);
      const lower = values[below + left] + fx * (values[below + right] - values[below + left]);
      result[i] = factor * (upper + fy * (lower - upper));
    }
  }
  return result;
}

/** The flow of the same motion between pictures of another size: bilinear between the pixels' centres, and scaled. */
export function resizeFlow(flow: Flow, width: number, height: number): Flow {
  if (flow.width === width && flow.height === height) return flow;
  const plane = (axis: 0 | 1): Float32Array =>
    Float32Array.from({ length: flow.data.length / 2 }, (_, i) => flow.data[2 * i + axis]);
  const to = { width, height };
  const u = resizePlane(plane(0), flow, to, width / flow.width);
  return flowOf(u, resizePlane(plane(1), flow, to, height / flow.height), to);
}
