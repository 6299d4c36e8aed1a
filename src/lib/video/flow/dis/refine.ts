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

/**
 * Numbers of a cell of the linear system [a11 a12; a12 a22] (du, dv) = (b1, b2): `STEP1` is OMEGA / a11, and `WEIGHT` ties
 * the cell to the right and below.
 */
const [STEP1, A12, STEP2, B1, B2, WEIGHT, DU, DV, CELL] = [0, 1, 2, 3, 4, 5, 6, 7, 8];
/** Numbers of a pixel: derivatives of the mean of both pictures along the flow (x, y) and of their difference (z); the flow. */
const [X, Y, Z, XX, XY, YY, XZ, YZ, U, V, PIXEL] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10];

/** Refines a flow [H x W] in place. */
export function refineFlow(from: Level, to: Level, flow: Displacements, settings: RefinementSettings): void {
  const { width, height } = from;
  const pixels = derive(from, to, flow);
  // With a border of cells of weight 0, so that all cells have four neighbours.
  const cells = new Float32Array(CELL * (width + 2) * (height + 2));
  const system: System = { width, height, pixels, cells };
  for (let iteration = 0; iteration < settings.iterations; iteration++) {
    for (let y = 0; y < height; y++) setRow(system, y, settings);
    for (let i = 0; i < RELAXATIONS; i++) {
      relax(system, 0);
      relax(system, 1);
    }
  }
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0, c = firstCell(system, y); x < width; x++, i++, c += CELL) {
      flow.u[i] += cells[c + DU];
      flow.v[i] += cells[c + DV];
    }
  }
}

/** A refinement in progress. One array holds all numbers of a cell, another those of a pixel: reading many is slow. */
interface System {
  readonly width: number;
  readonly height: number;
  readonly pixels: Float32Array;
  readonly cells: Float32Array;
}

const firstCell = ({ width }: System, y: number): number => CELL * ((y + 1) * (width + 2) + 1);

function derive(from: Level, to: Level, { u, v }: Displacements): Float32Array {
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
  const pixels = new Float32Array(PIXEL * width * height);
  for (let row = 0, i = 0, p = 0; row < height; row++) {
    const above = row > 0 ? -width : 0;
    const below = row + 1 < height ? width : 0;
    for (let column = 0; column < width; column++, i++, p += PIXEL) {
      const left = column > 0 ? i - 1 : i;
      const right = column + 1 < width ? i + 1 : i;
      pixels[p + X] = x[i];
      pixels[p + Y] = y[i];
      pixels[p + Z] = z[i];
      pixels[p + XX] = x[right] - x[left];
      pixels[p + XY] = x[i + below] - x[i + above];
      pixels[p + YY] = y[i + below] - y[i + above];
      pixels[p + XZ] = z[right] - z[left];
      pixels[p + YZ] = z[i + below] - z[i + above];
      pixels[p + U] = u[i];
      pixels[p + V] = v[i];
    }
  }
  return pixels;
}

