// The error of a restyled shot of the world against its true rendering.

import { UsageError } from '../../base/errors.js';
import { mean } from '../../base/mean.js';
import { compareFrames } from '../../metrics/pixels.js';
import type { Frame } from '../../tensor/frame.js';
import type { CarRegion } from '../car/region.js';

/**
 * The errors of an edit against the truth.
 *
 * @inline
 */
export interface EditJudgement {
  /** Mean over all frames of mean |output - truth|, 0..255. */
  readonly truthError: number;
  /**
   * Correlation between output and truth in and around the car, -1 to 1, mean over the frames that show it; null if none
   * does. Near 1 the car is as it should be; near 0 something else is there.
   */
  readonly carCorrelation: number | null;
  /** The error of each frame. */
  readonly curve: readonly number[];
}

/** Pixels added to a car's box on every side, so that it includes the outline. */
const MARGIN = 4;

/**
 * Compares a restyled shot with its true rendering, frame by frame.
 *
 * @param regions the car in each frame, null when it is not visible
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
