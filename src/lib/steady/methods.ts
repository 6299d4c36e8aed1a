// The methods that steady a finished video, by name, each with what it stores to continue after an interruption.

import { join } from 'node:path';
import { type FilterOptions, filterResults } from '../consistency/filter.js';
import { flowMedian } from '../consistency/flow-median.js';
import type { KeyframeOptions } from '../consistency/key-segments.js';
import { carriedSegments } from '../consistency/keyframes.js';
import type { SettingTable } from '../settings/setting.js';
import { FILTER, MEDIAN, PRIOR, STEADY, type STEADY_METHODS } from '../settings/table.js';
import type { Frame } from '../tensor/frame.js';
import type { Video } from '../video/read/video.js';
import { type DeepVideoPriorOptions, deepVideoPrior } from './deep-video-prior.js';
import { loadFilterResult, saveFilterResult } from './filter-state.js';
import type { SteadyWork } from './work.js';

/** Settings of all methods. */
export interface MethodOptions extends KeyframeOptions, FilterOptions, Pick<DeepVideoPriorOptions, 'passes'> {}

/** A method. */
interface Method {
  /** Its settings. */
  readonly settings: SettingTable;
  /**
   * Yields the steadied frames that follow those in `work.frames`, to which the caller appends each before it asks for the
   * next. Frames from which the method cannot continue are removed there first.
   */
  readonly frames: (pair: Pair, options: MethodOptions & Hooks, work: SteadyWork) => Promise<AsyncIterable<Frame>>;
}

type Pair = Readonly<Record<'source' | 'output', Video>>;
type Hooks = Pick<DeepVideoPriorOptions, 'onProgress'>;

/** Bytes of a keyframe's number. */
const KEY_BYTES = 4;

/** Each method by its name. */
export const STEADIED_BY: Readonly<Record<(typeof STEADY_METHODS)[number], Method>> = {
  keyframes: { settings: STEADY, frames: continuedKeyframes },
  filter: { settings: { ...FILTER, flow: STEADY.flow }, frames: continuedFilter },
  median: {
    settings: MEDIAN,
    frames: async ({ source, output }, options, { frames }) =>
      flowMedian(source, output, { ...options, first: frames.count }),
  },
  prior: {
    settings: PRIOR,
    frames: async ({ source, output }, options, { folder, frames, onWarning }) =>
      deepVideoPrior(source, output, { ...options, work: folder, first: frames.count, onWarning }),
  },
};

/** Continues at the last keyframe that is done: what follows does not depend on what is before it. */
async function continuedKeyframes(
  { source, output }: Pair,
  options: MethodOptions,
  work: SteadyWork,
): Promise<AsyncIterable<Frame>> {
  const keys = await work.journal('keys.u32', KEY_BYTES);
  const done: number[] = [];
  for await (const record of keys.records()) {
    const key = Buffer.from(record).readUInt32LE();
    if (key < work.frames.count) done.push(key);
  }
  const first = done.at(-1) ?? 0;
  await work.frames.truncate(first);
  await keys.truncate(Math.max(0, done.length - 1));
  return (async function* () {
    for await (const { key, frames } of carriedSegments(source, output, options, first)) {
      yield* frames;
      const record = Buffer.alloc(KEY_BYTES);
      record.writeUInt32LE(key);
      await keys.append(record);
    }
  })();
}

/** Continues after the frame whose result is stored. */
async function continuedFilter(
  { source, output }: Pair,
  options: MethodOptions,
  { folder, frames, onWarning }: SteadyWork,
): Promise<AsyncIterable<Frame>> {
  const path = join(folder, 'filter.f32');
  const stored = await loadFilterResult(path, 3 * output.width * output.height);
  if (stored === 'damaged') onWarning(`${path}: is damaged; the video is filtered again`);
  const last = typeof stored === 'object' && stored.index < frames.count ? stored : undefined;
  await frames.truncate(last ? last.index + 1 : 0);
  return (async function* () {
    for await (const { frame, ...result } of filterResults(source, output, options, last)) {
      yield frame;
      await saveFilterResult(path, result);
    }
  })();
}
