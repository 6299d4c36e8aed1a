// Reduces the flicker of a restyled video without training: the median of each frame and its two neighbours, which are
// warped along the source's optical flow. A baseline for learned methods.

import { UsageError } from '../base/errors.js';
import { streamed } from '../base/streamed.js';
import type { Frame, Frames } from '../tensor/frame.js';
import { type Flow, opticalFlow, toGray } from '../video/flow/flow.js';
import { nonOccluded, warpFrame } from '../video/flow/warp.js';
import type { VideoInput } from '../video/read/video.js';
import { framesOf } from '../video/read/video-input.js';

/**
 * result[t] = median of O[t-1], O[t] and O[t+1], value by value, the neighbours warped to t along the optical flow of the
 * source. Where a neighbour is occluded, or missing at either end, the value of O[t] takes its place.
 *
 * Three frames of both videos are in memory at a time.
 *
 * @param options `signal` stops before the next frame; its reason is thrown
 * @throws UsageError when the videos differ in length or size
 */
export async function* flowMedian(
  source: VideoInput,
  output: VideoInput,
  { signal }: { readonly signal?: AbortSignal } = {},
): AsyncGenerator<Frame, void, undefined> {
  let before: Moment | undefined;
  let current: Moment | undefined;
  for await (const next of together(framesOf(output, { signal }), streamed(framesOf(source, { signal })))) {
    signal?.throwIfAborted();
    if (current) yield await steadied(current, before, next);
    [before, current] = [current, next];
  }
  if (current) yield await steadied(current, before, undefined);
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

async function* together(output: Frames, source: AsyncIterable<Frame>): AsyncGenerator<Moment> {
  const others = source[Symbol.asyncIterator]();
  try {
    for await (const frame of output) {
      const { done, value } = await others.next();
      if (done)
        throw new UsageError('flowMedian: the output has more frames than the source; pass videos of one length');
      if (value.width !== frame.width || value.height !== frame.height) {
        throw new UsageError(
          `flowMedian: the output is ${frame.width}x${frame.height} but the source ${value.width}x${value.height}; pass videos of one size`,
        );
      }
      yield { output: frame, source: value };
    }
    if (!(await others.next()).done) {
      throw new UsageError('flowMedian: the source has more frames than the output; pass videos of one length');
    }
  } finally {
    await others.return?.();
  }
}
