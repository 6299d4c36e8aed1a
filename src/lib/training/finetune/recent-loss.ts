// The final loss of a training as one number.

import { mean } from '../../base/mean.js';

/** Mean loss of the last quarter of the iterations, at most 100, and the number of these. */
export function recentLoss(losses: readonly number[]): { readonly mean: number; readonly iterations: number } {
  const recent = losses.slice(-Math.min(100, Math.ceil(losses.length / 4)));
  return { mean: mean(recent), iterations: recent.length };
}
