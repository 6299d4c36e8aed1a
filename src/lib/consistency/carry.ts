// Carries the pixels of two keyframes along the source's motion to the frames between them.

import type { Frame } from '../tensor/frame.js';
import { warpFrame } from '../video/flow/warp.js';
import type { KeySegment } from './key-segments.js';
import type { SourceFrame } from './motion.js';

/**
 * The frames of a segment, its key last. A frame m between the keys l and r is the mean of both, warped to m along the
 * source's motion, with the weights (r - m) / (r - l) and (m - l) / (r - l) where the point is visible in the key. Where it
 * is visible in neither, both count.
 *
 * @param before the styled key before the segment; only the first segment of a shot has none
 * @param styled the styled key of the segment
 */
export function* carry(
  { between }: KeySegment<SourceFrame>,
  before: Frame | undefined,
  styled: Frame,
): Generator<Frame, void, undefined> {
  const distance = between.length + 1;
  for (const [i, { left, right }] of between.entries()) {
    const share = (i + 1) / distance;
    yield blended(
      { frame: warpFrame(before!, left.flow), visible: left.visible, weight: 1 - share },
      { frame: warpFrame(styled, right.flow), visible: right.visible, weight: share },
    );
  }
  yield styled;
}

/** A keyframe as it looks at another time. */
interface Side {
  readonly frame: Frame;
  readonly visible: Uint8Array;
  readonly weight: number;
}

function blended(left: Side, right: Side): Frame {
  const { width, height } = left.frame;
  const data = new Uint8Array(3 * width * height);
  for (let p = 0; p < width * height; p++) {
    const isSeen = left.visible[p] || right.visible[p];
    const a = left.weight * (isSeen ? left.visible[p] : 1);
    const b = right.weight * (isSeen ? right.visible[p] : 1);
    for (let i = 3 * p; i < 3 * p + 3; i++) {
      data[i] = Math.round((a * left.frame.data[i] + b * right.frame.data[i]) / (a + b));
    }
  }
  return { width, height, data };
}
