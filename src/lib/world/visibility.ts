// Which polygon each of a picture's samples sees: convex polygons in camera space, a depth buffer, four samples a pixel. It knows
// nothing of colours; shading asks it afterwards, once for each polygon in a pixel.

/** Rows of samples in a pixel; each row has its one sample elsewhere (a rotated grid), so edges in any direction come out smooth. */
export const SAMPLES = 4;
const OFFSETS = [0.375, 0.875, 0.125, 0.625];

/** Nearest distance that is drawn, in metres. */
const NEAR = 0.4;
/** Numbers that describe a polygon in the picture: planes of 1/z, u/z, v/z over (x, y) in pixels. */
const PLANE = 9;

/** A pinhole camera: directions are ((x - centreX) / focal, (horizon - y) / focal, 1) for pixels (x, y). */
export interface Pinhole {
  readonly width: number;
  readonly height: number;
  readonly focal: number;
  readonly centreX: number;
  readonly horizon: number;
}

/** Takes polygons, keeps what is nearest; `S` is whatever describes a polygon's surface. */
export class Visibility<S> {
  readonly pinhole: Pinhole;
  /** Of each polygon its surface, in the order in which they came. */
  readonly surfaces: S[] = [];
  /** For each sample [H * SAMPLES, W] the polygon's index, or -1 where there is none. */
  readonly seen: Int16Array;
  readonly #depth: Float32Array;
  #planes = new Float64Array(PLANE * 1024);
  #points: number[] = [];
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

  /** Adds a corner of the next polygon: x right, y up, z ahead of the camera in metres; (u, v) on the surface. */
  corner(x: number, y: number, z: number, u: number, v: number): void {
    this.#points.push(x, y, z, u, v);
  }

  /** Draws the polygon whose corners were added, planar and convex, with (u, v) affine on it. */
  close(surface: S): void {
    const points = this.#points;
    this.#points = [];
    if (!this.#setPlanes(points)) return;
    const clipped = clipNear(points);
    if (clipped.length >= 6 && this.#fill(clipped)) this.surfaces.push(surface);
  }

  /** 1/z of a polygon at a pixel position; zero and below is behind the horizon of its plane. */
  inverseDepth(polygon: number, x: number, y: number): number {
    const p = this.#planes;
    const at = polygon * PLANE;
    return p[at] * x + p[at + 1] * y + p[at + 2];
  }

  /** Surface coordinates at a pixel position, and how far they move from one pixel to the next, into `out`. */
  surfaceAt(polygon: number, x: number, y: number, out: SurfacePoint): void {
    const p = this.#planes;
    const at = polygon * PLANE;
    const z = 1 / (p[at] * x + p[at + 1] * y + p[at + 2]);
    const u = (p[at + 3] * x + p[at + 4] * y + p[at + 5]) * z;
    const v = (p[at + 6] * x + p[at + 7] * y + p[at + 8]) * z;
    out.z = z;
    out.u = u;
    out.v = v;
    out.du = (Math.abs(p[at + 3] - u * p[at]) + Math.abs(p[at + 4] - u * p[at + 1])) * z;
    out.dv = (Math.abs(p[at + 6] - v * p[at]) + Math.abs(p[at + 7] - v * p[at + 1])) * z;
  }

  #setPlanes(points: readonly number[]): boolean {
    const [ax, ay, az, au, av] = points;
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
    const put = (offset: number, gx: number, gy: number, gz: number) => {
      const { focal, centreX, horizon } = this.pinhole;
      this.#planes[offset] = gx / focal;
      this.#planes[offset + 1] = -gy / focal;
      this.#planes[offset + 2] = gz + (gy * horizon - gx * centreX) / focal;
    };
    put(at, nx / distance, ny / distance, nz / distance);
    // The gradient of u along the plane: du1 (e2 x n) + du2 (n x e1), over n.n.
    for (let k = 0; k < 2; k++) {
      const base = k === 0 ? au : av;
      const d1 = (points[8 + k] - base) / square;
      const d2 = (points[13 + k] - base) / square;
      const gx = d1 * (e2y * nz - e2z * ny) + d2 * (ny * e1z - nz * e1y);
      const gy = d1 * (e2z * nx - e2x * nz) + d2 * (nz * e1x - nx * e1z);
      const gz = d1 * (e2x * ny - e2y * nx) + d2 * (nx * e1y - ny * e1x);
      const constant = base - gx * ax - gy * ay - gz * az;
      const over = constant / distance;
      put(at + 3 + 3 * k, gx + over * nx, gy + over * ny, gz + over * nz);
    }
    return true;
  }

  /** Marks the samples in which the polygon is nearest so far; false when it is in none. */
  #fill(points: readonly number[]): boolean {
    const { width, height, focal, centreX, horizon } = this.pinhole;
    const rows = height * SAMPLES;
    const count = points.length / 3;
    const left = this.#left;
    const right = this.#right;
    let top = rows;
    let bottom = 0;
    let leftmost = width;
    let rightmost = 0;
    let x0 = centreX + (focal * points[3 * count - 3]) / points[3 * count - 1];
    let y0 = SAMPLES * (horizon - (focal * points[3 * count - 2]) / points[3 * count - 1]) - 0.5;
    let reset = false;
    for (let pass = 0; pass < 2; pass++) {
      for (let i = 0; i < count; i++) {
        const x1 = centreX + (focal * points[3 * i]) / points[3 * i + 2];
        const y1 = SAMPLES * (horizon - (focal * points[3 * i + 1]) / points[3 * i + 2]) - 0.5;
        if (pass === 0) {
          top = Math.min(top, Math.max(0, Math.ceil(y1)));
          bottom = Math.max(bottom, Math.min(rows, Math.floor(y1) + 1));
          if (x1 < leftmost) leftmost = x1;
          if (x1 > rightmost) rightmost = x1;
        } else {
          const from = Math.max(0, Math.ceil(y0 < y1 ? y0 : y1));
          const to = Math.min(rows - 1, Math.floor(y0 < y1 ? y1 : y0));
          const slope = (x1 - x0) / (y1 - y0);
          for (let row = from; row <= to; row++) {
            const x = y1 === y0 ? x0 : x0 + slope * (row - y0);
            if (x < left[row]) left[row] = x;
            if (x > right[row]) right[row] = x;
          }
        }
        x0 = x1;
        y0 = y1;
      }
      if (top >= bottom || leftmost >= width || rightmost <= 0) return false;
      if (!reset) {
        left.fill(Number.POSITIVE_INFINITY, top, bottom);
        right.fill(Number.NEGATIVE_INFINITY, top, bottom);
        reset = true;
      }
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

/** Where a ray meets a surface: depth in metres, surface coordinates, and their change over one pixel. */
export interface SurfacePoint {
  z: number;
  u: number;
  v: number;
  du: number;
  dv: number;
}

/** The polygon's part ahead of the near plane, as x, y, z of each corner. */
function clipNear(points: readonly number[]): number[] {
  const out: number[] = [];
  const count = points.length / 5;
  for (let i = 0; i < count; i++) {
    const at = 5 * i;
    const next = 5 * ((i + 1) % count);
    const z0 = points[at + 2];
    const z1 = points[next + 2];
    if (z0 >= NEAR) out.push(points[at], points[at + 1], z0);
    if (z0 >= NEAR !== z1 >= NEAR) {
      const f = (NEAR - z0) / (z1 - z0);
      out.push(
        points[at] + f * (points[next] - points[at]),
        points[at + 1] + f * (points[next + 1] - points[at + 1]),
        NEAR,
      );
    }
  }
  return out;
}
