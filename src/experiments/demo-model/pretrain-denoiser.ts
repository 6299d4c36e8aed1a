// Trains a denoising network and its text encoder from scratch, on latents and captions from the caller.

import { given } from '../../lib/base/given.js';
import { seedOf } from '../../lib/base/hash.js';
import { createGenerator } from '../../lib/base/random.js';
import { levelAt, type NoiseSchedule } from '../../lib/diffusion/noise-schedule.js';
import type { PredictionType } from '../../lib/diffusion/prediction.js';
import { ops as g } from '../../lib/graph/ops.js';
import type { Node } from '../../lib/graph/types.js';
import type { TextConfig, UNetConfig } from '../../lib/models/config/config.js';
import { clipText } from '../../lib/models/networks/clip-text.js';
import { createScope, type Scope } from '../../lib/models/networks/scope.js';
import { unet } from '../../lib/models/networks/unet.js';
import { sizeOf, type Tensor, tensor } from '../../lib/tensor/tensor.js';
import { adamw, type Weights } from '../../lib/training/loop/adamw.js';
import { compileGradients, type GradientProgram } from '../../lib/training/loop/gradient-program.js';
import { initialWeights } from '../../lib/training/loop/initial-weights.js';
import { cosineAfterWarmup } from '../../lib/training/loop/learning-rate.js';
import { type TrainingStep, train } from '../../lib/training/loop/train.js';
import { targetInputs } from '../../lib/training/loss/denoising-batch.js';
import { minSnrWeight, plainTarget, weightedLoss } from '../../lib/training/loss/objective.js';
import { offsetNoise } from './offset-noise.js';

/** Training samples: scaled latents of C h w numbers each, and the token ids of their captions. */
export interface CaptionedLatents {
  readonly latents: readonly Float32Array[];
  readonly ids: readonly Int32Array[];
  /** For a ControlNet: where a pixel [H, W] is on an edge 1, else 0. */
  readonly edges?: readonly Uint8Array[];
}

/** The trained networks, and their inputs. */
export interface DenoiserConfig {
  readonly unet: UNetConfig;
  readonly text: TextConfig;
  readonly schedule: NoiseSchedule;
  readonly predictionType: PredictionType;
  /** [B, C, h, w]. */
  readonly latentShape: readonly number[];
  /** Tokens per prompt. */
  readonly tokens: number;
  /** Standard deviation of the channels' shift of the noise (`offsetNoise`); 0 by default. */
  readonly noiseOffset?: number;
}

/** Settings of the training. */
export interface PretrainDenoiserOptions extends DenoiserConfig {
  /** Returns the samples of an iteration: a pure function of its number. */
  readonly samples: (iteration: number) => Promise<CaptionedLatents>;
  /** Batches that are not trained; steps that save report the loss on them. */
  readonly heldOut?: readonly CaptionedLatents[];
  /** Identity of the samples; a resume must use the same. */
  readonly data: string;
  readonly folder: string;
  readonly iterations: number;
  readonly seed?: number;
  readonly learningRate?: number;
  readonly warmup?: number;
  /** Initial weights; random by default. */
  readonly start?: Weights;
  readonly saveEvery?: number;
  readonly resume?: boolean;
  /** By default the number of cores. */
  readonly threads?: number;
  readonly signal?: AbortSignal;
}

/** An update; if it was saved, with the loss of the averaged weights on the held-out samples. */
export interface DenoiserStep extends TrainingStep {
  readonly heldOutLoss?: number;
}

/** Prefix of the names of the UNet's weights; that of the text encoder is `text_model.`, as in its files. */
export const UNET_PREFIX = 'unet.';

/**
 * The loss is min(SNR, 5) |x0' - x0|^2 (Hang et al. 2023), with timesteps spread evenly over a batch. AdamW, a cosine
 * learning-rate schedule after a warm-up, and an average of the weights. Weights are named `unet.*` as in diffusers and
 * `text_model.*` as in transformers.
 *
 * @throws FailureError when the loss turns NaN; UsageError on a resume with other settings
 */
