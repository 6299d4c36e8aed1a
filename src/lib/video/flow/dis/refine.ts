// Variational refinement of a flow (Brox et al. 2004, as DIS uses it): grey values and their slopes are constant along the
// flow, and the flow is smooth, each in a robust norm. Solved by red-black successive over-relaxation.

import type { Displacements } from './inverse-search.js';
import type { Level } from './pyramid.js';

/** Weights of the parts of the energy, and number of iterations. */
export interface RefinementSettings {
  /** How often the weights of the robust norms are updated. */
  readonly iterations: number;
  readonly smoothness: number;
  readonly grey: number;
  readonly slope: number;
}

const RELAXATIONS = 5;
const OMEGA = 1.6;
const ZETA_SQUARED = 0.1 * 0.1;
const EPSILON_SQUARED = 0.01 * 0.01;

/** Refines a flow [H x W] in place. */
export function refineFlow(from: Level, to: Level, flow: Displacements, settings: RefinementSettings): void {
  const { width, height } = from;
  const { u, v } = flow;
  const n = width * height;
  const derivatives = derive(from, to, flow);
  const [du, dv, a11, a12, a22, b1, b2, weights, wholeU, wholeV] = Array.from(
    { length: 10 },
    () => new Float32Array(n),
  );
  wholeU.set(u);
  wholeV.set(v);
  const whole: Displacements = { u: wholeU, v: wholeV };
  const system: System = { width, height, du, dv, a11, a12, a22, b1, b2, weights };
  for (let iteration = 0; iteration < settings.iterations; iteration++) {
    addData(system, derivatives, settings);
    addSmoothness(system, flow, whole, settings);
    for (let i = 0; i < RELAXATIONS; i++) {
      relax(system, 0);
      relax(system, 1);
    }
    for (let i = 0; i < n; i++) {
      wholeU[i] = u[i] + du[i];
      wholeV[i] = v[i] + dv[i];
    }
  }
  u.set(wholeU);
  v.set(wholeV);
}

/** The linear system of one iteration: [a11 a12; a12 a22] (du, dv) = (b1, b2), neighbours coupled by `weights`. */
interface System {
  readonly width: number;
  readonly height: number;
  readonly du: Float32Array;
  readonly dv: Float32Array;
  readonly a11: Float32Array;
  readonly a12: Float32Array;
  readonly a22: Float32Array;
  readonly b1: Float32Array;
  readonly b2: Float32Array;
  readonly weights: Float32Array;
}

/** Derivatives of the mean of both pictures along the flow (x, y) and of their difference (z). */
interface Derivatives {
  readonly x: Float32Array;
  readonly y: Float32Array;
  readonly z: Float32Array;
  readonly xx: Float32Array;
  readonly xy: Float32Array;
  readonly yy: Float32Array;
  readonly xz: Float32Array;
  readonly yz: Float32Array;
}

function derive(from: Level, to: Level, { u, v }: Displacements): Derivatives {
  const { width, height, data } = from;
  const mean = new Float32Array(width * height);
  const z = new Float32Array(width * height);
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      const seen = sample(to, x + u[i], y + v[i]);
      mean[i] = 0.5 * (data[i] + seen);
      z[i] = seen - data[i];
    }
  }
  const x = differenceX(mean, width, height);
  const y = differenceY(mean, width, height);
  return {
    x,
    y,
    z,
    xx: differenceX(x, width, height),
    xy: differenceY(x, width, height),
    yy: differenceY(y, width, height),
    xz: differenceX(z, width, height),
    yz: differenceY(z, width, height),
  };
}

function sample({ width, height, data }: Level, x: number, y: number): number {
  const px = Math.min(width - 1, Math.max(0, x));
  const py = Math.min(height - 1, Math.max(0, y));
  const left = Math.floor(px);
  const top = Math.floor(py);
  const right = Math.min(width - 1, left + 1);
  const below = Math.min(height - 1, top + 1) * width;
  const [fx, fy] = [px - left, py - top];
  const upper = data[top * width + left] + fx * (data[top * width + right] - data[top * width + left]);
  const lower = data[below + left] + fx * (data[below + right] - data[below + left]);
  return upper + fy * (lower - upper);
}

/** f(x + 1) - f(x - 1), the border repeated. */
function differenceX(f: Float32Array, width: number, height: number): Float32Array {
  const result = new Float32Array(f.length);
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) result[i] = f[x + 1 < width ? i + 1 : i] - f[x > 0 ? i - 1 : i];
  }
  return result;
}

