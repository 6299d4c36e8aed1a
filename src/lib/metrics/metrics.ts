// The metrics of a single video, with or without its source. Several outputs of one source are cheaper in one `measure`.

import type { Frame } from '../tensor/frame.js';
import { type Warn, warnOnStderr } from '../video/ffmpeg/find-ffmpeg.js';
import { openVideo, type Video } from '../video/read/open-video.js';
import { closeLedger, createLedger, noteFrame } from './ledger.js';
import { type Frames, lockstep } from './lockstep.js';
import { type MeasureOptions, measure } from './measure.js';
import type { Measurement } from './measurement.js';
import { openPair } from './open-pair.js';

/** What {@link metrics} gives. */
export interface Metrics {
  /** Length of the video, in frames. */
  readonly frames: number;
  readonly output: Measurement;
  /** The source's own values, the floor; absent where no source was given. */
  readonly source?: Measurement;
}

/** A video to measure: a path (its frames as players show them, uncropped), an opened video, or frames. */
export type VideoInput = string | Video | Frames;

/**
 * Measures one video. Without a source, the metrics that need one are left out: frame difference, VBench's temporal
 * flickering, second difference and standard deviation remain. Null and curves are as in `measure`.
 *
 * Where both are paths, the source is brought to the output's size and frame rate (see `openPair`), and of videos of different
 * length the common beginning is measured; `onWarning` hears of it.
 *
 * @throws UsageError when there are no frames, or output and source differ in length or in size
 */
export async function metrics(
  output: VideoInput,
  source?: VideoInput,
  options: MeasureOptions & { readonly onWarning?: Warn } = {},
): Promise<Metrics> {
  if (typeof output === 'string' && typeof source === 'string') {
    const { onWarning = warnOnStderr, ...measuring } = options;
    const pair = await openPair(output, source, { onWarning });
    return metrics(pair.output, pair.source, {
      onUneven: (shorter, longer, count) => onWarning(unevenSentence(shorter, longer, count)),
      ...measuring,
    });
  }
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

/** What is said where `measure` meets an output and a source of different length. */
export function unevenSentence(shorter: string, longer: string, frames: number): string {
  const called = (name: string) => (name === 'the source' ? name : 'the output');
  return `${called(shorter)} ends before ${called(longer)}: ${frames === 1 ? 'one frame is' : `the first ${frames} frames are`} compared`;
}

async function framesOf(input: VideoInput): Promise<Frames> {
  if (typeof input === 'string') return (await openVideo(input, { exact: true })).frames();
  return 'frameRate' in input ? input.frames() : input;
}
