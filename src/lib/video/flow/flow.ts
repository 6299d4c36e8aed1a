// Dense optical flow between two pictures. Warping and occlusion are in warp.ts.

import { UsageError } from '../../base/errors.js';
import type { Frame } from '../../tensor/frame.js';
import { computeFlow } from './flow-workers.js';

/**
 * A motion field: the pixel at (x, y) of the first picture is at (x + dx, y + dy) in the second.
 * `data` is H x W x 2 in pixels, dx before dy.
 *
 * @inline
 */
export interface Flow {
  readonly width: number;
  readonly height: number;
  readonly data: Float32Array;
}

/** A picture of one channel, 8 bits, row by row (H x W). */
export interface GrayPicture {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/**
 * The luma of a frame, 0.299 R + 0.587 G + 0.114 B, in the 15-bit fixed point of OpenCV's `COLOR_RGB2GRAY`: equal to it for
 * each of the 2^24 colours.
 */
export function toGray(frame: Frame): GrayPicture {
  const { width, height, data: rgb } = frame;
  const data = new Uint8Array(width * height);
  for (let i = 0, p = 0; i < data.length; i++, p += 3) {
    data[i] = (9798 * rgb[p] + 19235 * rgb[p + 1] + 3735 * rgb[p + 2] + 16384) >> 15;
  }
  return { width, height, data };
}

/**
 * The motion from one picture to another by Farneback's polynomial expansion, with the settings of the metrics:
 * pyramid scale 0.5, 3 levels, window 15, 3 iterations, neighbourhood 5, sigma 1.2, box window.
 *
 * Runs in a worker thread, so concurrent calls share the machine's cores. The first call starts OpenCV (about half a
 * second).
 *
 * Source: Farneback 2003, Two-frame motion estimation based on polynomial expansion; OpenCV's `calcOpticalFlowFarneback`.
 *
 * @throws UsageError when the pictures differ in size, are empty, or their data does not fit their size
 * @throws FailureError when OpenCV does not start or runs out of memory
 */
export async function opticalFlow(from: GrayPicture, to: GrayPicture): Promise<Flow> {
  const { width, height } = from;
  if (width !== to.width || height !== to.height) {
    throw new UsageError(
      `opticalFlow: the pictures are ${width}x${height} and ${to.width}x${to.height}; scale or crop them to one size`,
    );
  }
  for (const picture of [from, to]) {
    if (picture.data.length === width * height && picture.data.length > 0) continue;
    throw new UsageError(
      `opticalFlow: a ${width}x${height} picture came with ${picture.data.length} bytes; pass one byte a pixel, as toGray gives`,
    );
  }
  return { width, height, data: await computeFlow({ width, height, from: from.data, to: to.data }) };
}