export async function* pretrainDenoiser(
  options: PretrainDenoiserOptions,
): AsyncGenerator<DenoiserStep, void, undefined> {
  const { iterations, seed = 0, learningRate = 5e-4, warmup = 200, saveEvery = 200, heldOut = [], start } = options;
  const { resume, threads, signal } = options;
  const scope = createScope();
  const loss = denoiserLoss(scope, options);
  const program = await compileGradients(loss, scope, { trained: [...scope.weights.keys()] }, given({ threads }));
  const steps = train({
    program,
    weights: start ?? initialWeights(scope, seed),
    optimizer: adamw({ weightDecay: 1e-2 }),
    learningRate: cosineAfterWarmup(learningRate, iterations, warmup, learningRate / 20),
    iterations,
    batch: async (iteration) => noisedBatch(options, await options.samples(iteration), `${seed} ${iteration}`),
    clipNorm: 1,
    averageDecay: 0.999,
    folder: options.folder,
    saveAfter: (iteration) => iteration % saveEvery === 0,
    settings: {
      networks: [options.unet.raw, options.text.raw],
      prediction: options.predictionType,
      data: options.data,
      latentShape: options.latentShape,
      start: start ? 'given weights' : 'random weights',
      ...{ seed, learningRate, warmup, iterations },
      ...(options.noiseOffset && { noiseOffset: options.noiseOffset }),
    },
    ...given({ resume, signal }),
  });
  const judged = heldOut.map((samples, i) => () => noisedBatch(options, samples, `held out ${i}`));
  yield* judgedSteps(steps, program, judged);
}

/** The steps of a training; those that save have the loss on held-out inputs. Ends the program. */
export async function* judgedSteps(
  steps: AsyncIterable<TrainingStep>,
  program: GradientProgram,
  heldOut: readonly (() => Parameters<GradientProgram['run']>[0])[],
): AsyncGenerator<DenoiserStep, void, undefined> {
  const judge = async (weights: Weights): Promise<number> => {
    let sum = 0;
    for (const inputs of heldOut) sum += (await program.run(inputs(), weights)).loss;
    return sum / heldOut.length;
  };
  try {
    for await (const step of steps) {
      if (!step.saved || heldOut.length === 0) yield step;
      else yield { ...step, heldOutLoss: await judge(step.state.average ?? step.state.weights) };
    }
  } finally {
    await program.dispose();
  }
}

/** The loss as a graph, with the inputs sample, timesteps, ids, target and weights. */
export function denoiserLoss(scope: Scope, { unet: config, text, latentShape, tokens }: DenoiserConfig): Node {
  const [batch] = latentShape;
  const context = clipText(scope.at('text_model'), text, g.input('ids', [batch, tokens], 'int32'));
  const sample = g.input('sample', latentShape);
  const output = unet(scope.at('unet'), config, { sample, timesteps: g.input('timesteps', [batch]), context });
  return weightedLoss(output, g.input('target', latentShape), g.input('weights', [batch]));
}

/** Noises each sample at its own timestep: that of sample i of B is in the i-th of B equal parts of the schedule. */
export function noisedBatch(
  { schedule, predictionType, latentShape, tokens, noiseOffset = 0 }: DenoiserConfig,
  { latents, ids }: CaptionedLatents,
  key: string,
): Record<string, Tensor> {
  const [batch, ...sides] = latentShape;
  const generator = createGenerator(seedOf(key));
  const rows = Array.from({ length: batch }, (_, i) => {
    const timestep = Math.floor(((i + generator.uniform()) / batch) * schedule.alphasCumprod.length);
    const level = levelAt(schedule, timestep);
    const noise = offsetNoise(generator, sides[0], sizeOf(sides.slice(1)), noiseOffset);
    const target = plainTarget(predictionType, latents[i], noise, level);
    return { ...target, timestep, weight: minSnrWeight(predictionType, level) };
  });
  const allIds = new Int32Array(batch * tokens);
  rows.forEach((_, i) => {
    allIds.set(ids[i], i * tokens);
  });
  return { ...targetInputs(rows, sides), ids: tensor('int32', [batch, tokens], allIds) };
}
