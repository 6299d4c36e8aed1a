// The settings of a finetuning, their defaults (the published recipe), and the settings that must be equal on a resume.

import { assertInteger } from '../../base/assert.js';
import { UsageError } from '../../base/errors.js';
import { given } from '../../base/given.js';
import type { OnProgress } from '../../base/progress.js';
import type { Settings } from '../../base/settings.js';
import { VERSION } from '../../base/version.js';
import { warnOnStderr } from '../../base/warn.js';
import type { WarpedNoiseOptions } from '../../consistency/warped-noise.js';
import type { EditedFrame } from '../../edits/edited-frame.js';
import { hashModel } from '../../models/checkpoint/hash-model.js';
import type { Model } from '../../models/model.js';
import { defaultsOf } from '../../settings/defaults.js';
import type { OptionsOf } from '../../settings/setting.js';
import { COURSE, TRAINING } from '../../settings/table.js';
import type { TrackingOptions } from '../../tracking/log/tracked-work.js';
import { hashFrame, type TakenFrames } from './encode-items.js';
import { HELD_ASIDE_PROMPTS } from './forgetting.js';
import type { PreviewOptions, PreviewPlan } from './preview.js';
import { PRIOR_PROMPTS } from './prior-preservation.js';
import type { FinetuneStep } from './step.js';
import type { WhatIsTrained } from './trained-weights.js';

/** Options of a finetuning. The defaults are the published recipe; `iterations` and intervals may differ on a resume. */
export interface FinetuneOptions
  extends Omit<TrackingOptions, 'onWarning'>,
    OptionsOf<typeof TRAINING>,
    OptionsOf<Pick<typeof COURSE, 'checkpointEvery' | 'previewEvery'>> {
  /** Folder for checkpoints, previews and the result; the artifacts of the run by default. */
  readonly out?: string;
  /** Name of the video and the run; `finetune` by default. */
  readonly name?: string;
  /** Continues from the latest checkpoint in the folder up to `iterations`. */
  readonly resume?: boolean;
  /** Edited frames of the video, each with its prompt; the same picture can have several prompts. */
  readonly edits: readonly EditedFrame[];
  /** Prompts of prior preservation. */
  readonly priorPrompts?: readonly string[];
  /** Prompts for measuring forgetting; not measured if empty. */
  readonly heldAsidePrompts?: readonly string[];
  /** The source's motion for `trainingNoise: 'warped'`, where it is known; estimated by default. */
  readonly motion?: WarpedNoiseOptions['motion'];
  /** Settings of previews. */
  readonly preview?: PreviewOptions;
  /** Called after each update. An error thrown here ends the training. */
  readonly onStep?: (step: FinetuneStep) => void;
  /** Called with the progress of encoding (label `encoding`), then of the iterations (label `training`). */
  readonly onProgress?: OnProgress;
  /** Called with warnings about edits whose composition changed too much; stderr by default. */
  readonly onWarning?: (message: string) => void;
  /** Called with the folder once work in it begins. */
  readonly onFolder?: (out: string) => void;
  /** Stops after the current iteration and stores its state. */
  readonly signal?: AbortSignal;
}

type LowRank = 'rank' | 'alpha' | 'layers';

// Defaults of low-rank updates are added when these are created, so that a resume compares the given settings.
const { rank: _rank, alpha: _alpha, layers: _layers, ...TRAINED_SETTINGS } = TRAINING;
const { previewFrames: _previewFrames, ...INTERVALS } = COURSE;

/** Options with defaults. */
export type FinetuneSettings = Required<
  Omit<
    FinetuneOptions,
    | LowRank
    | 'out'
    | 'resume'
    | 'averageDecay'
    | 'motion'
    | 'onStep'
    | 'onProgress'
    | 'onFolder'
    | 'signal'
    | 'preview'
    | keyof TrackingOptions
  >
> &
  Pick<FinetuneOptions, LowRank | 'averageDecay' | 'motion' | 'onProgress' | 'signal'> & {
    readonly preview: PreviewOptions;
    readonly onWarning: NonNullable<FinetuneOptions['onWarning']>;
  };

