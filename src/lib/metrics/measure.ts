// Measures restyled videos against their source in one pass over all of them. measurement.ts has the names and definitions
// of the metrics; each metric's arithmetic has a file of its own.

import { UsageError } from '../base/errors.js';
import { type FrameHooks, frameDone } from '../base/frame-progress.js';
import type { Frame } from '../tensor/frame.js';
import { type Flow, type GrayPicture, opticalFlow, toGray } from '../video/flow/flow.js';
import { nonOccluded } from '../video/flow/warp.js';
import { lockstep } from '../video/read/lockstep.js';
import type { VideoInput } from '../video/read/video.js';
import { framesOf } from '../video/read/video-input.js';
import { flowDifference } from './flow-difference.js';
import { closeLedger, createLedger, type Ledger, noteFidelity, noteFrame } from './ledger.js';
import type { Measurement } from './measurement.js';
import { warpingError } from './warping-error.js';

/**
 * The source's motion between two successive frames: from the first to the second, and back.
 *
 * @inline
 */
export interface Motion {
  readonly forward: Flow;
  readonly backward: Flow;
}

/** Settings of {@link measure}. */
export interface MeasureOptions extends FrameHooks {
  /**
   * Returns the source's motion from frame t to t + 1, such as rendered ground truth or a stored flow; by default
   * Farneback's flow of the source's frames. tOF compares each output's Farneback flow with it.
   */
  readonly motion?: (t: number, from: Frame, to: Frame) => Motion | Promise<Motion>;
  /**
   * Called if videos differ in length, with the names of a shorter and a longer one and the number of common frames; only
   * these are measured. Without this callback, it is an error.
   */
  readonly onUneven?: (shorter: string, longer: string, frames: number) => void;
}

/**
 * The result of {@link measure}.
 *
 * @inline
 */
export interface Measured<Name extends string = string> {
  /** Length of the videos, in frames. */
  readonly frames: number;
  /** Metrics of the source itself: the floor of every consistency metric. */
  readonly source: Measurement;
  readonly outputs: Readonly<Record<Name, Measurement>>;
}

/**
 * Measures any number of outputs against their source. All are read in lockstep, with three frames of each in memory, and
 * the source's flow is computed once for all outputs.
 *
 * Every number has a floor: the source's own value is part of the result; for the value of the source after a VAE round
 * trip, pass the round trip as another output.
 *
 * A video of one frame has no pairs: metrics over pairs are null in `means` and empty in `curves`, the others are as usual.
 * Likewise, a video of two frames has no `second_difference`. See {@link Measurement} for the alignment of curves, and
 * `MetricValue` for other null values.
 *
 * @throws UsageError when there are no frames, or an output differs from the source in length or in size
 */
export async function measure<Name extends string>(
  source: VideoInput,
  outputs: Readonly<Record<Name, VideoInput>>,
  options: MeasureOptions = {},
): Promise<Measured<Name>> {
  const names = Object.keys(outputs) as Name[];
  const ledgers = [createLedger(), ...names.map(createLedger)];
  const [sourceLedger, ...outputLedgers] = ledgers;
  let previous: { frames: Frame[]; grays: GrayPicture[] } | undefined;
  let beforePrevious: Frame[] | undefined;
  let count = 0;
  const videos = [
    { name: 'the source', frames: framesOf(source, options) },
    ...names.map((name) => ({ name: `output ${name}`, frames: framesOf(outputs[name], options) })),
  ];
  options.signal?.throwIfAborted();
  for await (const frames of lockstep(videos, options.onUneven)) {
    const grays = frames.map(toGray);
    // Other threads compute the flows while this one computes the rest of the pair.
    const flows = previous && pairFlows(count - 1, previous, { frames, grays }, options);
    for (const [v, frame] of frames.entries()) {
      noteFrame(ledgers[v], frame, previous?.frames[v], beforePrevious?.[v]);
      if (v > 0) noteFidelity(ledgers[v], frame, frames[0]);
    }
    if (previous && flows) notePair(ledgers, previous.frames, frames, await flows);
    beforePrevious = previous?.frames;
    previous = { frames, grays };
    frameDone(++count, 'measuring', options);
  }
  return {
    frames: count,
    source: closeLedger(sourceLedger, sourceLedger),
    outputs: Object.fromEntries(names.map((name, o) => [name, closeLedger(outputLedgers[o], sourceLedger)])) as Record<
      Name,
      Measurement
    >,
  };
}

interface PairFlows {
  readonly motion: Motion;
  readonly outputs: readonly Flow[];
}

interface Moment {
  readonly frames: readonly Frame[];
  readonly grays: readonly GrayPicture[];
}

async function pairFlows(t: number, from: Moment, to: Moment, options: MeasureOptions): Promise<PairFlows> {
  const flow = (v: number): Promise<Flow> => opticalFlow(from.grays[v], to.grays[v]);
  const farneback = async (): Promise<Motion> => {
    const [forward, backward] = await Promise.all([flow(0), opticalFlow(to.grays[0], from.grays[0])]);
    return { forward, backward };
  };
  const [motion, ...outputs] = await Promise.all([
    options.motion ? options.motion(t, from.frames[0], to.frames[0]) : farneback(),
    ...from.grays.slice(1).map((_, o) => flow(o + 1)),
  ]);
  const { width, height } = from.frames[0];
  for (const { width: w, height: h, data } of [motion.forward, motion.backward]) {
    if (w === width && h === height && data.length === 2 * width * height) continue;
    throw new UsageError(
      `measure: option motion gave a ${w}x${h} flow for ${width}x${height} frames; scale it to them`,
    );
  }
  return { motion, outputs };
}

function notePair(ledgers: readonly Ledger[], from: readonly Frame[], to: readonly Frame[], flows: PairFlows): void {
  const { forward, backward } = flows.motion;
  const visible = nonOccluded(forward, backward);
  ledgers.forEach((ledger, v) => {
    ledger.warpingErrors.push(warpingError(from[v], to[v], forward, visible));
    ledger.flowDifferences.push(v === 0 ? 0 : flowDifference(forward, flows.outputs[v - 1]));
  });
}
