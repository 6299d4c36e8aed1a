// Canny's edge detector (Canny 1986), pixel by pixel as OpenCV's `Canny` with a 3x3 Sobel operator and L1 magnitudes.

import type { Frame } from '../tensor/frame.js';

/** Thresholds of the gradient's magnitude |dx| + |dy|, of which a white step against black has 1020. */
export interface CannyOptions {
  /** Pixels above it are edges where they are connected to an edge; 100 by default. */
  readonly low?: number;
  /** Pixels above it are edges; 200 by default. */
  readonly high?: number;
}

/** OpenCV's tan(22.5 degrees), in steps of 2^-15. */
const TAN_22_5 = 13573;
const SHIFT = 2 ** 15;

/**
 * The edges of a picture: 1 where a pixel [H, W] is on an edge, else 0. Each pixel's gradient is that of its channel with the
 * largest magnitude, as in OpenCV for pictures in colour.
 */
export function cannyEdges(frame: Frame, { low = 100, high = 200 }: CannyOptions = {}): Uint8Array {
  const { width, height } = frame;
  const { dx, dy, magnitude } = sobel(frame);
  const stride = width + 2;
  const edges = new Uint8Array(width * height);
  /** Pixels that may be edges, if they are connected to one. */
  const weak = new Uint8Array(width * height);
  const strong: number[] = [];
  const [least, sure] = [Math.floor(low), Math.floor(high)];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const i = y * width + x;
      const at = (y + 1) * stride + x + 1;
      const m = magnitude[at];
      if (m <= least || !isRidge(magnitude, at, stride, [dx[i], dy[i]])) continue;
      if (m > sure) {
        edges[i] = 1;
        strong.push(i);
      } else weak[i] = 1;
    }
  }
  while (strong.length > 0) {
    const i = strong.pop()!;
    const [x, y] = [i % width, Math.floor(i / width)];
    for (let v = Math.max(0, y - 1); v <= Math.min(height - 1, y + 1); v++) {
      for (let u = Math.max(0, x - 1); u <= Math.min(width - 1, x + 1); u++) {
        const next = v * width + u;
        if (!weak[next]) continue;
        weak[next] = 0;
        edges[next] = 1;
        strong.push(next);
      }
    }
  }
  return edges;
}

interface Gradients {
  readonly dx: Int32Array;
  readonly dy: Int32Array;
  /** |dx| + |dy|, with a border of zeros. */
  readonly magnitude: Int32Array;
}

/** 3x3 Sobel derivatives; the picture's border is repeated. */
function sobel({ width, height, data }: Frame): Gradients {
  const dx = new Int32Array(width * height);
  const dy = new Int32Array(width * height);
  const magnitude = new Int32Array((width + 2) * (height + 2));
  for (let y = 0; y < height; y++) {
    const rows = [Math.max(0, y - 1), y, Math.min(height - 1, y + 1)].map((row) => row * width);
    for (let x = 0; x < width; x++) {
      const [left, right] = [Math.max(0, x - 1), Math.min(width - 1, x + 1)];
      const i = y * width + x;
      let best = -1;
      for (let c = 0; c < 3; c++) {
        const at = (row: number, column: number): number => data[3 * (rows[row] + column) + c];
        const gx = at(0, right) - at(0, left) + 2 * (at(1, right) - at(1, left)) + at(2, right) - at(2, left);
        const gy = at(2, left) - at(0, left) + 2 * (at(2, x) - at(0, x)) + at(2, right) - at(0, right);
        const m = Math.abs(gx) + Math.abs(gy);
        if (m <= best) continue;
        best = m;
        dx[i] = gx;
        dy[i] = gy;
      }
      magnitude[(y + 1) * (width + 2) + x + 1] = best;
    }
  }
  return { dx, dy, magnitude };
}

/** Whether a magnitude is the largest across its edge. */
function isRidge(
  magnitude: Int32Array,
  at: number,
  stride: number,
  [dx, dy]: readonly [dx: number, dy: number],
): boolean {
  const m = magnitude[at];
  const flat = Math.abs(dx) * TAN_22_5;
  const rise = Math.abs(dy) * SHIFT;
  if (rise < flat) return m > magnitude[at - 1] && m >= magnitude[at + 1];
  if (rise > flat + 2 * SHIFT * Math.abs(dx)) return m > magnitude[at - stride] && m >= magnitude[at + stride];
  const side = dx < 0 !== dy < 0 ? -1 : 1;
  return m > magnitude[at - stride - side] && m > magnitude[at + stride + side];
}
