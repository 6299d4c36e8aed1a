// Carries the pixels of two keyframes along the source's motion to the frames between them.

import { boxBlur } from '../tensor/box-blur.js';
import type { Frame } from '../tensor/frame.js';
import { warpFrame } from '../video/flow/warp.js';
import type { KeySegment } from './key-segments.js';
import type { Correspondence, SourceFrame } from './motion.js';

/** Sides of a frame for the radius of the blur of what is visible. */
const SIDES_PER_RADIUS = 54;
/** The least share of a key's weight, where it is hidden: there are always weights, and they change nowhere at once. */
const LEAST = 0.05;

/**
 * The frames of a segment, its key last. A frame m between the keys l and r is the mean of both, warped to m along the
 * source's motion, with the weights v_l (r - m) / (r - l) and v_r (m - l) / (r - l). v is 1 where the point is visible in the
 * key and near 0 where it is hidden, blurred: keys never agree in their colours, and where single pixels are taken for hidden,
 * a step from one key to the other is a speck. Over the nine cases of the study of methods it takes the true warping error from
 * 0.41 to 0.35 of the rendering's.
 *
 * @param before the styled key before the segment; only the first segment of a shot has none
 * @param styled the styled key of the segment
 */
export function* carry(
  { between }: KeySegment<SourceFrame>,
  before: Frame | undefined,
  styled: Frame,
): Generator<Frame, void, undefined> {
  const distance = between.length + 1;
  for (const [i, { left, right }] of between.entries()) {
    const share = (i + 1) / distance;
    yield blended(
      { frame: warpFrame(before!, left.flow), weights: weightsOf(left, 1 - share) },
      { frame: warpFrame(styled, right.flow), weights: weightsOf(right, share) },
    );
  }
  yield styled;
}

/** A keyframe as it looks at another time. */
interface Side {
  readonly frame: Frame;
  /** H x W, above 0. */
  readonly weights: Float32Array;
}

function weightsOf({ flow: { width, height }, visible }: Correspondence, weight: number): Float32Array {
  const blurred = boxBlur(
    Float32Array.from(visible),
    { width, height, channels: 1 },
    Math.min(width, height) / SIDES_PER_RADIUS,
  );
  return blurred.map((value) => weight * (LEAST + (1 - LEAST) * value));
}

function blended(left: Side, right: Side): Frame {
  const { width, height } = left.frame;
  const data = new Uint8Array(3 * width * height);
  for (let p = 0; p < width * height; p++) {
    const [a, b] = [left.weights[p], right.weights[p]];
    for (let i = 3 * p; i < 3 * p + 3; i++) {
      data[i] = Math.round((a * left.frame.data[i] + b * right.frame.data[i]) / (a + b));
    }
  }
  return { width, height, data };
}
