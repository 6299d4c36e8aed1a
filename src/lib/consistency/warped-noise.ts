// Noise that moves with the picture: what a rendering makes of its noise then moves with the things in it, instead of staying
// at its place in the frame [Burgert et al. 2025, Go-with-the-Flow]. noise-field.ts has the formulas.

import { UsageError } from '../base/errors.js';
import { seedOf } from '../base/hash.js';
import { createGenerator } from '../base/random.js';
import { STEADY } from '../settings/table.js';
import type { Frame } from '../tensor/frame.js';
import { randn } from '../tensor/randn.js';
import type { Tensor } from '../tensor/tensor.js';
import { isCut } from './cuts.js';
import type { KeyframeOptions } from './key-segments.js';
import { motionBy, type SourceFrame } from './motion.js';
import { coarseNoise, fineNoise, movedNoise, type NoiseField } from './noise-field.js';

/** The noise of a video: its seed and draw, as for `randn`, and its shape. */
export interface WarpedNoiseOptions extends Pick<KeyframeOptions, 'motion' | 'flow'> {
  /** Seed of the first frame's noise, and of what is new in later ones. */
  readonly seed: number | bigint;
  /** Which draw of the generator the noise of the first frame is; 1 by default. */
  readonly draw?: number;
  /** [1, C, h, w], whose sides divide those of the frames. */
  readonly shape: readonly number[];
}

/**
 * Returns a function that is called with the frames of a video in order and returns unit normal noise for each. The first
 * frame's is `randn(seed, shape, { draw })`; it moves on the grid of pixels along the source's motion. What nothing moves
 * into gets new noise, and after a cut the first frame's noise returns. The second argument is the frame with its number: with
 * the one that `keySegments` gets too, the motion of a pair of frames is estimated once for both.
 *
 * One frame and one field of noise are kept. The function throws UsageError when a frame's sides are not the same multiple of
 * the noise's.
 */
export function warpedNoise({
  seed,
  draw = 1,
  shape,
  flow = STEADY.flow.default,
  motion = motionBy(flow),
}: WarpedNoiseOptions): (frame: Frame, numbered?: SourceFrame) => Promise<Tensor<'float32'>> {
  const first = randn(seed, shape, { draw });
  let field: NoiseField | undefined;
  let before: SourceFrame | undefined;
  let index = 0;
  return async (frame, at = { index, frame }) => {
    const scale = scaleOf(frame, shape);
    const last = before;
    const generator = createGenerator(seedOf(`${seed} ${draw} warped noise ${index++}`));
    before = at;
    if (!field || !last || isCut(last.frame, frame)) {
      field = fineNoise(first, scale, generator);
      return first;
    }
    const [forward, backward] = await Promise.all([motion(last, at), motion(at, last)]);
    field = movedNoise(field, { forward: forward.flow, backward }, generator);
    return coarseNoise(field, scale);
  };
}

/**
 * Noise mixed with fresh noise, still unit normal: (z (1 - a) + r a) / sqrt(a^2 + (1 - a)^2).
 *
 * @param share a, from 0 for the noise itself to 1 for the fresh one
 */
export function mixedNoise(noise: Float32Array, fresh: Float32Array, share: number): Float32Array {
  const norm = Math.hypot(share, 1 - share);
  return noise.map((value, i) => (value * (1 - share) + fresh[i] * share) / norm);
}

/** The pixels of a frame beside each other that one value of noise is for. */
function scaleOf({ width, height }: Frame, shape: readonly number[]): number {
  const [, , h, w] = shape;
  const scale = width / w;
  if (Number.isInteger(scale) && scale * h === height) return scale;
  throw new UsageError(
    `warped noise: the frame is ${width}x${height} but the noise [${shape.join(', ')}]; pass frames whose sides are the same multiple of the noise's`,
  );
}
