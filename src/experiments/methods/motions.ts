// The motions along which methods move pixels, by name; each pair of frames is compared once in a case.

import { estimatedMotion } from '../../lib/consistency/motion.js';
import type { Correspondence, SourceFrame, SourceMotion } from '../../lib/video/flow/correspondence.js';
import { opticalFlow, toGray } from '../../lib/video/flow/flow.js';
import { returning } from '../../lib/video/flow/warp.js';
import type { HeldOutShot } from '../../lib/world/held-out-shots.js';
import { shotMotion } from '../../lib/world/held-out-shots.js';
import { cpuSeconds } from './cpu-seconds.js';

/** The motions of a shot, by name. */
export const MOTIONS = {
  farneback: () => farnebackMotion,
  dis: () => estimatedMotion,
  true: shotMotion,
} satisfies Readonly<Record<string, (shot: HeldOutShot) => SourceMotion>>;

/** The name of a motion. */
export type MotionOf = keyof typeof MOTIONS;

async function farnebackMotion({ frame: from }: SourceFrame, { frame: to }: SourceFrame): Promise<Correspondence> {
  const [here, there] = [toGray(from), toGray(to)];
  const [flow, back] = [await opticalFlow(here, there), await opticalFlow(there, here)];
  return { flow, visible: returning(flow, back) };
}

/** A motion that remembers each pair, and what it cost. */
export interface RememberedMotion {
  readonly motion: SourceMotion;
  /** Seconds of the pairs that were asked for since the last call. */
  cost(): { readonly spent: number; readonly charged: number };
}

/**
 * Remembers the pairs of a motion. A method is charged for each pair that it asks for, also where another method had it
 * computed before.
 */
export function remembered(motion: SourceMotion): RememberedMotion {
  const known = new Map<string, Promise<{ readonly found: Correspondence; readonly seconds: number }>>();
  const asked = new Set<string>();
  let spent = 0;
  let queue: Promise<unknown> = Promise.resolve();
  const compute = async (from: SourceFrame, to: SourceFrame) => {
    const { value, seconds } = await cpuSeconds(async () => motion(from, to));
    spent += seconds;
    return { found: value, seconds };
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
      const { found, seconds } = await entry;
      charged.set(key, seconds);
      return found;
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
