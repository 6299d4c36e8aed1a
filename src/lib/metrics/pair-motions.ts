// The motions along which a pair of frames is judged: the source's by two estimators and, where it is known, the true one;
// what accumulates since the first frame; and each output's own.

import { UsageError } from '../base/errors.js';
import type { Frame } from '../tensor/frame.js';
import { type Correspondence, followedBy, type SourceFrame, type SourceMotion } from '../video/flow/correspondence.js';
import { disFlow } from '../video/flow/dis/dis-flow.js';
import { type Flow, type GrayPicture, opticalFlow } from '../video/flow/flow.js';
import { nonOccluded, returning } from '../video/flow/warp.js';

/**
 * The source's motion between two successive frames: from the first to the second, and back.
 *
 * @inline
 */
export interface Motion {
  readonly forward: Flow;
  readonly backward: Flow;
}

/**
 * Where the source's motion is known.
 *
 * @inline
 */
export interface KnownMotion {
  /**
   * Returns the source's motion from frame t to t + 1, such as rendered ground truth or a stored flow; by default
   * Farneback's flow of the source's frames. tOF compares each output's Farneback flow with it.
   */
  readonly motion?: (t: number, from: Frame, to: Frame) => Motion | Promise<Motion>;
  /**
   * The source's true motion between any two frames, where it is known: with it, the metrics `of: 'truth'` are measured too.
   */
  readonly trueMotion?: SourceMotion;
}

/** The same frame of all videos, the source's first. */
export interface Moment {
  readonly index: number;
  readonly frames: readonly Frame[];
  readonly grays: readonly GrayPicture[];
}

/** The first frame, and a pair. */
export type Moments = Readonly<Record<'first' | 'from' | 'to', Moment>>;

/** The motions of a pair. */
export interface PairMotions {
  /** The source's, by Farneback or as given; visible where not occluded. */
  readonly source: Correspondence;
  /** The outputs', by Farneback. */
  readonly outputs: readonly Flow[];
  /** The source's by DIS; undefined in pictures that are too small for it. */
  readonly dis: Correspondence | undefined;
  /** From the first frame to the later one of the pair, by DIS from pair to pair. */
  readonly drift: Correspondence | undefined;
  /** The source's true motion over the pair, and since the first frame. */
  readonly known: { readonly pair: Correspondence; readonly drift: Correspondence } | undefined;
}

/**
 * The motions of a pair.
 *
 * @param drift that of the pair before
 * @throws UsageError when a given flow is of another size than the frames
 */
export async function pairMotions(
  moments: Moments,
  drift: Correspondence | undefined,
  options: KnownMotion,
): Promise<PairMotions> {
  // Other threads compute Farneback's flows while this one computes the rest.
  const farneback = farnebackFlows(moments, options);
  const [others, { source, outputs }] = await Promise.all([otherMotions(moments, drift, options), farneback]);
  return {
    source: { flow: source.forward, visible: nonOccluded(source.forward, source.backward) },
    outputs,
    ...others,
  };
}

async function farnebackFlows(
  { from, to }: Moments,
  options: KnownMotion,
): Promise<{ source: Motion; outputs: Flow[] }> {
  const flow = (v: number): Promise<Flow> => opticalFlow(from.grays[v], to.grays[v]);
  const farneback = async (): Promise<Motion> => {
    const [forward, backward] = await Promise.all([flow(0), opticalFlow(to.grays[0], from.grays[0])]);
    return { forward, backward };
  };
  const [source, ...outputs] = await Promise.all([
    options.motion ? options.motion(from.index, from.frames[0], to.frames[0]) : farneback(),
    ...from.grays.slice(1).map((_, o) => flow(o + 1)),
  ]);
  const { width, height } = from.frames[0];
  for (const { width: w, height: h, data } of [source.forward, source.backward]) {
    if (w === width && h === height && data.length === 2 * width * height) continue;
    throw new UsageError(
      `measure: option motion gave a ${w}x${h} flow for ${width}x${height} frames; scale it to them`,
    );
  }
  return { source, outputs };
}

async function otherMotions(
  { first, from, to }: Moments,
  before: Correspondence | undefined,
  { trueMotion }: KnownMotion,
): Promise<Pick<PairMotions, 'dis' | 'drift' | 'known'>> {
  const [here, there] = [from.grays[0], to.grays[0]];
  const pair = disMotions(here, there);
  const drift = pair && (before ? followedBy(before, pair.returning) : pair.returning);
  const known = trueMotion && {
    pair: await trueMotion(sourceFrame(from), sourceFrame(to)),
    drift: await trueMotion(sourceFrame(first), sourceFrame(to)),
  };
  return { dis: pair?.nonOccluded, drift, known };
}

const sourceFrame = ({ index, frames }: Moment): SourceFrame => ({ index, frame: frames[0] });

/** Least side of pictures for DIS. */
const LEAST_SIDE = 16;

/** DIS from one picture to the next, with both of its visibilities; undefined where they are too small. */
function disMotions(
  from: GrayPicture,
  to: GrayPicture,
): Record<'nonOccluded' | 'returning', Correspondence> | undefined {
  if (Math.min(from.width, from.height) < LEAST_SIDE) return undefined;
  const [flow, back] = [disFlow(from, to), disFlow(to, from)];
  return {
    nonOccluded: { flow, visible: nonOccluded(flow, back) },
    returning: { flow, visible: returning(flow, back) },
  };
}
