// Filters over the buffers of a painting, which styles are made of: blur, glow, outlines, conversion to a frame.

import { boxBlur } from '../../tensor/box-blur.js';
import type { Frame } from '../../tensor/frame.js';
import { smoothstep } from '../noise.js';
import type { Painting } from './painting.js';

/** The size of a buffer, in pixels. */
export type Size = Pick<Painting, 'width' | 'height'>;

const CHANNELS = 3;

/** Rounds a picture of three channels in [0, 1] to a frame. */
export function toFrame({ width, height }: Size, colour: Float32Array): Frame {
  const data = new Uint8Array(3 * width * height);
  for (let i = 0; i < data.length; i++) {
    const c = colour[i];
    data[i] = c <= 0 ? 0 : c >= 1 ? 255 : c * 255 + 0.5;
  }
  return { width, height, data };
}

/** A Gaussian-like blur of three interleaved channels; the radius is in pixels, fractions allowed. */
export function blur(source: Float32Array, { width, height }: Size, radius: number): Float32Array {
  return boxBlur(source, { width, height, channels: CHANNELS }, radius);
}

/**
 * Adds light around glowing things to a displayed picture, in place: `strength` of it spread over `radius` per 128 pixels.
 */
export function addGlow(colour: Float32Array, painting: Painting, strength: number, radius: number): void {
  const { width, glow } = painting;
  let brightest = 0;
  for (let i = 0; i < glow.length; i++) if (glow[i] > brightest) brightest = glow[i];
  if (brightest < 0.02) return;
  const spread = wideBlur(glow, painting, (radius * width) / 128);
  for (let i = 0; i < colour.length; i++) {
    const light = colour[i] * colour[i] + strength * spread[i];
    colour[i] = Math.sqrt(light);
  }
}

/** `blur` at half the size, which costs a quarter; for radii from 1.5 pixels. */
export function wideBlur(source: Float32Array, { width, height }: Size, radius: number): Float32Array {
  const w = (width + 1) >> 1;
  const h = (height + 1) >> 1;
  const half = new Float32Array(3 * w * h);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const to = 3 * ((y >> 1) * w + (x >> 1));
      const from = 3 * (y * width + x);
      for (let c = 0; c < 3; c++) half[to + c] += 0.25 * source[from + c];
    }
  }
  const soft = blur(half, { width: w, height: h }, radius / 2);
  const result = new Float32Array(source.length);
  for (let y = 0; y < height; y++) {
    const y0 = y >> 1;
    const y1 = Math.min(h - 1, Math.max(0, y0 + (y & 1 ? 1 : -1)));
    for (let x = 0; x < width; x++) {
      const x0 = x >> 1;
      const x1 = Math.min(w - 1, Math.max(0, x0 + (x & 1 ? 1 : -1)));
      const to = 3 * (y * width + x);
      for (let c = 0; c < 3; c++) {
        const near = 0.75 * soft[3 * (y0 * w + x0) + c] + 0.25 * soft[3 * (y0 * w + x1) + c];
        const far = 0.75 * soft[3 * (y1 * w + x0) + c] + 0.25 * soft[3 * (y1 * w + x1) + c];
        result[to + c] = 0.75 * near + 0.25 * far;
      }
    }
  }
  return result;
}

/**
 * Outlines in [0, 1]: where neighbouring pixels show different things, or a drawn detail ends. `detail` weighs the latter.
 * Smooth, so that they move with what they surround; `thin` ones are about one pixel wide, others two.
 */
export function outlines(painting: Painting, detail: number, thin = false): Float32Array {
  const { width, height, things, detail: drawn, nearness } = painting;
  const lines = new Float32Array(width * height);
  for (let y = 0; y < height; y++) {
    const up = y > 0 && !thin ? -width : 0;
    const down = y < height - 1 ? width : 0;
    for (let x = 0; x < width; x++) {
      const at = y * width + x;
      const left = x > 0 && !thin ? -1 : 0;
      const right = x < width - 1 ? 1 : 0;
      let largest = 0;
      for (let c = 0; c < 3; c++) {
        const dx = things[3 * (at + right) + c] - things[3 * (at + left) + c];
        const dy = things[3 * (at + down) + c] - things[3 * (at + up) + c];
        const square = dx * dx + dy * dy;
        if (square > largest) largest = square;
      }
      const dx = drawn[at + right] - drawn[at + left];
      const dy = drawn[at + down] - drawn[at + up];
      // Far away, where things are finer than lines, lines get faint.
      const near = Math.max(
        nearness[at],
        nearness[at + left],
        nearness[at + right],
        nearness[at + up],
        nearness[at + down],
      );
      const faint = 0.25 + 0.75 * smoothstep(0.008, 0.04, near);
      const thing = Math.sqrt(largest) * 1.8;
      const part = Math.sqrt(dx * dx + dy * dy) * detail;
      const line = thing > part ? thing : part;
      lines[at] = faint * (line > 1 ? 1 : line);
    }
  }
  return lines;
}
