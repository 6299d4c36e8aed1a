// The settings of a finetuning: what they are, the published recipe as their defaults, and what a resume must find again.

import { assertInteger } from '../../base/assert.js';
import { UsageError } from '../../base/errors.js';
import { given } from '../../base/given.js';
import { printableLine } from '../../base/printable.js';
import type { OnProgress } from '../../base/progress.js';
import type { Settings } from '../../base/settings.js';
import { VERSION } from '../../base/version.js';
import type { EditedFrame } from '../../edits/edited-frame.js';
import { hashModel } from '../../models/checkpoint/hash-model.js';
import type { Model } from '../../models/model.js';
import type { TrackingOptions } from '../../tracking/log/tracked-work.js';
import type { Objective, TimestepRange, Weighting } from '../loss/denoising-batch.js';
import { hashFrame, type TakenFrames } from './encode-items.js';
import { HELD_ASIDE_PROMPTS } from './forgetting.js';
import type { PreviewOptions, PreviewPlan } from './preview.js';
import { PRIOR_PROMPTS } from './prior-preservation.js';
import type { FinetuneStep } from './step.js';
import type { WhatIsTrained } from './trained-weights.js';

/**
 * Options of a finetuning. The defaults are the published recipe: 30 frames spread over the video, timesteps below 500, a
 * learning rate of 1e-5, 1000 iterations of one item each.
 */
export interface FinetuneOptions extends Omit<TrackingOptions, 'onWarning'> {
  /** Folder for checkpoints, previews and the result; the artifacts of the run by default. */
  readonly out?: string;
  /** What the video is called, and so the run; `finetune` by default. */
  readonly name?: string;
  /** Goes on from the nearest checkpoint in the folder that is not past `iterations`. */
  readonly resume?: boolean;
  /** Edited frames of the video, each with the prompt that is to lead there; the same picture may come under several prompts. */
  readonly edits: readonly EditedFrame[];
  /** Unconditional items; 30 by default. */
  readonly trainingFrames?: number;
  /** How edited frames are learned; `noised-original` by default. */
  readonly objective?: Objective;
  /** How items are weighted; `min-snr-paired` by default. */
  readonly weighting?: Weighting;
  /** Timesteps that are trained, the last one excluded; [0, 500) by default. */
  readonly timestepRange?: TimestepRange;
  /** Timesteps at which paths of `rendering-path` start; [300, 500) by default. */
  readonly startRange?: TimestepRange;
  /** LoRA of rank 4 beside the attention projections by default. */
  readonly train?: WhatIsTrained;
  /** 1e-5 by default. */
  readonly learningRate?: number;
  /** Iterations over which the learning rate rises from 0; none by default: the recipe publishes no length. */
  readonly warmup?: number;
  /** What the learning rate does after the warm-up: stays, which is the default, or falls along half a cosine to 0. */
  readonly schedule?: 'constant' | 'cosine';
  /** AdamW's decay; 0.01 by default. */
  readonly weightDecay?: number;
  /** 1000 by default. May differ on a resume. */
  readonly iterations?: number;
  /** Items an update; 1 by default. */
  readonly batch?: number;
  /** Batches whose gradients are averaged for an update; 1 by default. */
  readonly accumulate?: number;
  /** Norm to which gradients are scaled down, which takes room for all of them at once; none by default, as in the recipe. */
  readonly clipNorm?: number;
  /** Decay of an exponential moving average of the weights, which then is the result (0.99, say); none by default. */
  readonly averageDecay?: number;
  /** Decides order, timesteps, noise and the start of low-rank updates; 0 by default. */
  readonly seed?: number;
  /** Weight of prior preservation; 0 by default. Above 0 each item is joined by a row that keeps the base model's prediction. */
  readonly priorPreservation?: number;
  /** What prior preservation keeps. */
  readonly priorPrompts?: readonly string[];
  /** Prompts by which forgetting is measured; an empty list measures none. */
  readonly heldAsidePrompts?: readonly string[];
  /** What previews render, and how. */
  readonly preview?: PreviewOptions;
  /** Iterations between previews, 200 by default, 0 for none. May differ on a resume. */
  readonly previewEvery?: number;
  /** Iterations between checkpoints, 200 by default; the first comes after half of them. May differ on a resume. */
  readonly checkpointEvery?: number;
  /** Called after each update. An error that it throws ends the training. */
  readonly onStep?: (step: FinetuneStep) => void;
  /** Progress of encoding (label `encoding`), then of the iterations (label `training`). */
  readonly onProgress?: OnProgress;
  /** Hears of edits whose composition moved too far; prints to stderr by default. */
  readonly onWarning?: (message: string) => void;
  /** Told the folder as soon as work in it begins. */
  readonly onFolder?: (out: string) => void;
  /** Stops after the current iteration, whose state is stored. */
  readonly signal?: AbortSignal;
}

/** Options with every default in place. */
export type FinetuneSettings = Required<
  Omit<
    FinetuneOptions,
    | 'out'
    | 'resume'
    | 'averageDecay'
    | 'onStep'
    | 'onProgress'
    | 'onFolder'
    | 'signal'
    | 'preview'
    | keyof TrackingOptions
  >