/**
 * Adds defaults and checks numbers.
 *
 * @throws UsageError naming the invalid option
 */
export function finetuneSettings(options: FinetuneOptions): FinetuneSettings {
  const settings: FinetuneSettings = {
    name: 'finetune',
    ...defaultsOf(TRAINED_SETTINGS),
    clipNorm: Infinity,
    priorPrompts: PRIOR_PROMPTS,
    heldAsidePrompts: HELD_ASIDE_PROMPTS,
    preview: {},
    ...defaultsOf(INTERVALS),
    onWarning: warnOnStderr,
    ...given(options),
    edits: options.edits,
  };
  const { learningRate, priorPreservation, priorPrompts, clipNorm, weightDecay, averageDecay } = settings;
  assertInteger('iterations: the number', settings.iterations, 1);
  assertInteger('batch: the number of items', settings.trainingBatch, 1);
  assertInteger('accumulate: the number of batches', settings.accumulate, 1);
  assertInteger('warm-up: the number of iterations', settings.warmup, 0);
  assertInteger('previews: the number of iterations between them', settings.previewEvery, 0);
  assertInteger('checkpoints: the number of iterations between them', settings.checkpointEvery, 1);
  assertInteger('previews: the number of frames', settings.preview.frames ?? COURSE.previewFrames.default, 1);
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

/** The given settings of the trained weights. */
export function whatIsTrained({ train, rank, alpha, layers }: FinetuneSettings): WhatIsTrained {
  return train === 'lora' ? given({ kind: train, rank, alpha, layers }) : { kind: train };
}

/** Whether a checkpoint is stored after an iteration: with 200 between them, 100, 200, 400, 600 and so on. */
export function isCheckpoint(iteration: number, every: number): boolean {
  return iteration % every === 0 || 2 * iteration === every;
}

/** Everything that determines a finetuning bit by bit, with hashes of pictures and weights; not iterations and intervals. */
export async function resumeSettings(
  model: Model,
  { items, taken, count, sha256 }: TakenFrames,
  previews: { readonly frames: readonly number[]; readonly settings: PreviewPlan['settings'] },
  settings: FinetuneSettings,
): Promise<Settings> {
  const { edits, objective, weighting, timestepRange, startRange, learningRate, warmup, weightDecay } = settings;
  const { trainingBatch: batch, accumulate, clipNorm, averageDecay, trainingSeed: seed } = settings;
  const { priorPreservation, priorPrompts, heldAsidePrompts } = settings;
  const train = whatIsTrained(settings);
  const result = {
    kind: 'finetune',
    version: VERSION,
    ...(await hashModel(model, settings)),
    device: model.runsOn,
    video: { frames: count, taken: Object.fromEntries([...taken].map(([i, frame]) => [i, hashFrame(frame)])) },
    edits: edits.map(({ picture, frame, prompt }) => ({ sha256: hashFrame(picture), frame, prompt })),
    trainingFrames: items.filter(({ edit }) => edit === null).length,
    ...{ objective, weighting, timestepRange, train, learningRate, warmup, weightDecay, batch, accumulate, seed },
    ...(objective === 'rendering-path' && { startRange }),
    // A cosine schedule with another end differs from the first iteration on.
    ...(settings.schedule === 'cosine' && { cosineOver: settings.iterations }),
    // Noise moves through all frames.
    ...(settings.trainingNoise === 'warped' && { warpedNoise: { frames: sha256, estimated: !settings.motion } }),
    clipNorm: clipNorm === Infinity ? null : clipNorm,
    averageDecay: averageDecay ?? null,
    priorPreservation,
    ...(priorPreservation > 0 && { priorPrompts }),
    heldAsidePrompts,
    preview: { ...previews.settings, frames: previews.frames },
  };
  return JSON.parse(JSON.stringify(result));
}

/** Checks that a model is trained with the floats that it was opened with. @throws UsageError otherwise */
export function assertTrainable({ precision }: Pick<Model, 'precision'>): void {
  if (precision === 'float32') return;
  throw new UsageError(`finetune: trainings compute with float32; open the model without precision ${precision}`);
}
