// Reduces the flicker of a restyled video without training: the median of each frame and its two neighbours, which are
// warped along the source's optical flow. A baseline for learned methods.

import type { Frame } from '../tensor/frame.js';
import { type Flow, opticalFlow, toGray } from '../video/flow/flow.js';
import { nonOccluded, warpFrame } from '../video/flow/warp.js';
import { lockstep } from '../video/read/lockstep.js';
import type { VideoInput } from '../video/read/video.js';
import { framesOf } from '../video/read/video-input.js';

/**
 * result[t] = median of O[t-1], O[t] and O[t+1], value by value, the neighbours warped to t along the optical flow of the
 * source. Where a neighbour is occluded, or missing at either end, the value of O[t] takes its place.
 *
 * Three frames of both videos are in memory at a time.
 *
 * @param options `first` is the first frame that is yielded, 0 by default; `signal` stops before the next frame, and its
 *   reason is thrown
 * @throws UsageError when there are no frames, or the videos differ in length or size
 */
export async function* flowMedian(
  source: VideoInput,
  output: VideoInput,
  { first = 0, signal }: { readonly first?: number; readonly signal?: AbortSignal } = {},
): AsyncGenerator<Frame, void, undefined> {
  let before: Moment | undefined;
  let current: Moment | undefined;
  const videos = [
    { name: 'the source', frames: framesOf(source, { signal }) },
    { name: 'the output', frames: framesOf(output, { signal }) },
  ];
  let index = -1;
  for await (const [here, made] of lockstep(videos)) {
    signal?.throwIfAborted();
    const next = { source: here, output: made };
    if (current && index >= first) yield await steadied(current, before, next);
    [before, current] = [current, next];
    index++;
  }
  if (current && index >= first) yield await steadied(current, before, undefined);
}

interface Moment {
  readonly output: Frame;
  readonly source: Frame;
}

async function steadied(at: Moment, before: Moment | undefined, after: Moment | undefined): Promise<Frame> {
  const [a, c] = await Promise.all([movedTo(at, before), movedTo(at, after)]);
  const { width, height, data: b } = at.output;
  const data = new Uint8Array(b.length);
  for (let i = 0; i < data.length; i++) data[i] = Math.max(Math.min(a[i], b[i]), Math.min(Math.max(a[i], b[i]), c[i]));
  return { width, height, data };
}

/** The output of `other` warped to `at`, with the output of `at` where it is occluded or missing. */
async function movedTo(at: Moment, other: Moment | undefined): Promise<Uint8Array> {
  const own = at.output.data;
  if (!other) return own;
  const [here, there] = [toGray(at.source), toGray(other.source)];
  const [forward, backward]: [Flow, Flow] = await Promise.all([opticalFlow(here, there), opticalFlow(there, here)]);
  const moved = warpFrame(other.output, forward).data;
  nonOccluded(forward, backward).forEach((visible, p) => {
    if (!visible) moved.set(own.subarray(3 * p, 3 * p + 3), 3 * p);
  });
  return moved;
}
