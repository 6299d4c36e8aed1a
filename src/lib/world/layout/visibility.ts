// Which polygon each sample of a picture sees: convex polygons in camera space, a depth buffer, four samples a pixel. There
// are no colours here; shading reads the result, once for each polygon in a pixel.

import type { Pinhole, SurfacePoint } from './pinhole.js';

/**
 * Rows of samples in a pixel. Each row has one sample at its own place (a rotated grid), which smooths edges in all
 * directions.
 */
export const SAMPLES = 4;
const OFFSETS = [0.375, 0.875, 0.125, 0.625];

/** Nearest distance that is drawn, in metres. */
const NEAR = 0.4;
const MOST_CORNERS = 16;
/** Numbers that describe a polygon in the picture: planes of 1/z, u/z, v/z over (x, y) in pixels. */
const PLANE = 9;

/** A corner of a polygon: x right, y up, z ahead of the camera in metres; (u, v) are its surface coordinates. */
export type Corner = readonly [x: number, y: number, z: number, u: number, v: number];

/** Takes polygons and keeps the nearest at each sample; `S` describes the surface of a polygon. */
export class Visibility<S> {
  readonly pinhole: Pinhole;
  /** The surface of each polygon, in the order of drawing. */
  readonly surfaces: S[] = [];
  /** For each sample [H * SAMPLES, W] the index of its polygon, -1 for none. */
  readonly seen: Int16Array;
  readonly #depth: Float32Array;
  #planes = new Float64Array(PLANE * 1024);
  /** Corners of the next polygon: x, y, z, u, v each. */
  readonly #points = new Float64Array(5 * MOST_CORNERS);
  /** The corners of its part ahead of the near plane: x and row in the picture. */
  readonly #clipped = new Float64Array(2 * (MOST_CORNERS + 2));
  readonly #left: Float64Array;
  readonly #right: Float64Array;

  constructor(pinhole: Pinhole) {
    const rows = pinhole.height * SAMPLES;
    this.pinhole = pinhole;
    this.seen = new Int16Array(rows * pinhole.width).fill(-1);
    this.#depth = new Float32Array(rows * pinhole.width);
    this.#left = new Float64Array(rows);
    this.#right = new Float64Array(rows);
  }

