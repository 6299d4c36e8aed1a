// Keyframe propagation: every K-th frame of a restyled video is kept, and the frames between two of them are their pixels,
// carried from both sides along the motion of the source [Jamriska et al. 2019, Stylizing Video by Example; Yang et al.
// 2023, Rerender A Video, section 4.3]. What a single rendering adds by itself no longer changes from frame to frame.

import { assertInteger } from '../base/assert.js';
import { withDefaults } from '../settings/defaults.js';
import type { OptionsOf } from '../settings/setting.js';
import { STEADY } from '../settings/table.js';
import type { Frame } from '../tensor/frame.js';
import { warpFrame } from '../video/flow/warp.js';
import { lockstep } from '../video/read/lockstep.js';
import type { VideoInput } from '../video/read/video.js';
import { framesOf } from '../video/read/video-input.js';
import { isCut } from './cuts.js';
import { motionBy, type SourceFrame, type SourceMotion } from './motion.js';

/**
 * Settings of `carryKeyframes`.
 *
 * @inline
 */
export interface KeyframeOptions extends OptionsOf<typeof STEADY> {
  /** The source's motion, where it is known; estimated as `flow` says by default. */
  readonly motion?: SourceMotion;
  /** Stops before the next frame; its reason is thrown. */
  readonly signal?: AbortSignal;
}

/** A frame of both videos. */
interface Moment extends SourceFrame {
  readonly styled: Frame;
}

/**
 * Yields the styled video with the frames between keyframes replaced. A frame m between the keys l and r is the mean of
 * both, warped to m along the source's motion, with the weights (r - m) / (r - l) and (m - l) / (r - l) where the point is
 * visible in the key; where it is in neither, the styled frame itself. Keys are every K-th frame, the last frame, and both
 * frames at a cut of the source: nothing is carried across it.
 *
 * K + 1 frames of both videos are in memory at a time.
 *
 * @throws UsageError when there are no frames, the videos differ in length or size, or the distance of keyframes is no whole
 *   number from 1
 */
export async function* carryKeyframes(
  source: VideoInput,
  styled: VideoInput,
  options: KeyframeOptions = {},
): AsyncGenerator<Frame, void, undefined> {
  const { keyEvery: every, flow } = withDefaults(STEADY, options);
  const { motion = motionBy(flow), signal } = options;
  assertInteger('keyEvery: the distance of keyframes', every, 1);
  let segment: Moment[] = [];
  const videos = [
    { name: 'the source', frames: framesOf(source, { signal }) },
    { name: 'the styled video', frames: framesOf(styled, { signal }) },
  ];
  let index = 0;
  for await (const [frame, own] of lockstep(videos)) {
    signal?.throwIfAborted();
    const moment: Moment = { index: index++, frame, styled: own };
    const before = segment.at(-1);
    if (before && isCut(before.frame, moment.frame)) {
      yield* carried(segment, motion);
      yield before.styled;
      segment = [];
    }
    segment.push(moment);
    if (segment.length === every + 1) {
      yield* carried(segment, motion);
      segment = [moment];
    }
  }
  const last = segment.at(-1);
  if (!last) return;
  yield* carried(segment, motion);
  yield last.styled;
}

/** The frames of a segment but its last: the first is a key, the others are between it and the last, which is one too. */
async function* carried(segment: readonly Moment[], motion: SourceMotion): AsyncGenerator<Frame, void, undefined> {
  if (segment.length < 2) return;
  const [left, right] = [segment[0], segment[segment.length - 1]];
  yield left.styled;
  for (const at of segment.slice(1, -1)) {
    const share = (at.index - left.index) / (right.index - left.index);
    const [fromLeft, fromRight] = await Promise.all([motion(at, left), motion(at, right)]);
    yield blended(
      at.styled,
      { frame: warpFrame(left.styled, fromLeft.flow), visible: fromLeft.visible, weight: 1 - share },
      { frame: warpFrame(right.styled, fromRight.flow), visible: fromRight.visible, weight: share },
    );
  }
}

/** A keyframe as it looks at another time. */
interface Side {
  readonly frame: Frame;
  readonly visible: Uint8Array;
  readonly weight: number;
}

function blended(own: Frame, left: Side, right: Side): Frame {
  const { width, height } = own;
  const data = Uint8Array.from(own.data);
  for (let p = 0; p < width * height; p++) {
    const [a, b] = [left.weight * left.visible[p], right.weight * right.visible[p]];
    if (a + b === 0) continue;
    for (let i = 3 * p; i < 3 * p + 3; i++) {
      data[i] = Math.round((a * left.frame.data[i] + b * right.frame.data[i]) / (a + b));
    }
  }
  return { width, height, data };
}
