// Reduces the flicker of a restyled video without training: the median of each frame and its two neighbours, which are
// warped along the source's optical flow. A baseline for learned methods.

import { withDefaults } from '../settings/defaults.js';
import type { OptionsOf } from '../settings/setting.js';
import { MEDIAN } from '../settings/table.js';
import type { Frame } from '../tensor/frame.js';
import type { SourceFrame, SourceMotion } from '../video/flow/correspondence.js';
import { nonOccluded, warpFrame } from '../video/flow/warp.js';
import { lockstep } from '../video/read/lockstep.js';
import type { VideoInput } from '../video/read/video.js';
import { framesOf } from '../video/read/video-input.js';
import { motionBy } from './motion.js';

/**
 * Options of the median.
 *
 * @inline
 */
export interface FlowMedianOptions extends OptionsOf<typeof MEDIAN> {
  /** The first frame that is yielded, 0 by default. */
  readonly first?: number;
  /** Stops before the next frame, and its reason is thrown. */
  readonly signal?: AbortSignal;
}

/**
 * result[t] = median of O[t-1], O[t] and O[t+1], value by value, the neighbours warped to t along the optical flow of the
 * source. Where a neighbour is occluded, or missing at either end, the value of O[t] takes its place.
 *
 * Three frames of both videos are in memory at a time.
 *
 * @throws UsageError when there are no frames, or the videos differ in length or size
 */
export async function* flowMedian(
  source: VideoInput,
  output: VideoInput,
  options: FlowMedianOptions = {},
): AsyncGenerator<Frame, void, undefined> {
  const { first = 0, signal, flow } = withDefaults(MEDIAN, options);
  const motion = motionBy(flow);
  let before: Moment | undefined;
  let current: Moment | undefined;
  const videos = [
    { name: 'the source', frames: framesOf(source, { signal }) },
    { name: 'the output', frames: framesOf(output, { signal }) },
  ];
  let index = -1;
  for await (const [here, made] of lockstep(videos)) {
    signal?.throwIfAborted();
    const next: Moment = { source: { index: index + 1, frame: here }, output: made };
    if (current && index >= first) yield await steadied(current, [before, next], motion);
    [before, current] = [current, next];
    index++;
  }
  if (current && index >= first) yield await steadied(current, [before, undefined], motion);
}

interface Moment {
  readonly output: Frame;
  readonly source: SourceFrame;
}

async function steadied(at: Moment, others: readonly (Moment | undefined)[], motion: SourceMotion): Promise<Frame> {
  const [a, c] = await Promise.all(others.map((other) => movedTo(at, other, motion)));
  const { width, height, data: b } = at.output;
  const data = new Uint8Array(b.length);
  for (let i = 0; i < data.length; i++) data[i] = Math.max(Math.min(a[i], b[i]), Math.min(Math.max(a[i], b[i]), c[i]));
  return { width, height, data };
}

/** The output of `other` warped to `at`, with the output of `at` where it is occluded or missing. */
async function movedTo(at: Moment, other: Moment | undefined, motion: SourceMotion): Promise<Uint8Array> {
  const own = at.output.data;
  if (!other) return own;
  const [there, back] = await Promise.all([motion(at.source, other.source), motion(other.source, at.source)]);
  const moved = warpFrame(other.output, there.flow).data;
  nonOccluded(there.flow, back.flow).forEach((visible, p) => {
    if (!visible) moved.set(own.subarray(3 * p, 3 * p + 3), 3 * p);
  });
  return moved;
}
