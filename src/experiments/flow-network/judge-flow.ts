// Endpoint error of a flow against the true motion, over the pixels that are seen in both pictures.

import type { MovingPair } from '../../lib/world/sampling/moving-pair.js';

/** Mean endpoint error in pixels (H x W x 2 against the pair's own). */
export function endpointError(flow: Float32Array, { flow: truth, visible }: MovingPair): number {
  let sum = 0;
  let count = 0;
  visible.forEach((seen, p) => {
    if (!seen) return;
    sum += Math.hypot(flow[2 * p] - truth[2 * p], flow[2 * p + 1] - truth[2 * p + 1]);
    count++;
  });
  return sum / Math.max(1, count);
}
