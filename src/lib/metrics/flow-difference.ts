// The difference of an output's motion from its source's motion (tOF).

import type { Flow } from '../video/flow/flow.js';

/**
 * Mean length in pixels of the difference of two flows of one size, mean |f - g|.
 *
 * Source: Chu et al. 2020, Learning temporal coherence via self-supervision for GAN-based video generation (TecoGAN's tOF).
 */
export function flowDifference(f: Flow, g: Flow): number {
  let sum = 0;
  for (let i = 0; i < f.data.length; i += 2) {
    const dx = f.data[i] - g.data[i];
    const dy = f.data[i + 1] - g.data[i + 1];
    sum += Math.sqrt(dx * dx + dy * dy);
  }
  return sum / (f.data.length / 2);
}
