// A temporal filter in the gradient domain [Bonneel et al. 2015, Blind video temporal consistency]: each frame keeps the
// detail of its own rendering, and takes its colours, where the source did not change, from the frame before.

import { UsageError } from '../base/errors.js';
import { withDefaults } from '../settings/defaults.js';
import type { OptionsOf } from '../settings/setting.js';
import { FILTER, STEADY } from '../settings/table.js';
import type { Frame } from '../tensor/frame.js';
import type { Correspondence, SourceFrame, SourceMotion } from '../video/flow/correspondence.js';
import { warp } from '../video/flow/warp.js';
import { lockstep } from '../video/read/lockstep.js';
import type { VideoInput } from '../video/read/video.js';
import { framesOf } from '../video/read/video-input.js';
import { isCut } from './cuts.js';
import { motionBy } from './motion.js';
import { solveScreened } from './screened-poisson.js';

/**
 * Settings of `temporalFilter`.
 *
 * @inline
 */
export interface FilterOptions extends OptionsOf<typeof FILTER & Pick<typeof STEADY, 'flow'>> {
  /** The source's motion, where it is known; estimated as `flow` says by default. */
  readonly motion?: SourceMotion;
  /** Stops before the next frame; its reason is thrown. */
  readonly signal?: AbortSignal;
}

/** Deviation of the source's colours, 0 to 1, from which a pixel no longer counts as the same one. */
const SAME = 0.05;

/** The filter's result for a frame, from which the next one continues. */
export interface FilterResult {
  readonly index: number;
  /** H x W x 3, 0 to 255, not rounded. */
  readonly result: Float32Array;
}

/** What is kept of a frame for the next one. */
type Past = SourceFrame & FilterResult;

/**
 * Yields the styled video filtered. With P its frames, I the source's in [0, 1], and W the frame before warped along the
 * source's motion, the result is O_0 = P_0 and the solution of
 *
 *   (L + w) O_t = L P_t + w W(O_{t-1}),   w = filterWeight * exp(-|I_t - W(I_{t-1})|^2 / (2 * 0.05^2)), 0 where hidden,
 *
 * L being the Laplacian of the 4-neighbour grid. At a cut of the source it begins again. Two frames are in memory at a time.
 *
 * @throws UsageError when there are no frames, the videos differ in length or size, or the weight is no number above 0
 */
export async function* temporalFilter(
  source: VideoInput,
  styled: VideoInput,
  options: FilterOptions = {},
): AsyncGenerator<Frame, void, undefined> {
  for await (const { frame } of filterResults(source, styled, options)) yield frame;
}

/** As `temporalFilter`, with the results before rounding; those after `last`, where it is given. */
export async function* filterResults(
  source: VideoInput,
  styled: VideoInput,
  options: FilterOptions,
  last?: FilterResult,
): AsyncGenerator<FilterResult & { readonly frame: Frame }, void, undefined> {
  const { filterWeight, flow } = withDefaults({ ...FILTER, flow: STEADY.flow }, options);
  const { motion = motionBy(flow), signal } = options;
  if (!(filterWeight > 0 && filterWeight < Infinity)) {
    throw new UsageError(
      `filterWeight: the weight of the filter is ${filterWeight}, expected a number above 0, such as 1`,
    );
  }
  const videos = [
    { name: 'the source', frames: framesOf(source, { signal }) },
    { name: 'the styled video', frames: framesOf(styled, { signal }) },
  ];
  let past: Past | undefined;
  let index = -1;
  for await (const [frame, own] of lockstep(videos)) {
    signal?.throwIfAborted();
    index++;
    if (last && index <= last.index) {
      past = { frame, ...last };
      continue;
    }
    const here: SourceFrame = { index, frame };
    const result: Float32Array =
      past && !isCut(past.frame, frame)
        ? filtered(own, here, past, { filterWeight, motion: await motion(here, past) })
        : Float32Array.from(own.data);
    past = { ...here, result };
    const { width, height } = own;
    yield { index, result, frame: { width, height, data: new Uint8Array(Uint8ClampedArray.from(result).buffer) } };
  }
}

/** The result O_t as P_t + d with (L + w) d = w (W(O_{t-1}) - P_t). */
function filtered(
  own: Frame,
  { frame }: SourceFrame,
  past: Past,
  { filterWeight, motion: { flow, visible } }: { readonly filterWeight: number; readonly motion: Correspondence },
): Float32Array {
  const { width, height } = own;
  const moved = (data: Float32Array): Float32Array => warp({ width, height, channels: 3, data }, flow).data;
  const before = moved(Float32Array.from(past.frame.data));
  const result = moved(past.result);
  const weight = new Float32Array(width * height);
  const right = new Float32Array(3 * width * height);
  const scale = -1 / (2 * (255 * SAME) ** 2);
  for (let p = 0, i = 0; p < weight.length; p++, i += 3) {
    if (!visible[p]) continue;
    let change = 0;
    for (let k = i; k < i + 3; k++) change += (frame.data[k] - before[k]) ** 2;
    weight[p] = filterWeight * Math.exp(scale * change);
    for (let k = i; k < i + 3; k++) right[k] = weight[p] * (result[k] - own.data[k]);
  }
  const difference = solveScreened({ width, height, weight, right });
  for (let i = 0; i < result.length; i++) result[i] = own.data[i] + difference[i];
  return result;
}
