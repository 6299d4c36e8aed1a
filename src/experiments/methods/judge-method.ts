// One method on one case: its videos over all renderings that it starts from, measured against the source, the truth and the
// true motion, with their cost.

import { given } from '../../lib/base/given.js';
import { mean } from '../../lib/base/mean.js';
import { carryKeyframes } from '../../lib/consistency/keyframes.js';
import { type Measured, measure } from '../../lib/metrics/measure.js';
import type { Measurement } from '../../lib/metrics/measurement.js';
import { compareFrames } from '../../lib/metrics/pixels.js';
import type { Frame } from '../../lib/tensor/frame.js';
import { judgeEdit } from '../../lib/world/truth/judge-edit.js';
import { cpuSeconds } from './cpu-seconds.js';
import type { Base, Method } from './methods.js';
import type { Motions } from './motions.js';
import type { CaseRenderings, StyledVideo } from './renderings.js';

/** One video of a method. */
export interface MethodPoint {
  readonly base: Base;
  readonly strength: number;
  readonly metrics: Measurement['means'];
  readonly curves: Measurement['curves'];
  /** Unknown for a real clip. */
  readonly truthError: number | null;
  readonly carCorrelation: number | null;
  /**
   * Mean difference, 0 to 255, between frames of the source and its own keyframes, carried to them as the method does: what the
   * motion alone gets wrong; null where no keyframes are carried.
   */
  readonly carriedSource: number | null;
  /** Passes of the network a frame. */
  readonly passes: number;
  /** Seconds of processor time a frame: rendering, motion and method. */
  readonly seconds: number;
}

/** A method on one case, as stored. */
export interface MethodResult {
  readonly case: string;
  readonly method: string;
  readonly source: Measurement['means'];
  readonly points: readonly MethodPoint[];
}

/** Makes and measures the videos of a method. */
export async function judgeMethod(
  name: string,
  method: Method,
  { source, truth, styled }: CaseRenderings,
  motions: Motions,
): Promise<MethodResult> {
  const bases = styled.filter(
    ({ base, training, variant }) =>
      method.on.includes(base) && training === method.train?.name && variant === method.render?.name,
  );
  const made: MadeVideo[] = [];
  for (const each of bases) made.push(await makeVideo(method, source, each, motions));
  const outputs = Object.fromEntries(made.map(({ frames }, i) => [String(i), frames]));
  const measured: Measured = await measure(source, outputs, given({ trueMotion: truth?.motion }));
  const carriedSource = await carriedSourceError(method, source, motions);
  const points: MethodPoint[] = [];
  for (const [i, { frames, of, passes, seconds }] of made.entries()) {
    const { means, curves } = measured.outputs[String(i)];
    const { truthError, carCorrelation } = truth
      ? await judgeEdit(streamed(frames), truth.frames(), truth.car)
      : { truthError: null, carCorrelation: null };
    const { base, strength } = of;
    points.push({ base, strength, metrics: means, curves, truthError, carCorrelation, carriedSource, passes, seconds });
  }
  return { case: name, method: method.name, source: measured.source.means, points };
}

interface MadeVideo {
  readonly of: StyledVideo;
  readonly frames: readonly Frame[];
  readonly passes: number;
  readonly seconds: number;
}

async function makeVideo(
  { make, motion: motionOf = 'dis', keyEvery }: Method,
  source: readonly Frame[],
  of: StyledVideo,
  motions: Motions,
): Promise<MadeVideo> {
  const count = of.frames.length;
  const { motion, cost } = motions[motionOf]!;
  cost();
  const { value, seconds } = await cpuSeconds(async () => {
    const carried =
      keyEvery === undefined ? of.frames : await all(carryKeyframes(source, of.frames, { keyEvery, motion }));
    // A keyframe is the rendering's own frame.
    const rendered = of.frames.filter((frame) => carried.includes(frame)).length / count;
    return { frames: make ? await all(make({ source, styled: carried, motion })) : carried, rendered };
  });
  const { spent, charged } = cost();
  const { frames, rendered } = value;
  // The true motion is rendered with the shot: no method could pay for it.
  const ofMotion = motionOf === 'true' ? 0 : charged;
  return {
    ...{ of, frames, passes: rendered * of.passes },
    seconds: rendered * of.seconds + (Math.max(0, seconds - spent) + ofMotion) / count,
  };
}

async function carriedSourceError(
  { keyEvery, motion }: Method,
  source: readonly Frame[],
  motions: Motions,
): Promise<number | null> {
  if (keyEvery === undefined) return null;
  const carried = await all(carryKeyframes(source, source, { keyEvery, motion: motions[motion!]!.motion }));
  const between = carried.flatMap((frame, i) => (frame === source[i] ? [] : compareFrames(frame, source[i]).absolute));
  return mean(between);
}

async function all(frames: AsyncIterable<Frame>): Promise<readonly Frame[]> {
  const read: Frame[] = [];
  for await (const frame of frames) read.push(frame);
  return read;
}

async function* streamed(frames: readonly Frame[]): AsyncGenerator<Frame> {
  yield* frames;
}
