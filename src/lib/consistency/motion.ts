// The motion between two frames of a video: where each pixel is in the other frame, and whether it is seen there.

import { type Correspondence, followedBy, type SourceFrame, type SourceMotion } from '../video/flow/correspondence.js';
import { estimateFlow, type FlowMethod } from '../video/flow/estimate-flow.js';
import type { Flow } from '../video/flow/flow.js';
import { returning } from '../video/flow/warp.js';

export type { Correspondence, SourceFrame, SourceMotion };

const motions = new Map<FlowMethod, SourceMotion>();

/** Motion by an estimator of optical flow; visible is where the flow back returns [Ruder et al. 2016]. */
export function motionBy(method: FlowMethod): SourceMotion {
  const motion =
    motions.get(method) ??
    rememberedMotion(async (earlier, later) => {
      const { there, back } = await estimateFlow(earlier.frame, later.frame, method);
      return [correspondence(there, back), correspondence(back, there)];
    });
  motions.set(method, motion);
  return motion;
}

/**
 * A motion both directions of which are found together, and remembered as long as its frames are, for all who ask for the same
 * two.
 *
 * @param find the motion from the earlier of two frames to the later one, and back
 */
export function rememberedMotion(
  find: (earlier: SourceFrame, later: SourceFrame) => Promise<readonly [there: Correspondence, back: Correspondence]>,
): SourceMotion {
  const known = new WeakMap<SourceFrame, WeakMap<SourceFrame, Promise<Correspondence>>>();
  const remember = (from: SourceFrame, to: SourceFrame, motion: Promise<Correspondence>): void => {
    known.set(from, (known.get(from) ?? new WeakMap()).set(to, motion));
  };
  return async (from, to) => {
    const [earlier, later] = from.index <= to.index ? [from, to] : [to, from];
    if (!known.get(from)?.has(to)) {
      const pair = find(earlier, later);
      const [there, back] = [0, 1].map((i) => pair.then((both) => both[i]));
      remember(earlier, later, there);
      remember(later, earlier, back);
    }
    return known.get(from)!.get(to)!;
  };
}

const correspondence = (flow: Flow, back: Flow): Correspondence => ({ flow, visible: returning(flow, back) });

/**
 * The motion from a frame to another by way of those between: estimators follow small motions much better than large ones.
 * Over four frames of the bundled shots, DIS is off by 2.5 to 5.8 pixels this way, and by 4.2 to 9.2 directly.
 *
 * @param path consecutive frames, the first and the last of which are compared
 */
export async function motionThrough(path: readonly SourceFrame[], motion: SourceMotion): Promise<Correspondence> {
  let through = await motion(path[0], path[1]);
  for (let i = 1; i + 1 < path.length; i++) through = followedBy(through, await motion(path[i], path[i + 1]));
  return through;
}
