// The metrics of a single video, with or without its source. For several outputs of one source, `measure` is faster.

import { frameDone } from '../base/frame-progress.js';
import { type Warn, warnOnStderr } from '../base/warn.js';
import type { Frame, Frames } from '../tensor/frame.js';
import { lockstep } from '../video/read/lockstep.js';
import { openVideo } from '../video/read/open-video.js';
import { isVideo, type VideoInput } from '../video/read/video.js';
import { framesOf } from '../video/read/video-input.js';
import { closeLedger, createLedger, noteFrame } from './ledger.js';
import { type MeasureOptions, measure } from './measure.js';
import type { Measurement } from './measurement.js';
import { openPair } from './open-pair.js';

/** The result of {@link metrics}. */
export interface Metrics {
  /** Length of the video, in frames. */
  readonly frames: number;
  readonly output: Measurement;
  /** Metrics of the source itself, the floor; absent without a source. */
  readonly source?: Measurement;
}

/** Settings of {@link metrics}. */
export interface MetricsOptions extends MeasureOptions {
  /** Called if two paths are brought to one frame rate or length; standard error by default. */
  readonly onWarning?: Warn;
}

/**
 * Measures one video alone: frame difference, VBench's temporal flickering, second difference and standard deviation. Null
 * values and curves are as in `measure`.
 *
 * @throws UsageError when there are no frames
 */
export function metrics(video: VideoInput, options?: MetricsOptions): Promise<Metrics>;
/**
 * Measures a restyled video and its source with all metrics. Null values and curves are as in `measure`.
 *
 * If both are paths, the source is brought to the output's size and frame rate (see `openPair`), and of videos of different
 * length the common beginning is measured, with a warning.
 *
 * @throws UsageError when there are no frames, or output and source differ in length or in size
 */
export function metrics(source: VideoInput, output: VideoInput, options?: MetricsOptions): Promise<Metrics>;
export async function metrics(
  first: VideoInput,
  second: VideoInput | MetricsOptions = {},
  options: MetricsOptions = {},
): Promise<Metrics> {
  return isInput(second) ? ofPair(first, second, options) : ofOne(first, second);
}

async function ofPair(source: VideoInput, output: VideoInput, options: MetricsOptions): Promise<Metrics> {
  if (typeof source === 'string' && typeof output === 'string') {
    const { onWarning = warnOnStderr, ...measuring } = options;
    const pair = await openPair(source, output, { onWarning, signal: options.signal });
    return ofPair(pair.source, pair.output, {
      onUneven: (shorter, longer, count) => onWarning(unevenSentence(shorter, longer, count)),
      ...measuring,
    });
  }
  const from = await openInput(source, options);
  const to = await openInput(output, options);
  const expectedFrames = options.expectedFrames ?? to.expectedFrames ?? from.expectedFrames;
  const measured = await measure(from.frames, { output: to.frames }, { ...options, expectedFrames });
  return { frames: measured.frames, output: measured.outputs.output, source: measured.source };
}

async function ofOne(video: VideoInput, options: MetricsOptions): Promise<Metrics> {
  const { frames, expectedFrames } = await openInput(video, options);
  const reporting = { ...options, expectedFrames: options.expectedFrames ?? expectedFrames };
  const ledger = createLedger();
  let previous: Frame | undefined;
  let beforePrevious: Frame | undefined;
  let count = 0;
  options.signal?.throwIfAborted();
  for await (const [frame] of lockstep([{ name: 'the video', frames }])) {
    noteFrame(ledger, frame, previous, beforePrevious);
    beforePrevious = previous;
    previous = frame;
    frameDone(++count, 'measuring', reporting);
  }
  return { frames: count, output: closeLedger(ledger) };
}

/** The message about an output and a source of different length in `measure`. */
export function unevenSentence(shorter: string, longer: string, frames: number): string {
  const called = (name: string) => (name === 'the source' ? name : 'the output');
  return `${called(shorter)} ends before ${called(longer)}: ${frames === 1 ? 'one frame is' : `the first ${frames} frames are`} compared`;
}

function isInput(value: VideoInput | MetricsOptions): value is VideoInput {
  return typeof value === 'string' || isVideo(value) || Symbol.asyncIterator in value || Symbol.iterator in value;
}

async function openInput(
  input: VideoInput,
  { signal }: MetricsOptions,
): Promise<{ frames: Frames; expectedFrames?: number | undefined }> {
  const video = typeof input === 'string' ? await openVideo(input, { exact: true, signal }) : input;
  return { frames: framesOf(video), expectedFrames: isVideo(video) ? video.expectedFrames : undefined };
}