function sample({ width, height, data }: Level, x: number, y: number): number {
  const px = Math.min(width - 1, Math.max(0, x));
  const py = Math.min(height - 1, Math.max(0, y));
  const left = Math.floor(px);
  const top = Math.floor(py);
  const right = Math.min(width - 1, left + 1);
  const below = Math.min(height - 1, top + 1) * width;
  const fx = px - left;
  const upper = data[top * width + left] + fx * (data[top * width + right] - data[top * width + left]);
  const lower = data[below + left] + fx * (data[below + right] - data[below + left]);
  return upper + (py - top) * (lower - upper);
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

/**
 * The equations of a row of cells. Constancy of grey values and of slopes, linearised, each weighted by 1 / its current error;
 * smoothness: each pixel is tied to its neighbours, less where the flow changes.
 */
function setRow(system: System, y: number, { smoothness, grey, slope }: RefinementSettings): void {
  const { width, height, pixels: d, cells: s } = system;
  const alpha = smoothness / 2;
  const above = CELL * (width + 2);
  const nextRow = y + 1 < height ? PIXEL * width : 0;
  const cellBelow = y + 1 < height ? above : 0;
  for (let x = 0, p = PIXEL * y * width, c = firstCell(system, y); x < width; x++, p += PIXEL, c += CELL) {
    const du = s[c + DU];
    const dv = s[c + DV];
    const dx = d[p + X];
    const dy = d[p + Y];
    const dz = d[p + Z];
    const xx = d[p + XX];
    const xy = d[p + XY];
    const yy = d[p + YY];
    const xz = d[p + XZ];
    const yz = d[p + YZ];
    const share = 1 / (dx * dx + dy * dy + ZETA_SQUARED);
    const error = dz + dx * du + dy * dv;
    const w = (grey / 2) * (share / Math.sqrt(error * error * share + EPSILON_SQUARED));
    const share1 = 1 / (xx * xx + xy * xy + ZETA_SQUARED);
    const share2 = 1 / (yy * yy + xy * xy + ZETA_SQUARED);
    const error1 = xz + xx * du + xy * dv;
    const error2 = yz + xy * du + yy * dv;
    const w2 = slope / 2 / Math.sqrt(error1 * error1 * share1 + error2 * error2 * share2 + EPSILON_SQUARED);
    const w1x = w2 * share1;
    const w2x = w2 * share2;

    const u = d[p + U];
    const v = d[p + V];
    const right = x + 1 < width ? PIXEL : 0;
    const cellRight = x + 1 < width ? CELL : 0;
    const uRight = d[p + right + U];
    const vRight = d[p + right + V];
    const uBelow = d[p + nextRow + U];
    const vBelow = d[p + nextRow + V];
    const wholeU = Math.fround(u + du);
    const wholeV = Math.fround(v + dv);
    const ux = Math.fround(uRight + s[c + cellRight + DU]) - wholeU;
    const vx = Math.fround(vRight + s[c + cellRight + DV]) - wholeV;
    const uy = Math.fround(uBelow + s[c + cellBelow + DU]) - wholeU;
    const vy = Math.fround(vBelow + s[c + cellBelow + DV]) - wholeV;
    const weight = Math.fround(alpha / Math.sqrt(ux * ux + vx * vx + uy * uy + vy * vy + EPSILON_SQUARED));
    s[c + WEIGHT] = weight;
    const toRight = right ? weight : 0;
    const toBelow = nextRow ? weight : 0;
    const toLeft = s[c - CELL + WEIGHT];
    const toAbove = s[c - above + WEIGHT];
    const left = x > 0 ? p - PIXEL : p;
    const uLeft = d[left + U];
    const vLeft = d[left + V];
    const upper = y > 0 ? p - PIXEL * width : p;
    const uAbove = d[upper + U];
    const vAbove = d[upper + V];
    const ties = toAbove + toLeft + toRight + toBelow;
    s[c + STEP1] = OMEGA / (w * dx * dx + ZETA_SQUARED + w1x * xx * xx + w2x * xy * xy + ties);
    s[c + A12] = w * dx * dy + w1x * xx * xy + w2x * xy * yy;
    s[c + STEP2] = OMEGA / (w * dy * dy + ZETA_SQUARED + w1x * xy * xy + w2x * yy * yy + ties);
    s[c + B1] =
      -w * dz * dx -
      w1x * xx * xz -
      w2x * xy * yz +
      toAbove * (uAbove - u) +
      toLeft * (uLeft - u) +
      toRight * (uRight - u) +
      toBelow * (uBelow - u);
    s[c + B2] =
      -w * dz * dy -
      w1x * xy * xz -
      w2x * yy * yz +
      toAbove * (vAbove - v) +
      toLeft * (vLeft - v) +
      toRight * (vRight - v) +
      toBelow * (vBelow - v);
  }
}

/** One sweep over the cells of a parity. */
function relax(system: System, parity: number): void {
  const { width, height, cells: s } = system;
  const row = CELL * (width + 2);
  for (let y = 0; y < height; y++) {
    const first = firstCell(system, y);
    const end = first + CELL * width;
    for (let c = first + CELL * ((y + parity) % 2); c < end; c += 2 * CELL) {
      const own = s[c + WEIGHT];
      const left = s[c - CELL + WEIGHT];
      const above = s[c - row + WEIGHT];
      const a12 = s[c + A12];
      const u = s[c + DU];
      const v = s[c + DV];
      const sumU =
        s[c + B1] + left * s[c - CELL + DU] + own * s[c + CELL + DU] + above * s[c - row + DU] + own * s[c + row + DU];
      const sumV =
        s[c + B2] + left * s[c - CELL + DV] + own * s[c + CELL + DV] + above * s[c - row + DV] + own * s[c + row + DV];
      const du = Math.fround((1 - OMEGA) * u + s[c + STEP1] * (sumU - v * a12));
      s[c + DU] = du;
      s[c + DV] = (1 - OMEGA) * v + s[c + STEP2] * (sumV - du * a12);
    }
  }
}
