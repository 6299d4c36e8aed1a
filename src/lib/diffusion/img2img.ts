// Image to image (Meng et al. 2022, SDEdit) and text to image: the last steps, or all steps, of a sampler on a latent.

import { UsageError } from '../base/errors.js';
import type { Model } from '../models/model.js';
import { withDefaults } from '../settings/defaults.js';
import type { OptionsOf } from '../settings/setting.js';
import { type DENOISE, RENDER } from '../settings/table.js';
import { randn } from '../tensor/randn.js';
import { type Tensor, tensor } from '../tensor/tensor.js';
import { type ControlledOptions, networkOfRun } from './controlled.js';
import { guidedPrediction } from './guided-prediction.js';
import { maskedPrediction } from './masked-prediction.js';
import { noiseSchedule } from './noise-schedule.js';
import { samplers } from './samplers/index.js';
import { createDenoiser, type Denoiser, type Sampler, type SamplingPlan, type StepNoise } from './samplers/sampler.js';
import { planForStrength } from './strength.js';

/** Options of every rendering. */
export interface DenoiseOptions extends OptionsOf<Omit<typeof DENOISE, 'prompt'>> {
  /** Description of the picture. If it is empty, the model follows its prior. */
  prompt: string;
  /** Seed of what `lcm` and `tcd` add between steps: the draws after that of the noise. The same for all rows. */
  seed?: number | bigint;
  /** Seconds at which each row of the batch is shown, for settings that change with time. */
  times?: readonly number[];
  /** The same as tensors [1, C, h, w] or [B, C, h, w], one for each step but the last; drawn from the seed by default. */
  stepNoise?: readonly Tensor<'float32'>[];
}

/** Options of image to image: latent, noise and strength. */
export interface Img2ImgOptions extends DenoiseOptions, ControlledOptions {
  /** Scaled latents z0 [B, C, h, w]: the encoder's mean times the VAE's scaling factor. */
  latent: Tensor<'float32'>;
  /** Noise [B, C, h, w], or [1, C, h, w] for all of them. */
  noise: Tensor<'float32'>;
  /** Share of the steps that is executed, in (0, 1]: more is a stronger edit. */
  strength: number;
  /** Where latents are edited, [B, 1, h, w] or [1, 1, h, w]: 1 is, 0 stays as it is; everywhere by default. */
  latentMask?: Tensor<'float32'>;
}

/** Options of text to image. */
export interface TextToImageOptions extends DenoiseOptions, ControlledOptions {
  /** Unit noise [B, C, h, w], which also determines the number and size of the pictures. */
  noise: Tensor<'float32'>;
}

/**
 * One executed step.
 *
 * @inline
 */
export interface DenoiseStep {
  /** The timestep just executed. */
  timestep: number;
  /** The scaled latents [B, C, h, w] after it. */
  latent: Tensor<'float32'>;
}

/**
 * Edits latents: adds noise by strength, then denoises them under the prompt. Yields each step. Deterministic.
 *
 * @throws UsageError for a strength outside (0, 1] or that runs no step, or noise of another shape;
 * FailureError when latents turn NaN, naming step and row
 */
export async function* img2img(model: Model, options: Img2ImgOptions): AsyncGenerator<DenoiseStep, void, undefined> {
  const start = noisedStart(model, options);
  const network = networkOfRun(model, options, start.plan);
  const predict = await guidedPrediction(model, options, start, network);
  yield* denoise(model, start, keepingOutside(model, start, predict, options), options);
}

/** Predictions that keep latents outside of the mask, if there is one. */
export function keepingOutside(
  model: Model,
  { plan, shape, noise }: Start & { readonly noise: Float32Array },
  predict: Denoiser['predict'],
  { latent, latentMask }: Pick<Img2ImgOptions, 'latent' | 'latentMask'>,
): Denoiser['predict'] {
  if (!latentMask) return predict;
  const cells = [shape[0], 1, ...shape.slice(2)];
  const mask = tensor('float32', cells, repeated(latentMask, cells, 'a mask'));
  return maskedPrediction(predict, model.config.predictionType, { z0: latent.data, noise, mask, plan, shape });
}

