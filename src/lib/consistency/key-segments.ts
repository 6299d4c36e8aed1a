// Decides from the source alone which frames of a video are keyframes, and how the frames between them are related to the
// keys on both sides. What carries pixels is in carry.ts.

import { assertInteger } from '../base/assert.js';
import { UsageError } from '../base/errors.js';
import { withDefaults } from '../settings/defaults.js';
import type { OptionsOf } from '../settings/setting.js';
import { STEADY } from '../settings/table.js';
import { isCut } from './cuts.js';
import { type Correspondence, motionBy, motionThrough, type SourceFrame, type SourceMotion } from './motion.js';

/**
 * Settings of the choice of keyframes.
 *
 * @inline
 */
export interface KeyframeOptions extends OptionsOf<typeof STEADY> {
  /** The source's motion between any two frames, where it is known; by default estimated from frame to frame. */
  readonly motion?: SourceMotion;
  /** Stops before the next frame; its reason is thrown. */
  readonly signal?: AbortSignal;
}

/** A frame between two keys, with its motion to both. */
export interface FrameBetween<F extends SourceFrame> {
  readonly at: F;
  readonly left: Correspondence;
  readonly right: Correspondence;
}

/** A keyframe, and the frames between it and the keyframe before. */
export interface KeySegment<F extends SourceFrame> {
  readonly between: readonly FrameBetween<F>[];
  readonly key: F;
}

/**
 * Yields a segment for each keyframe. Keys are the first and the last frame of each shot, every `keyEvery`-th frame after a
 * key, and the frame of which most is new, where that is more than `newShare`: the pixels that neither key shows. The choice
 * after a key does not depend on what was before it, so that a rendering continues at any key.
 *
 * At most `keyEvery` + 1 frames are in memory.
 *
 * @param neighbours the motion from frame to frame, where none between any two frames is known
 * @throws UsageError when `keyEvery` is no whole number from 1, or `newShare` is no share
 */
export async function* keySegments<F extends SourceFrame>(
  frames: AsyncIterable<F> | Iterable<F>,
  options: KeyframeOptions,
  neighbours: SourceMotion = motionBy(checkKeyframes(options).flow),
): AsyncGenerator<KeySegment<F>, void, undefined> {
  const { keyEvery, newShare, signal } = checkKeyframes(options);
  const known = options.motion;
  const motion = async (path: readonly F[]): Promise<Correspondence> =>
    known ? known(path[0], path[path.length - 1]) : motionThrough(path, neighbours);
  /** The key before, and the frames read since. */
  let window: F[] = [];
  const next = async (): Promise<KeySegment<F>> => {
    const segment = await segmentOf(window, newShare, motion);
    window = window.slice(segment.between.length + 1);
    return segment;
  };
  for await (const frame of frames) {
    signal?.throwIfAborted();
    const before = window.at(-1);
    if (!before || isCut(before.frame, frame.frame)) {
      while (window.length > 1) yield await next();
      window = [frame];
      yield { key: frame, between: [] };
    } else {
      window.push(frame);
      if (window.length > keyEvery) yield await next();
    }
  }
  while (window.length > 1) yield await next();
}

/** Settings of the choice of keyframes with their defaults, checked. */
export function checkKeyframes<O extends OptionsOf<typeof STEADY>>(options: O) {
  const settings = withDefaults(STEADY, options);
  assertInteger('keyEvery: the distance of keyframes', settings.keyEvery, 1);
  if (!(settings.newShare > 0 && settings.newShare <= 1)) {
    throw new UsageError(`newShare: a share of ${settings.newShare}, expected one above 0 and at most 1`);
  }
  return settings;
}

/** Number of keyframes of one shot without those where much is new. */
export function countKeys(frames: number, { keyEvery }: { readonly keyEvery: number }): number {
  return frames === 0 ? 0 : 1 + Math.ceil((frames - 1) / keyEvery);
}

/** From the first frame, which is a key, to the last one, or to an earlier one where too much is new. */
async function segmentOf<F extends SourceFrame>(
  window: readonly F[],
  newShare: number,
  motion: (path: readonly F[]) => Promise<Correspondence>,
): Promise<KeySegment<F>> {
  for (let end = window.length - 1; ; ) {
    const between = await Promise.all(
      window.slice(1, end).map(async (at, i) => {
        const here = i + 1;
        const [left, right] = await Promise.all([
          motion(window.slice(0, here + 1).reverse()),
          motion(window.slice(here, end + 1)),
        ]);
        return { at, left, right };
      }),
    );
    const shares = between.map(({ left, right }) => shareOfNew(left.visible, right.visible));
    const most = Math.max(0, ...shares);
    if (most <= newShare) return { key: window[end], between };
    end = 1 + shares.indexOf(most);
  }
}

/** The share of pixels that neither key shows. */
export function shareOfNew(left: Uint8Array, right: Uint8Array): number {
  let count = 0;
  for (let p = 0; p < left.length; p++) if (!left[p] && !right[p]) count++;
  return count / left.length;
}
