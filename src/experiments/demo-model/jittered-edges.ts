// The edges from which the demo model's ControlNet learns.

import { seedOf } from '../../lib/base/hash.js';
import { createGenerator } from '../../lib/base/random.js';
import { cannyEdges } from '../../lib/conditions/canny.js';
import type { Frame } from '../../lib/tensor/frame.js';

/** Canny's thresholds for pictures of the procedural world. */
export const WORLD_EDGES = { low: 60, high: 140 } as const;
const JITTER = { from: 0.6, to: 1.6 } as const;

/** Edges of a picture under thresholds of 0.6 to 1.6 times the usual, so that maps with more or fewer edges are known too. */
export function jitteredEdges(frame: Frame, key: string): Uint8Array {
  const factor = JITTER.from + (JITTER.to - JITTER.from) * createGenerator(seedOf(key)).uniform();
  return cannyEdges(frame, { low: factor * WORLD_EDGES.low, high: factor * WORLD_EDGES.high });
}
