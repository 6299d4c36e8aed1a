// Measures restyled videos against their source in one pass over all of them. measurement.ts has the names and definitions
// of the metrics; each metric's arithmetic has a file of its own.

import { type FrameHooks, frameDone } from '../base/frame-progress.js';
import type { Correspondence } from '../video/flow/correspondence.js';
import { toGray } from '../video/flow/flow.js';
import { lockstep } from '../video/read/lockstep.js';
import type { VideoInput } from '../video/read/video.js';
import { framesOf } from '../video/read/video-input.js';
import { closeLedger, createLedger, noteFidelity, noteFrame, notePair } from './ledger.js';
import type { Measurement } from './measurement.js';
import { type KnownMotion, type Moment, type PairMotions, pairMotions } from './pair-motions.js';

/** Settings of {@link measure}. */
export interface MeasureOptions extends FrameHooks, KnownMotion {
  /**
   * The mask of a frame, by its index, where only a part is edited: above 0 inside. With it, the metrics `of: 'mask'` are measured
   * too.
   */
  readonly mask?: (index: number) => Promise<Float32Array>;
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
 * Measures any number of outputs against their source. All are read in lockstep, with four frames of each in memory, and
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
  const ledgers = ['', ...names].map(() =>
    createLedger({ knowsMotion: options.trueMotion !== undefined, hasMask: options.mask !== undefined }),
  );
  const [sourceLedger, ...outputLedgers] = ledgers;
  let first: Moment | undefined;
  let beforePrevious: Moment | undefined;
  let previous: Moment | undefined;
  let drift: Correspondence | undefined;
  let count = 0;
  const videos = [
    { name: 'the source', frames: framesOf(source, options) },
    ...names.map((name) => ({ name: `output ${name}`, frames: framesOf(outputs[name], options) })),
  ];
  options.signal?.throwIfAborted();
  for await (const frames of lockstep(videos, options.onUneven)) {
    const weights = await options.mask?.(count);
    const moment: Moment = { index: count, frames, grays: frames.map(toGray) };
    first ??= moment;
    const pair = previous && { first, from: previous, to: moment };
    const finding: Promise<PairMotions> | undefined = pair && pairMotions(pair, drift, options);
    for (const [v, frame] of frames.entries()) {
      noteFrame(ledgers[v], frame, previous?.frames[v], beforePrevious?.frames[v]);
      if (v > 0) noteFidelity(ledgers[v], frame, frames[0], weights);
    }
    if (pair && finding) {
      const motions = await finding;
      notePair(ledgers, pair, motions);
      drift = motions.drift;
    }
    beforePrevious = previous;
    previous = moment;
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
