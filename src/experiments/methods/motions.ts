// The motions along which methods move pixels, by name; each pair of frames is compared once in a case.

import {
  type Correspondence,
  motionBy,
  motionThrough,
  type SourceFrame,
  type SourceMotion,
} from '../../lib/consistency/motion.js';
import { FLOWS } from '../../lib/settings/table.js';
import type { Frame } from '../../lib/tensor/frame.js';
import { cpuSeconds } from './cpu-seconds.js';

/** The name of a motion: an estimator's, or the truth. */
export type MotionOf = (typeof FLOWS)[number] | 'true';

/** All motions of a video, the true one where it is known. */
export type Motions = Readonly<Record<(typeof FLOWS)[number], RememberedMotion>> & { readonly true?: RememberedMotion };

/** The motions, none of which is computed yet. Estimators compare neighbours; the truth knows any two frames. */
export function motionsOf(source: readonly Frame[], truth: SourceMotion | undefined): Motions {
  const frames = source.map((frame, index) => ({ index, frame }));
  const estimated = FLOWS.map((name) => [name, stepwise(frames, remembered(motionBy(name)))] as const);
  return {
    ...(Object.fromEntries(estimated) as Record<(typeof FLOWS)[number], RememberedMotion>),
    ...(truth && { true: remembered(truth) }),
  };
}

/** A motion between any two frames by way of those between. */
function stepwise(frames: readonly SourceFrame[], { motion, cost }: RememberedMotion): RememberedMotion {
  return {
    motion({ index: from }, { index: to }) {
      const path = frames.slice(Math.min(from, to), Math.max(from, to) + 1);
      return motionThrough(from < to ? path : path.reverse(), motion);
    },
    cost,
  };
}

/** A motion that remembers each pair, and what it cost. */
export interface RememberedMotion {
  readonly motion: SourceMotion;
  /** Since the last call: seconds of the pairs that were computed, and of those that were asked for. */
  cost(): { readonly spent: number; readonly charged: number };
}

/**
 * Remembers the pairs of a motion. A method is charged for each pair that it asks for, also where another method had it
 * computed before.
 */
export function remembered(motion: SourceMotion): RememberedMotion {
  const known = new Map<string, Promise<{ readonly value: Correspondence; readonly seconds: number }>>();
  const asked = new Set<string>();
  let spent = 0;
  let queue: Promise<unknown> = Promise.resolve();
  const compute = async (from: SourceFrame, to: SourceFrame) => {
    const found = await cpuSeconds(async () => motion(from, to));
    spent += found.seconds;
    return found;
  };
  const charged = new Map<string, number>();
  return {
    async motion(from, to) {
      const key = `${from.index}-${to.index}`;
      let entry = known.get(key);
      if (!entry) {
        // One after the other, so that each is timed alone.
        entry = queue.then(() => compute(from, to));
        queue = entry.catch(() => {});
        known.set(key, entry);
      }
      asked.add(key);
      const { value, seconds } = await entry;
      charged.set(key, seconds);
      return value;
    },
    cost() {
      const sum = [...asked].reduce((total, key) => total + (charged.get(key) ?? 0), 0);
      const result = { spent, charged: sum };
      asked.clear();
      spent = 0;
      return result;
    },
  };
}