  /** Draws a polygon: planar, convex, of at most 16 corners, with (u, v) affine on it. */
  draw(corners: readonly Corner[], surface: S): void {
    const points = this.#points;
    for (let i = 0; i < corners.length; i++) {
      const corner = corners[i];
      for (let k = 0; k < 5; k++) points[5 * i + k] = corner[k];
    }
    if (!this.#setPlanes(points)) return;
    const count = this.#project(corners.length);
    if (count >= 3 && this.#fill(count)) this.surfaces.push(surface);
  }

  /** 1/z of a polygon at a pixel position; zero and below means beyond the horizon of its plane. */
  inverseDepth(polygon: number, x: number, y: number): number {
    const p = this.#planes;
    const at = polygon * PLANE;
    return p[at] * x + p[at + 1] * y + p[at + 2];
  }

  /** Fills in where the ray of the point's pixel position meets the plane of the point's polygon. */
  locate(point: SurfacePoint): void {
    const { x, y, polygon } = point;
    const p = this.#planes;
    const at = polygon * PLANE;
    const z = 1 / (p[at] * x + p[at + 1] * y + p[at + 2]);
    const u = (p[at + 3] * x + p[at + 4] * y + p[at + 5]) * z;
    const v = (p[at + 6] * x + p[at + 7] * y + p[at + 8]) * z;
    point.z = z;
    point.u = u;
    point.v = v;
    point.du = (Math.abs(p[at + 3] - u * p[at]) + Math.abs(p[at + 4] - u * p[at + 1])) * z;
    point.dv = (Math.abs(p[at + 6] - v * p[at]) + Math.abs(p[at + 7] - v * p[at + 1])) * z;
  }

  #setPlanes(points: Float64Array): boolean {
    const ax = points[0];
    const ay = points[1];
    const az = points[2];
    const e1x = points[5] - ax;
    const e1y = points[6] - ay;
    const e1z = points[7] - az;
    const e2x = points[10] - ax;
    const e2y = points[11] - ay;
    const e2z = points[12] - az;
    const nx = e1y * e2z - e1z * e2y;
    const ny = e1z * e2x - e1x * e2z;
    const nz = e1x * e2y - e1y * e2x;
    const square = nx * nx + ny * ny + nz * nz;
    const distance = nx * ax + ny * ay + nz * az;
    if (distance * distance < 1e-9 * square) return false;
    const at = this.surfaces.length * PLANE;
    if (at + PLANE > this.#planes.length) {
      const larger = new Float64Array(2 * this.#planes.length);
      larger.set(this.#planes);
      this.#planes = larger;
    }
    this.#putPlane(at, nx / distance, ny / distance, nz / distance);
    // The gradient of u along the plane: du1 (e2 x n) + du2 (n x e1), over n.n.
    for (let k = 0; k < 2; k++) {
      const base = points[3 + k];
      const d1 = (points[8 + k] - base) / square;
      const d2 = (points[13 + k] - base) / square;
      const gx = d1 * (e2y * nz - e2z * ny) + d2 * (ny * e1z - nz * e1y);
      const gy = d1 * (e2z * nx - e2x * nz) + d2 * (nz * e1x - nx * e1z);
      const gz = d1 * (e2x * ny - e2y * nx) + d2 * (nx * e1y - ny * e1x);
      const constant = base - gx * ax - gy * ay - gz * az;
      const over = constant / distance;
      this.#putPlane(at + 3 + 3 * k, gx + over * nx, gy + over * ny, gz + over * nz);
    }
    return true;
  }

  /** Stores a function of camera space that is linear in the picture, by its gradient. */
  #putPlane(at: number, gx: number, gy: number, gz: number): void {
    const { focal, centreX, horizon } = this.pinhole;
    this.#planes[at] = gx / focal;
    this.#planes[at + 1] = -gy / focal;
    this.#planes[at + 2] = gz + (gy * horizon - gx * centreX) / focal;
  }

  /** Clips the polygon at the near plane and projects the rest; returns its number of corners. */
  #project(corners: number): number {
    const points = this.#points;
    const out = this.#clipped;
    const { focal, centreX, horizon } = this.pinhole;
    let count = 0;
    for (let i = 0; i < corners; i++) {
      const at = 5 * i;
      const next = i + 1 < corners ? at + 5 : 0;
      const z0 = points[at + 2];
      const z1 = points[next + 2];
      if (z0 >= NEAR) {
        out[2 * count] = centreX + (focal * points[at]) / z0;
        out[2 * count++ + 1] = SAMPLES * (horizon - (focal * points[at + 1]) / z0) - 0.5;
      }
      if (z0 >= NEAR !== z1 >= NEAR) {
        const f = (NEAR - z0) / (z1 - z0);
        const x = points[at] + f * (points[next] - points[at]);
        const y = points[at + 1] + f * (points[next + 1] - points[at + 1]);
        out[2 * count] = centreX + (focal * x) / NEAR;
        out[2 * count++ + 1] = SAMPLES * (horizon - (focal * y) / NEAR) - 0.5;
      }
    }
    return count;
  }

  /** Marks the samples in which the polygon is the nearest so far; false if there are none. */
  #fill(count: number): boolean {
    const { width, height } = this.pinhole;
    const rows = height * SAMPLES;
    const points = this.#clipped;
    const left = this.#left;
    const right = this.#right;
    let highest = rows;
    let lowest = 0;
    let leftmost = width;
    let rightmost = 0;
    for (let i = 0; i < count; i++) {
      const x = points[2 * i];
      const y = points[2 * i + 1];
      if (y < highest) highest = y;
      if (y > lowest) lowest = y;
      if (x < leftmost) leftmost = x;
      if (x > rightmost) rightmost = x;
    }
    const top = Math.max(0, Math.ceil(highest));
    const bottom = Math.min(rows, Math.floor(lowest) + 1);
    if (top >= bottom || leftmost >= width || rightmost <= 0) return false;
    left.fill(Number.POSITIVE_INFINITY, top, bottom);
    right.fill(Number.NEGATIVE_INFINITY, top, bottom);
    let x0 = points[2 * count - 2];
    let y0 = points[2 * count - 1];
    for (let i = 0; i < count; i++) {
      const x1 = points[2 * i];
      const y1 = points[2 * i + 1];
      const from = Math.max(0, Math.ceil(y0 < y1 ? y0 : y1));
      const to = Math.min(rows - 1, Math.floor(y0 < y1 ? y1 : y0));
      const slope = y1 === y0 ? 0 : (x1 - x0) / (y1 - y0);
      for (let row = from; row <= to; row++) {
        const x = x0 + slope * (row - y0);
        if (x < left[row]) left[row] = x;
        if (x > right[row]) right[row] = x;
      }
      x0 = x1;
      y0 = y1;
    }
    const polygon = this.surfaces.length;
    const at = polygon * PLANE;
    const px = this.#planes[at];
    const py = this.#planes[at + 1];
    const pc = this.#planes[at + 2];
    const depth = this.#depth;
    const seen = this.seen;
    let any = false;
    for (let row = top; row < bottom; row++) {
      const offset = OFFSETS[row & 3];
      const from = Math.max(0, Math.ceil(left[row] - offset));
      const to = Math.min(width - 1, Math.ceil(right[row] - offset) - 1);
      const base = row * width;
      let inverse = px * (from + offset) + py * ((row + 0.5) / SAMPLES) + pc;
      for (let x = from; x <= to; x++, inverse += px) {
        if (inverse > depth[base + x]) {
          depth[base + x] = inverse;
          seen[base + x] = polygon;
          any = true;
        }
      }
    }
    return any;
  }
}
