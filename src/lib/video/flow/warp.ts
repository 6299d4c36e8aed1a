// Warping along an optical flow, and its occlusion mask. The flow itself is computed in flow.ts. Rounding equals OpenCV's
// `remap` bit by bit, so that numbers agree with tools based on it.

import { UsageError } from '../../base/errors.js';
import type { Frame } from '../../tensor/frame.js';
import type { Flow } from './flow.js';

/** A picture of floats, H x W x `channels`, row by row. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly data: Float32Array;
}

const { fround } = Math;
const clamp = (value: number, last: number): number => (value > 0 ? (value < last ? value : last) : 0) | 0;

/** Rounds halves to even: at this magnitude a double has no fraction bits. */
const roundHalfEven = (value: number): number => value + 6755399441055744 - 6755399441055744;

function assertSameSize(what: string, picture: { width: number; height: number }, flow: Flow): void {
  if (picture.width !== flow.width || picture.height !== flow.height) {
    throw new UsageError(
      `${what} is ${picture.width}x${picture.height} but the flow is ${flow.width}x${flow.height}; compute the flow from pictures of that size`,
    );
  }
}

/**
 * Warps a picture backwards along a flow: result(x, y) = picture(x + dx, y + dy), bilinear, the border's pixels repeated
 * outwards. With the flow from frame t to t + 1 and the picture of t + 1, the result predicts frame t.
 *
 * Equals OpenCV 5's `remap(INTER_LINEAR, BORDER_REPLICATE)` of pictures with 3 channels bit by bit: two horizontal and one
 * vertical interpolation in single precision, each a fused multiply-add.
 *
 * @throws UsageError when picture and flow differ in size
 */
export function warp(picture: Picture, flow: Flow): Picture {
  assertSameSize('warp: the picture', picture, flow);
  const { width, height, channels, data: from } = picture;
  const to = new Float32Array(from.length);
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      const u = fround(x + flow.data[2 * i]);
      const v = fround(y + flow.data[2 * i + 1]);
      const left = Math.floor(u);
      const top = Math.floor(v);
      const right = fround(u - left);
      const down = fround(v - top);
      const x0 = clamp(left, width - 1) * channels;
      const x1 = clamp(left + 1, width - 1) * channels;
      const y0 = clamp(top, height - 1) * width * channels;
      const y1 = clamp(top + 1, height - 1) * width * channels;
      for (let c = 0; c < channels; c++) {
        const a = from[y0 + x0 + c];
        const b = from[y1 + x0 + c];
        const upper = fround(a + right * fround(from[y0 + x1 + c] - a));
        const lower = fround(b + right * fround(from[y1 + x1 + c] - b));
        to[i * channels + c] = upper + down * fround(lower - upper);
      }
    }
  }
  return { width, height, channels, data: to };
}

/**
 * {@link warp} for an 8-bit frame: interpolated in floats, then rounded.
 *
 * @throws UsageError when frame and flow differ in size
 */
export function warpFrame(frame: Frame, flow: Flow): Frame {
  const { width, height } = frame;
  const warped = warp({ width, height, channels: 3, data: new Float32Array(frame.data) }, flow).data;
  const data = new Uint8Array(warped.length);
  for (let i = 0; i < data.length; i++) data[i] = roundHalfEven(warped[i]);
  return { width, height, data };
}

/**
 * A flow sampled at the targets of another one: b~(x, y) = b(x + dx, y + dy). Differs from {@link warp} in that positions
 * are first rounded to 1/32 pixel, as in OpenCV's `remap` with 2 channels.
 */
function followFlow(backward: Flow, forward: Flow): Float32Array {
  const { width, height, data: from } = backward;
  const to = new Float32Array(from.length);
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i += 2) {
      const u = roundHalfEven(32 * fround(x + forward.data[i]));
      const v = roundHalfEven(32 * fround(y + forward.data[i + 1]));
      const left = Math.floor(u / 32);
      const top = Math.floor(v / 32);
      const right = u / 32 - left;
      const down = v / 32 - top;
      const x0 = 2 * clamp(left, width - 1);
      const x1 = 2 * clamp(left + 1, width - 1);
      const y0 = 2 * clamp(top, height - 1) * width;
      const y1 = 2 * clamp(top + 1, height - 1) * width;
      for (let c = 0; c < 2; c++) {
        let sum = fround(from[y0 + x0 + c] * (1 - right) * (1 - down));
        sum = fround(sum + fround(from[y0 + x1 + c] * right * (1 - down)));
        sum = fround(sum + fround(from[y1 + x0 + c] * (1 - right) * down));
        to[i + c] = fround(sum + fround(from[y1 + x1 + c] * right * down));
      }
    }
  }
  return to;
}

/**
 * The occlusion mask of a forward flow f, one byte per pixel (H x W): 1 visible in both frames, 0 occluded or at a motion
 * boundary. With b~(x) = b(x + f(x)), a pixel is left out if |f + b~|^2 > 0.01 (|f|^2 + |b~|^2) + 0.5, or
 * |grad u|^2 + |grad v|^2 > 0.01 |f|^2 + 0.002, with f = (u, v) and forward differences (0 at the last column and row).
 *
 * Source: Ruder et al. 2016, Artistic style transfer for videos; used by Lai et al. 2018, Learning blind video temporal
 * consistency.
 *
 * @param forward flow from frame t to t + 1
 * @param backward flow from frame t + 1 to t
 * @throws UsageError when the flows differ in size
 */
export function nonOccluded(forward: Flow, backward: Flow): Uint8Array {
  const mask = returning(forward, backward);
  const { width, height, data: f } = forward;
  for (let y = 0, p = 0; y < height; y++) {
    for (let x = 0; x < width; x++, p++) {
      const i = 2 * p;
      const right = x + 1 < width ? i + 2 : i;
      const below = y + 1 < height ? i + 2 * width : i;
      const length = square(f[i], f[i + 1]);
      const gradientU = square(fround(f[right] - f[i]), fround(f[below] - f[i]));
      const gradientV = square(fround(f[right + 1] - f[i + 1]), fround(f[below + 1] - f[i + 1]));
      if (fround(gradientU + gradientV) > fround(fround(fround(0.01) * length) + fround(0.002))) mask[p] = 0;
    }
  }
  return mask;
}

/**
 * The first half of {@link nonOccluded}: 1 where the backward flow leads back to the pixel, motion boundaries included.
 *
 * @throws UsageError when the flows differ in size
 */
export function returning(forward: Flow, backward: Flow): Uint8Array {
  assertSameSize('nonOccluded: the backward flow', backward, forward);
  const { width, height, data: f } = forward;
  const b = followFlow(backward, forward);
  const mask = new Uint8Array(width * height);
  for (let p = 0, i = 0; p < mask.length; p++, i += 2) {
    const roundTrip = square(fround(f[i] + b[i]), fround(f[i + 1] + b[i + 1]));
    const lengths = fround(square(f[i], f[i + 1]) + square(b[i], b[i + 1]));
    mask[p] = roundTrip <= fround(fround(fround(0.01) * lengths) + 0.5) ? 1 : 0;
  }
  return mask;
}

const square = (x: number, y: number): number => fround(fround(x * x) + fround(y * y));