> &
  Pick<FinetuneOptions, 'averageDecay' | 'onProgress' | 'signal'> & {
    readonly preview: PreviewOptions;
    readonly onWarning: NonNullable<FinetuneOptions['onWarning']>;
  };

/**
 * Fills in defaults and checks numbers.
 *
 * @throws UsageError naming what cannot be
 */
export function finetuneSettings(options: FinetuneOptions): FinetuneSettings {
  const settings: FinetuneSettings = {
    name: 'finetune',
    trainingFrames: 30,
    objective: 'noised-original',
    weighting: 'min-snr-paired',
    timestepRange: [0, 500],
    startRange: [300, 500],
    train: { kind: 'lora' },
    learningRate: 1e-5,
    warmup: 0,
    schedule: 'constant',
    weightDecay: 1e-2,
    iterations: 1000,
    batch: 1,
    accumulate: 1,
    clipNorm: Infinity,
    seed: 0,
    priorPreservation: 0,
    priorPrompts: PRIOR_PROMPTS,
    heldAsidePrompts: HELD_ASIDE_PROMPTS,
    preview: {},
    previewEvery: 200,
    checkpointEvery: 200,
    onWarning: (message) => console.warn(printableLine(message)),
    ...given(options),
    edits: options.edits,
  };
  const { learningRate, priorPreservation, priorPrompts, clipNorm, weightDecay, averageDecay } = settings;
  assertInteger('iterations: the number', settings.iterations, 1);
  assertInteger('batch: the number of items', settings.batch, 1);
  assertInteger('accumulate: the number of batches', settings.accumulate, 1);
  assertInteger('warm-up: the number of iterations', settings.warmup, 0);
  assertInteger('previews: the number of iterations between them', settings.previewEvery, 0);
  assertInteger('checkpoints: the number of iterations between them', settings.checkpointEvery, 1);
  assertInteger('previews: the number of frames', settings.preview.frames ?? 4, 1);
  const bad = (what: string, value: unknown, expected: string): UsageError =>
    new UsageError(`${what}: ${value} is not possible; expected ${expected}`);
  if (!(learningRate > 0 && learningRate < Infinity)) {
    throw bad('learning rate', learningRate, 'a number above 0, such as 1e-5');
  }
  if (!(weightDecay >= 0 && weightDecay < Infinity)) throw bad('weight decay', weightDecay, 'a number from 0 on');
  if (!(clipNorm > 0)) throw bad('gradient norm', clipNorm, 'a number above 0, such as 1');
  if (averageDecay !== undefined && !(averageDecay >= 0 && averageDecay < 1)) {
    throw bad('decay of the average', averageDecay, 'a number from 0 to below 1, such as 0.99');
  }
  if (!(priorPreservation >= 0 && priorPreservation < Infinity)) {
    throw bad('prior preservation', priorPreservation, 'a weight from 0 on');
  }
  if (priorPreservation > 0 && priorPrompts.length === 0) {
    throw new UsageError('prior preservation: there is no prompt to keep; give at least one, or set its weight to 0');
  }
  return settings;
}

/** Whether an iteration is one that stores a checkpoint: with 200 between them, 100, 200, 400, 600 and so on. */
export function isCheckpoint(iteration: number, every: number): boolean {
  return iteration % every === 0 || 2 * iteration === every;
}

/** Everything that decides the bits of a finetuning, pictures and weights as hashes. Iterations and intervals are no part of it. */
export async function resumeSettings(
  model: Model,
  { items, taken, count }: TakenFrames,
  previews: { readonly frames: readonly number[]; readonly settings: PreviewPlan['settings'] },
  settings: FinetuneSettings,
): Promise<Settings> {
  const { edits, objective, weighting, timestepRange, startRange, train, learningRate, warmup, weightDecay } = settings;
  const { batch, accumulate, clipNorm, averageDecay, seed, priorPreservation, priorPrompts, heldAsidePrompts } =
    settings;
  const result = {
    kind: 'finetune',
    version: VERSION,
    ...(await hashModel(model, settings)),
    device: model.device,
    video: { frames: count, taken: Object.fromEntries([...taken].map(([i, frame]) => [i, hashFrame(frame)])) },
    edits: edits.map(({ picture, frame, prompt }) => ({ sha256: hashFrame(picture), frame, prompt })),
    trainingFrames: items.filter(({ edit }) => edit === null).length,
    ...{ objective, weighting, timestepRange, train, learningRate, warmup, weightDecay, batch, accumulate, seed },
    ...(objective === 'rendering-path' && { startRange }),
    // A cosine that ends elsewhere is another one from its beginning.
    ...(settings.schedule === 'cosine' && { cosineOver: settings.iterations }),
    clipNorm: clipNorm === Infinity ? null : clipNorm,
    averageDecay: averageDecay ?? null,
    priorPreservation,
    ...(priorPreservation > 0 && { priorPrompts }),
    heldAsidePrompts,
    preview: { ...previews.settings, frames: previews.frames },
  };
  return JSON.parse(JSON.stringify(result));
}
