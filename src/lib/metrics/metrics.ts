// The metrics of a single video, with or without its source. Several outputs of one source are cheaper in one `measure`.

import type { Frame } from '../tensor/frame.js';
import { openVideo, type Video } from '../video/open-video.js';
import { closeLedger, createLedger, noteFrame } from './ledger.js';
import { type Frames, lockstep } from './lockstep.js';
import { type MeasureOptions, measure } from './measure.js';
import type { Measurement } from './measurement.js';

/** What {@link metrics} gives. */
export interface Metrics {
  /** Length of the video, in frames. */
  readonly frames: number;
  readonly output: Measurement;
  /** The source's own values, the floor; absent where no source was given. */
  readonly source?: Measurement;
}

/** A video to measure: a path (its frames as stored, uncropped), an opened video, or frames. */
export type VideoInput = string | Video | Frames;

/**
 * Measures one video. Without a source, the metrics that need one are left out: frame difference, VBench's temporal
 * flickering, second difference and standard deviation remain. Null and curves are as in `measure`.
 *
 * @throws UsageError when there are no frames, or output and source differ in length or in size
 */
export async function metrics(output: VideoInput, source?: VideoInput, options: MeasureOptions = {}): Promise<Metrics> {
  const frames = await framesOf(output);
  if (source !== undefined) {
    const measured = await measure(await framesOf(source), { output: frames }, options);
    return { frames: measured.frames, output: measured.outputs.output, source: measured.source };
  }
  const ledger = createLedger();
  let previous: Frame | undefined;
  let beforePrevious: Frame | undefined;
  let count = 0;
  for await (const [frame] of lockstep([{ name: 'the video', frames }])) {
    noteFrame(ledger, frame, previous, beforePrevious);
    beforePrevious = previous;
    previous = frame;
    count++;
    options.onFrame?.(count);
  }
  return { frames: count, output: closeLedger(ledger) };
}

async function framesOf(input: VideoInput): Promise<Frames> {
  if (typeof input === 'string') return (await openVideo(input, { exact: true })).frames();
  return 'frameRate' in input ? input.frames() : input;
}
