// Snow on things.

import type { Rgb } from '../colour.js';
import type { Shade } from './lighting.js';

/** Fresh snow. */
export const SNOW: Rgb = [0.83, 0.87, 0.92];

/** Covers a share of a colour with snow, in place. */
export function cover(out: Shade, share: number): void {
  if (share <= 0) return;
  out.r += (SNOW[0] - out.r) * share;
  out.g += (SNOW[1] - out.g) * share;
  out.b += (SNOW[2] - out.b) * share;
}
