// Random numbers as a function of place, and smooth noise made of them. base/random.ts has streams of random numbers.

/** 32 random bits as a function of two integers and a seed. */
export function hashBits(x: number, y: number, seed: number): number {
  let h = Math.imul(x, 0x27d4eb2d) ^ Math.imul(y, 0x165667b1) ^ Math.imul(seed, 0x9e3779b1);
  h = Math.imul(h ^ (h >>> 15), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** A random number in [0, 1) as a function of two integers and a seed. */
export function hashUnit(x: number, y: number, seed: number): number {
  return hashBits(x, y, seed) / 2 ** 32;
}

const TABLE_SIZE = 256;
const TABLE = Float32Array.from({ length: TABLE_SIZE * TABLE_SIZE }, (_, i) =>
  hashUnit(i % TABLE_SIZE, Math.floor(i / TABLE_SIZE), 1),
);

/** Smooth value noise in [0, 1] with cells of side 1, repeating after 256 cells; `seed` shifts it. */
export function noise2(x: number, y: number, seed = 0): number {
  const fx = Math.floor(x);
  const fy = Math.floor(y);
  const u = x - fx;
  const v = y - fy;
  const su = u * u * (3 - 2 * u);
  const sv = v * v * (3 - 2 * v);
  const x0 = (fx + seed * 37) & 255;
  const x1 = (x0 + 1) & 255;
  const y0 = ((fy + seed * 101) & 255) << 8;
  const y1 = (y0 + 256) & 65535;
  const a = TABLE[y0 | x0];
  const b = TABLE[y1 | x0];
  const top = a + (TABLE[y0 | x1] - a) * su;
  return top + (b + (TABLE[y1 | x1] - b) * su - top) * sv;
}

/** Noise of several scales in [0, 1]: octaves of half the size and half the weight each. */
export function fractalNoise2(x: number, y: number, octaves: number, seed = 0): number {
  let sum = 0;
  let weight = 0.5;
  let total = 0;
  for (let i = 0; i < octaves; i++) {
    sum += weight * noise2(x, y, seed + i);
    total += weight;
    weight /= 2;
    x = 2 * x + 17.3;
    y = 2 * y + 5.7;
  }
  return sum / total;
}

/** 0 below `low`, 1 above `high`, smooth between. */
export function smoothstep(low: number, high: number, x: number): number {
  const t = x <= low ? 0 : x >= high ? 1 : (x - low) / (high - low);
  return t * t * (3 - 2 * t);
}

/** `x` limited to [low, high]. */
export function clamp(x: number, low: number, high: number): number {
  return x < low ? low : x > high ? high : x;
}

/**
 * The share of [x - width/2, x + width/2] that stripes cover, which run from `from` to `to` in every period of length 1:
 * an exact box filter, so that a pattern fades into its mean where it gets finer than a pixel.
 */
export function stripes(x: number, width: number, from: number, to: number): number {
  const half = width > 1e-6 ? width / 2 : 5e-7;
  return (stripesUpTo(x + half, from, to) - stripesUpTo(x - half, from, to)) / (2 * half);
}

/** Length of the stripes of `stripes` from 0 to x. */
export function stripesUpTo(x: number, from: number, to: number): number {
  const whole = Math.floor(x);
  const rest = x - whole;
  return whole * (to - from) + (rest <= from ? 0 : rest >= to ? to - from : rest - from);
}

/** The share of [x - width/2, x + width/2] inside [from, to]. */
export function band(x: number, width: number, from: number, to: number): number {
  const half = width > 1e-6 ? width / 2 : 5e-7;
  const low = x - half > from ? x - half : from;
  const high = x + half < to ? x + half : to;
  return high <= low ? 0 : (high - low) / (2 * half);
}
