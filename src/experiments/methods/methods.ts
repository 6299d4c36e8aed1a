// The methods that are compared: what each makes of a rendering, along which motion, and how much of it must be rendered.

import { temporalFilter } from '../../lib/consistency/filter.js';
import { flowMedian } from '../../lib/consistency/flow-median.js';
import type { RestyleOptions } from '../../lib/diffusion/restyle.js';
import type { Frame } from '../../lib/tensor/frame.js';
import type { FinetuneOptions } from '../../lib/training/finetune/options.js';
import type { SourceMotion } from '../../lib/video/flow/correspondence.js';
import type { MotionOf } from './motions.js';

/** Which rendering a method starts from: the plain model's, or that of a model finetuned on a true or picked edit. */
export type Base = 'plain' | 'true' | 'picked';

/** What a method is given. */
export interface Given {
  readonly source: readonly Frame[];
  readonly styled: readonly Frame[];
  readonly motion: SourceMotion;
}

/** How frames are rendered where it is not the usual way: its name in files, and the settings that differ. */
export interface Variant {
  readonly name: string;
  readonly options: Pick<RestyleOptions, 'anchor' | 'adain' | 'noise' | 'preset' | 'cacheInterval'>;
}

/** How the model is finetuned where it is not the usual way: its name in files, and the settings that differ. */
export interface TrainingVariant {
  readonly name: string;
  readonly options: Pick<FinetuneOptions, 'trainingNoise'>;
}

/** One method. */
export interface Method {
  readonly name: string;
  readonly label: string;
  /** The line of the chart that it belongs to; there are as many lines as colours. */
  readonly family?: string;
  readonly on: readonly Base[];
  readonly train?: TrainingVariant;
  readonly render?: Variant;
  readonly motion?: MotionOf;
  /** Distance of keyframes, where only these are rendered and the frames between them carried along the motion. */
  readonly keyEvery?: number;
  /** What it makes of the rendering, or of the carried keyframes. */
  readonly make?: (given: Given) => AsyncIterable<Frame>;
}

/** The rendering to which all are compared. */
export const REFERENCE = 'recipe';

const FINETUNED: readonly Base[] = ['true', 'picked'];
const NAMES: Readonly<Record<MotionOf, string>> = {
  ...{ network: 'the flow network', farneback: 'Farneback', dis: 'DIS', true: 'the true motion' },
};

function keyframes(keyEvery: number, motion: MotionOf): Method {
  return {
    name: `keyframes-${keyEvery}-${motion}`,
    label: `keyframes every ${keyEvery}, ${NAMES[motion]}`,
    ...(motion !== 'farneback' && { family: `keys, ${motion}` }),
    on: FINETUNED,
    motion,
    keyEvery,
  };
}

function filter(filterWeight: number, motion: MotionOf): Method {
  return {
    name: `filter-${filterWeight}-${motion}`,
    label: `filter of weight ${filterWeight}, ${NAMES[motion]}`,
    ...(motion === 'dis' && { family: `filter, ${motion}` }),
    on: FINETUNED,
    motion,
    make: ({ source, styled, motion: along }) => temporalFilter(source, styled, { filterWeight, motion: along }),
  };
}

/** Keyframes first, and the filter over them: what is left of the keys' own differences. */
function filteredKeyframes(keyEvery: number, filterWeight: number, motion: MotionOf): Method {
  const { family: _, ...filtered } = filter(filterWeight, motion);
  return {
    ...{ ...filtered, keyEvery },
    name: `keyframes-${keyEvery}-${filtered.name}`,
    label: `keyframes every ${keyEvery}, then ${filtered.label}`,
  };
}

/** Another way of rendering, by itself and with its keyframes carried along these motions. */
function rendered(label: string, render: Variant, motions: readonly MotionOf[] = ['dis']): Method[] {
  return withKeyframes({ name: render.name, label, on: FINETUNED, render }, motions);
}

/** A method, and its keyframes carried along these motions. */
function withKeyframes(own: Method, motions: readonly MotionOf[]): Method[] {
  const carried = motions.map((motion) => {
    const { family: _, ...method } = keyframes(5, motion);
    return { ...method, ...own, name: `${own.name}-${method.name}`, label: `${own.label}, then ${method.label}` };
  });
  return [own, ...carried];
}

/** A model that is finetuned with the noise of each frame as it moves through the video. */
const WARPED_TRAINING: TrainingVariant = { name: 'warped-training', options: { trainingNoise: 'warped' } };
const WARPED: Variant = { name: 'warped-noise', options: { noise: 'warped' } };

const cached = (cacheInterval: number): Variant => ({ name: `cache-${cacheInterval}`, options: { cacheInterval } });

/** All methods, in the order of the table. */
export const METHODS: readonly Method[] = [
  { name: 'plain', label: 'plain model', family: 'plain model', on: ['plain'] },
  { name: REFERENCE, label: 'recipe', family: 'recipe', on: FINETUNED },
  {
    ...{ name: 'median', label: 'flow-warped median, Farneback', on: FINETUNED },
    motion: 'farneback',
    make: ({ source, styled }) => flowMedian(source, styled),
  },
  ...(['dis', 'network'] as const).map((motion) => filter(1, motion)),
  filter(1, 'true'),
  keyframes(5, 'farneback'),
  ...(['dis', 'network', 'true'] as const).flatMap((motion) => [3, 5, 8].map((every) => keyframes(every, motion))),
  ...(['dis', 'network', 'true'] as const).map((motion) => filteredKeyframes(5, 0.3, motion)),
  ...rendered('AdaIN', { name: 'adain', options: { adain: 0.2 } }),
  ...rendered('anchors + AdaIN', { name: 'anchors', options: { anchor: 'first-previous', adain: 0.2 } }),
  ...rendered('warped noise', WARPED, ['dis', 'network']),
  { name: 'warped-training', label: 'finetuned with warped noise', on: FINETUNED, train: WARPED_TRAINING },
  ...withKeyframes(
    {
      ...{ name: 'warped-training-warped-noise', label: 'finetuned with warped noise, warped noise', on: FINETUNED },
      ...{ train: WARPED_TRAINING, render: WARPED },
    },
    ['network'],
  ),
  ...rendered('preset fast', { name: 'fast', options: { preset: 'fast' } }, ['dis', 'network']),
  ...rendered('caching, every 2nd step', cached(2), []),
  ...rendered('caching, every 3rd step', cached(3), []),
  ...rendered('preset draft', { name: 'draft', options: { preset: 'draft' } }),
];
