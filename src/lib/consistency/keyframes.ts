// Keyframe propagation: every K-th frame of a restyled video is kept, and the frames between two of them are their pixels,
// carried from both sides along the motion of the source [Jamriska et al. 2019, Stylizing Video by Example; Yang et al.
// 2023, Rerender A Video, section 4.3]. What a single rendering adds by itself no longer changes from frame to frame.

import type { Frame } from '../tensor/frame.js';
import { lockstep } from '../video/read/lockstep.js';
import type { VideoInput } from '../video/read/video.js';
import { framesOf } from '../video/read/video-input.js';
import { carry } from './carry.js';
import { checkKeyframes, type KeyframeOptions, keySegments } from './key-segments.js';
import type { SourceFrame } from './motion.js';

/**
 * Yields the styled video with the frames between keyframes replaced. `keySegments` chooses the keys, `carry` says what is
 * between them; nothing is carried across a cut of the source.
 *
 * `keyEvery` + 1 frames of both videos are in memory at a time.
 *
 * @throws UsageError when there are no frames, the videos differ in length or size, or a setting is out of its range
 */
export async function* carryKeyframes(
  source: VideoInput,
  styled: VideoInput,
  options: KeyframeOptions = {},
): AsyncGenerator<Frame, void, undefined> {
  for await (const { frames } of carriedSegments(source, styled, options)) yield* frames;
}

/** As `carryKeyframes`, by segments; from `first` on, the number of a keyframe, which is yielded again. */
export async function* carriedSegments(
  source: VideoInput,
  styled: VideoInput,
  options: KeyframeOptions,
  first = 0,
): AsyncGenerator<{ readonly key: number; readonly frames: Iterable<Frame> }, void, undefined> {
  checkKeyframes(options);
  let before: Frame | undefined;
  for await (const segment of keySegments(moments(source, styled, options, first), options)) {
    yield { key: segment.key.index, frames: carry(segment, before, segment.key.styled) };
    before = segment.key.styled;
  }
}

/** A frame of both videos. */
interface Moment extends SourceFrame {
  readonly styled: Frame;
}

async function* moments(
  source: VideoInput,
  styled: VideoInput,
  { signal }: KeyframeOptions,
  first: number,
): AsyncGenerator<Moment, void, undefined> {
  const videos = [
    { name: 'the source', frames: framesOf(source, { signal }) },
    { name: 'the styled video', frames: framesOf(styled, { signal }) },
  ];
  let index = 0;
  for await (const [frame, own] of lockstep(videos)) {
    if (index >= first) yield { index, frame, styled: own };
    index++;
  }
}
