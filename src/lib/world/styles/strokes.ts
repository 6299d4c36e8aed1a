// Marks of pencil and brush that stick to the surfaces they are on, and the grain of paper that sticks to the picture.

import { hashUnit, noise2, stripes } from '../noise.js';

/**
 * Lines `pixels` apart across a surface coordinate, in [0, 1]: their distance in metres doubles with depth, one set fading into the
 * next, so that they stay about as dense in the picture and move with the surface.
 *
 * @param q the coordinate in metres, `footprint` its change over one pixel, `width` the share of the distance that is line
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

/** Noise in [0, 1] on a surface with spots of about `long` by `wide` pixels along u and v, fading from scale to scale likewise. */
export function surfaceNoise(
  u: number,
  v: number,
  du: number,
  dv: number,
  long: number,
  wide: number,
  seed: number,
): number {
  const levelU = Math.log2(Math.max(1e-4, du * long));
  const levelV = Math.log2(Math.max(1e-4, dv * wide));
  const i = Math.floor(levelU);
  const j = Math.floor(levelV);
  const fu = levelU - i;
  const fv = levelV - j;
  const a = u / 2 ** i;
  const b = v / 2 ** j;
  // Each pair of scales has its own noise, so that the same pair is the same whichever side it is faded in from.
  const own = seed + i + 9 * j;
  const near = noise2(a, b, own) * (1 - fu) + noise2(a / 2, b, own + 1) * fu;
  const far = noise2(a, b / 2, own + 9) * (1 - fu) + noise2(a / 2, b / 2, own + 10) * fu;
  // Blending two noises narrows their spread; widen it again.
  const mean = near + (far - near) * fv - 0.5;
  const spread = Math.sqrt((fu * fu + (1 - fu) ** 2) * (fv * fv + (1 - fv) ** 2));
  const widened = 0.5 + mean / Math.max(0.5, spread);
  return widened < 0 ? 0 : widened > 1 ? 1 : widened;
}

const papers = new Map<string, Float32Array>();

/** Grain of paper or canvas in [-1, 1], one number a pixel, the same for every picture of this size; spots keep their share of it. */
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
