// Marks of pencil and brush, fixed on the surfaces, and the grain of paper, fixed in the picture.

import { hashUnit, noise2, stripes } from '../noise.js';
import type { Painting } from '../picture/painting.js';

/**
 * Lines across a surface coordinate, in [0, 1]. Their distance in metres doubles with depth, one set fading into the next:
 * so they stay about equally dense in the picture and move with the surface.
 *
 * @param q the coordinate in metres
 * @param footprint its change over one pixel
 * @param pixels distance of the lines in the picture
 * @param width share of the distance that a line covers
 */
export function surfaceLines(q: number, footprint: number, pixels: number, width: number): number {
  const level = Math.log2(Math.max(1e-4, footprint * pixels));
  const whole = Math.floor(level);
  const share = level - whole;
  const period = 2 ** whole;
  const near = stripes(q / period, footprint / period, 0, width);
  const far = stripes(q / (2 * period), footprint / (2 * period), 0, width);
  return near + (far - near) * share;
}

/** Spots of noise on surfaces. */
export interface Spots {
  /** Their size in pixels along u and v, about. */
  readonly long: number;
  readonly wide: number;
  readonly seed: number;
}

/** Noise in [0, 1] at pixel `i`, fixed on the surface seen there; it fades from scale to scale as the lines do. */
export function surfaceNoise(
  painting: Pick<Painting, 'u' | 'v' | 'du' | 'dv'>,
  i: number,
  { long, wide, seed }: Spots,
): number {
  const levelU = Math.log2(Math.max(1e-4, painting.du[i] * long));
  const levelV = Math.log2(Math.max(1e-4, painting.dv[i] * wide));
  const wholeU = Math.floor(levelU);
  const wholeV = Math.floor(levelV);
  const fu = levelU - wholeU;
  const fv = levelV - wholeV;
  const a = painting.u[i] / 2 ** wholeU;
  const b = painting.v[i] / 2 ** wholeV;
  // Each pair of scales has its own noise, so that a pair is the same in both directions of a fade.
  const own = seed + wholeU + 9 * wholeV;
  const near = noise2(a, b, own) * (1 - fu) + noise2(a / 2, b, own + 1) * fu;
  const far = noise2(a, b / 2, own + 9) * (1 - fu) + noise2(a / 2, b / 2, own + 10) * fu;
  // Blending two noises narrows their spread, which is widened here.
  const mean = near + (far - near) * fv - 0.5;
  const spread = Math.sqrt((fu * fu + (1 - fu) ** 2) * (fv * fv + (1 - fv) ** 2));
  const widened = 0.5 + mean / Math.max(0.5, spread);
  return widened < 0 ? 0 : widened > 1 ? 1 : widened;
}

const papers = new Map<string, Float32Array>();

/**
 * Grain of paper or canvas in [-1, 1], one number a pixel; it is the same for every picture of this size, and scales with
 * it.
 */
export function paperGrain(width: number, height: number): Float32Array {
  const key = `${width}x${height}`;
  let grain = papers.get(key);
  if (!grain) {
    grain = new Float32Array(width * height);
    const scale = 128 / width;
    for (let y = 0, i = 0; y < height; y++) {
      for (let x = 0; x < width; x++, i++) {
        const fibre = noise2(0.45 * x * scale, 0.45 * y * scale, 21) + noise2(0.9 * x * scale, 0.9 * y * scale, 22);
        grain[i] = 0.75 * (fibre - 1) + 0.5 * (hashUnit(x, y, 23) - 0.5);
      }
    }
    papers.set(key, grain);
  }
  return grain;
}
