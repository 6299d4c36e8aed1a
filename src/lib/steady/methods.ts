// The methods that steady a finished video, by name.

import { type FilterOptions, temporalFilter } from '../consistency/filter.js';
import { flowMedian } from '../consistency/flow-median.js';
import type { KeyframeOptions } from '../consistency/key-segments.js';
import { carryKeyframes } from '../consistency/keyframes.js';
import type { STEADY_METHODS } from '../settings/table.js';
import type { Frame } from '../tensor/frame.js';
import type { VideoInput } from '../video/read/video.js';
import { type DeepVideoPriorOptions, deepVideoPrior } from './deep-video-prior.js';

/** Settings of all methods. */
export interface MethodOptions extends KeyframeOptions, FilterOptions, Pick<DeepVideoPriorOptions, 'passes'> {}

/** Yields the steadied frames of a styled video, with its source. `work` is a folder for unfinished work. */
type Method = (
  source: VideoInput,
  styled: VideoInput,
  options: MethodOptions & Pick<DeepVideoPriorOptions, 'onProgress' | 'work'>,
) => AsyncGenerator<Frame, void, undefined>;

/** Each method by its name. */
export const STEADIED_BY: Readonly<Record<(typeof STEADY_METHODS)[number], Method>> = {
  keyframes: carryKeyframes,
  filter: temporalFilter,
  median: flowMedian,
  prior: deepVideoPrior,
};