function differenceY(f: Float32Array, width: number, height: number): Float32Array {
  const result = new Float32Array(f.length);
  for (let y = 0, i = 0; y < height; y++) {
    const above = y > 0 ? -width : 0;
    const below = y + 1 < height ? width : 0;
    for (let x = 0; x < width; x++, i++) result[i] = f[i + below] - f[i + above];
  }
  return result;
}

/** Constancy of grey values and of slopes, linearised, each weighted by 1 / its current error. */
function addData(s: System, d: Derivatives, settings: RefinementSettings): void {
  const { du, dv } = s;
  const grey = settings.grey / 2;
  const slope = settings.slope / 2;
  for (let i = 0; i < du.length; i++) {
    const [x, y, z] = [d.x[i], d.y[i], d.z[i]];
    const norm = x * x + y * y + ZETA_SQUARED;
    const error = z + x * du[i] + y * dv[i];
    const w = grey / Math.sqrt((error * error) / norm + EPSILON_SQUARED) / norm;
    const [xx, xy, yy, xz, yz] = [d.xx[i], d.xy[i], d.yy[i], d.xz[i], d.yz[i]];
    const norm1 = xx * xx + xy * xy + ZETA_SQUARED;
    const norm2 = yy * yy + xy * xy + ZETA_SQUARED;
    const error1 = xz + xx * du[i] + xy * dv[i];
    const error2 = yz + xy * du[i] + yy * dv[i];
    const w2 = slope / Math.sqrt((error1 * error1) / norm1 + (error2 * error2) / norm2 + EPSILON_SQUARED);
    s.a11[i] = w * x * x + ZETA_SQUARED + w2 * ((xx * xx) / norm1 + (xy * xy) / norm2);
    s.a12[i] = w * x * y + w2 * ((xx * xy) / norm1 + (xy * yy) / norm2);
    s.a22[i] = w * y * y + ZETA_SQUARED + w2 * ((xy * xy) / norm1 + (yy * yy) / norm2);
    s.b1[i] = -w * z * x - w2 * ((xx * xz) / norm1 + (xy * yz) / norm2);
    s.b2[i] = -w * z * y - w2 * ((xy * xz) / norm1 + (yy * yz) / norm2);
  }
}

/** Smoothness: each pixel is tied to its right and lower neighbours, less where the flow changes. */
function addSmoothness(
  s: System,
  { u, v }: Displacements,
  whole: Displacements,
  { smoothness }: RefinementSettings,
): void {
  const { width, height, a11, a22, b1, b2, weights } = s;
  const { u: wholeU, v: wholeV } = whole;
  const alpha = smoothness / 2;
  const tie = (i: number, j: number, w: number): void => {
    const pullU = w * (u[j] - u[i]);
    const pullV = w * (v[j] - v[i]);
    a11[i] += w;
    a22[i] += w;
    b1[i] += pullU;
    b2[i] += pullV;
    a11[j] += w;
    a22[j] += w;
    b1[j] -= pullU;
    b2[j] -= pullV;
  };
  for (let y = 0, i = 0; y < height; y++) {
    const below = y + 1 < height ? width : 0;
    for (let x = 0; x < width; x++, i++) {
      const right = x + 1 < width ? 1 : 0;
      const [ux, vx] = [wholeU[i + right] - wholeU[i], wholeV[i + right] - wholeV[i]];
      const [uy, vy] = [wholeU[i + below] - wholeU[i], wholeV[i + below] - wholeV[i]];
      const w = alpha / Math.sqrt(ux * ux + vx * vx + uy * uy + vy * vy + EPSILON_SQUARED);
      weights[i] = w;
      if (right) tie(i, i + right, w);
      if (below) tie(i, i + below, w);
    }
  }
}

/** One sweep over the cells of a parity. */
function relax({ width, height, du, dv, a11, a12, a22, b1, b2, weights }: System, parity: number): void {
  for (let y = 0; y < height; y++) {
    for (let x = (y + parity) % 2; x < width; x += 2) {
      const i = y * width + x;
      let sumU = b1[i];
      let sumV = b2[i];
      if (x > 0) {
        sumU += weights[i - 1] * du[i - 1];
        sumV += weights[i - 1] * dv[i - 1];
      }
      if (x + 1 < width) {
        sumU += weights[i] * du[i + 1];
        sumV += weights[i] * dv[i + 1];
      }
      if (y > 0) {
        sumU += weights[i - width] * du[i - width];
        sumV += weights[i - width] * dv[i - width];
      }
      if (y + 1 < height) {
        sumU += weights[i] * du[i + width];
        sumV += weights[i] * dv[i + width];
      }
      du[i] += OMEGA * ((sumU - dv[i] * a12[i]) / a11[i] - du[i]);
      dv[i] += OMEGA * ((sumV - du[i] * a12[i]) / a22[i] - dv[i]);
    }
  }
}
