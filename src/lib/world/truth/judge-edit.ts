// How far a restyled shot of the world is from what it should look like, which the renderer knows exactly.

import { UsageError } from '../../base/errors.js';
import { mean } from '../../base/mean.js';
import { compareFrames } from '../../metrics/pixels.js';
import type { Frame } from '../../tensor/frame.js';
import type { CarRegion } from '../car/region.js';

/** How near an edit comes to the truth. */
export interface EditJudgement {
  /** Mean over all frames of mean |output - truth|, 0..255. */
  readonly truthError: number;
  /**
   * Mean over the frames that show the car of the correlation between output and truth in and around it, -1 to 1; null where
   * no frame shows one. Near 1 the car is there as it should be; near 0 something else is.
   */
  readonly carCorrelation: number | null;
  /** The error of each frame. */
  readonly curve: readonly number[];
}

/** Pixels that are added to a car's box on every side: without its surroundings a car has no outline. */
const MARGIN = 4;

/**
 * Compares a restyled shot with its true rendering, frame by frame.
 *
 * @param regions where the car is in each frame, null where it is not in sight
 * @throws UsageError when the videos differ in length or size
 */
export async function judgeEdit(
  output: AsyncIterable<Frame>,
  truth: AsyncIterable<Frame>,
  regions: readonly (CarRegion | null)[],
): Promise<EditJudgement> {
  const curve: number[] = [];
  const correlations: number[] = [];
  const truths = truth[Symbol.asyncIterator]();
  for await (const frame of output) {
    const { done, value: right } = await truths.next();
    if (done || right.width !== frame.width || right.height !== frame.height) {
      throw new UsageError('judgeEdit: output and truth differ in length or size; pass the same frames of both');
    }
    const region = regions[curve.length];
    curve.push(compareFrames(frame, right).absolute);
    if (region) correlations.push(correlation(frame, right, region));
  }
  await truths.return?.();
  return {
    truthError: mean(curve),
    carCorrelation: correlations.length > 0 ? mean(correlations) : null,
    curve,
  };
}

/** Pearson's correlation of all values in the car's box and a margin around it. */
function correlation(a: Frame, b: Frame, region: CarRegion): number {
  const left = Math.max(0, region.left - MARGIN);
  const right = Math.min(a.width, region.right + MARGIN);
  const bottom = Math.min(a.height, region.bottom + MARGIN);
  let [n, sumA, sumB, sumAA, sumBB, sumAB] = [0, 0, 0, 0, 0, 0];
  for (let row = Math.max(0, region.top - MARGIN); row < bottom; row++) {
    for (let i = 3 * (row * a.width + left); i < 3 * (row * a.width + right); i++) {
      const [p, q] = [a.data[i], b.data[i]];
      n++;
      sumA += p;
      sumB += q;
      sumAA += p * p;
      sumBB += q * q;
      sumAB += p * q;
    }
  }
  const spread = Math.sqrt((n * sumAA - sumA * sumA) * (n * sumBB - sumB * sumB));
  return spread === 0 ? 0 : (n * sumAB - sumA * sumB) / spread;
}