/**
 * Generates latents from noise under the prompt. Yields each step.
 *
 * @throws FailureError when latents turn NaN, naming step and row
 */
export async function* textToImage(
  model: Model,
  options: TextToImageOptions,
): AsyncGenerator<DenoiseStep, void, undefined> {
  const { sampler: name, steps } = withDefaults(RENDER, options);
  const sampler = samplers[name];
  const plan = sampler.plan(noiseSchedule(model.config.schedule), steps);
  const { shape, data } = options.noise;
  const predict = await guidedPrediction(model, options, { shape, plan }, networkOfRun(model, options, plan));
  yield* denoise(model, { sampler, plan, shape, x: sampler.fromNoise(data, plan) }, predict, options);
}

/** Where a sampler starts. */
export interface Start {
  readonly sampler: Sampler;
  readonly plan: SamplingPlan;
  /** Shape [B, C, h, w] of the latents. */
  readonly shape: readonly number[];
  /** The noised latents, in the sampler's units. */
  readonly x: Float32Array;
}

/**
 * The start of image to image: latents with noise by strength, and the steps that it executes.
 *
 * @throws UsageError for a strength outside (0, 1] or that runs no step, or noise of another shape
 */
export function noisedStart(model: Model, options: Img2ImgOptions): Start & { readonly noise: Float32Array } {
  const { latent, strength } = options;
  const noise = repeated(options.noise, latent.shape, 'noise');
  const { sampler: name, steps } = withDefaults(RENDER, options);
  const sampler = samplers[name];
  const plan = planForStrength(sampler, noiseSchedule(model.config.schedule), { steps, strength });
  return { sampler, plan, shape: latent.shape, x: sampler.addNoise(latent.data, noise, plan), noise };
}

/** Denoises from a start with the network's predictions. Yields each step. */
export async function* denoise(
  model: Model,
  { sampler, plan, shape, x }: Start,
  predict: Denoiser['predict'],
  options: DenoiseOptions,
): AsyncGenerator<DenoiseStep, void, undefined> {
  const [batch] = shape;
  const denoiser = createDenoiser(model.config.predictionType, predict);
  const { eta } = withDefaults(RENDER, options);
  const stepNoise = stepNoiseOf(options, shape, plan.timesteps.length);
  for await (const step of sampler.sample(denoiser, x, plan, { batch, stepNoise, eta })) {
    yield { timestep: step.timestep, latent: tensor('float32', shape, step.latent) };
  }
}

/** The noise after each step, one row for all of a batch: frames whose noise differs would flicker. */
function stepNoiseOf(options: DenoiseOptions, shape: readonly number[], steps: number): StepNoise {
  const { stepNoise } = options;
  if (stepNoise && stepNoise.length < steps - 1) {
    throw new UsageError(
      `img2img: ${stepNoise.length} tensors of step noise for ${steps} steps; give ${steps - 1}, one for each but the last`,
    );
  }
  const { seed, noiseDraw } = withDefaults(RENDER, options);
  const drawn = (step: number): Tensor<'float32'> =>
    randn(seed, [1, ...shape.slice(1)], { draw: noiseDraw + 1 + step });
  return (step) => repeated(stepNoise?.[step] ?? drawn(step), shape, 'step noise');
}

/** A row [1, C, h, w] for each latent, or as it is. */
function repeated(noise: Tensor<'float32'>, shape: readonly number[], what: string): Float32Array {
  const fits = noise.shape.length === shape.length && noise.shape.slice(1).every((side, i) => side === shape[i + 1]);
  if (!fits || (noise.shape[0] !== 1 && noise.shape[0] !== shape[0])) {
    throw new UsageError(
      `img2img: ${what} [${noise.shape.join(', ')}] does not fit latents [${shape.join(', ')}]; give one row, or one for each`,
    );
  }
  if (noise.shape[0] === shape[0]) return noise.data;
  const rows = new Float32Array(noise.data.length * shape[0]);
  for (let i = 0; i < shape[0]; i++) rows.set(noise.data, i * noise.data.length);
  return rows;
}
