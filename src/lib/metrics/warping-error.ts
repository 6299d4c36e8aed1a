// The error of predicting a frame from the next one along the source's motion. Flow and occlusion are from `video`.

import type { Frame } from '../tensor/frame.js';
import type { Correspondence } from '../video/flow/correspondence.js';
import { type Picture, warp } from '../video/flow/warp.js';

const UNIT = Float32Array.from({ length: 256 }, (_, value) => value / 255);

function unitPicture(frame: Frame): Picture {
  const { width, height, data } = frame;
  const values = new Float32Array(data.length);
  for (let i = 0; i < values.length; i++) values[i] = UNIT[data[i]];
  return { width, height, channels: 3, data: values };
}

/** Least share of the pixels from which an error between distant frames is told. */
const LEAST_VISIBLE = 0.01;

/** {@link warpingError} of frames of any distance along a motion; null where less than a hundredth of the first is seen. */
export function driftError(first: Frame, later: Frame, motion: Correspondence): number | null {
  const { visible } = motion;
  const seen = visible.reduce((sum, value) => sum + value, 0);
  return seen < LEAST_VISIBLE * visible.length ? null : warpingError(first, later, motion);
}

/**
 * Warping error of a pair of frames in [0, 1]: sum M (warp(next, f) - current)^2 / (3 sum M).
 * A pair without visible pixels counts as 0, as in the authors' code.
 *
 * Source: Lai et al. 2018, Learning blind video temporal consistency.
 *
 * @param motion the *source* video's flow f from the current frame to the next, and the mask M of what is visible
 */
export function warpingError(current: Frame, next: Frame, { flow, visible }: Correspondence): number {
  const warped = warp(unitPicture(next), flow).data;
  let sum = 0;
  let pixels = 0;
  for (let p = 0; p < visible.length; p++) {
    if (visible[p] === 0) continue;
    pixels++;
    for (let i = 3 * p; i < 3 * p + 3; i++) {
      const difference = warped[i] - current.data[i] / 255;
      sum += difference * difference;
    }
  }
  return pixels === 0 ? 0 : sum / (3 * pixels);
}
