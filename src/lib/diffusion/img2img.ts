// Image to image (Meng et al. 2022, SDEdit) and text to image: the last steps, or all steps, of a sampler on a latent.

import { UsageError } from '../base/errors.js';
import type { Model } from '../models/model.js';
import { withDefaults } from '../settings/defaults.js';
import type { OptionsOf } from '../settings/setting.js';
import { type DENOISE, RENDER } from '../settings/table.js';
import { type Tensor, tensor } from '../tensor/tensor.js';
import { type ControlledOptions, controlledNetwork } from './controlled.js';
import { guidedPrediction } from './guided-prediction.js';
import { noiseSchedule } from './noise-schedule.js';
import { samplers } from './samplers/index.js';
import { createDenoiser, type Denoiser, type Sampler, type SamplingPlan } from './samplers/sampler.js';
import { planForStrength } from './strength.js';

/** Options of every rendering. */
export interface DenoiseOptions extends OptionsOf<Omit<typeof DENOISE, 'prompt' | 'noiseDraw'>> {
  /** Description of the picture. If it is empty, the model follows its prior. */
  prompt: string;
}

/** Options of image to image: latent, noise and strength. */
export interface Img2ImgOptions extends DenoiseOptions, ControlledOptions {
  /** Scaled latents z0 [B, C, h, w]: the encoder's mean times the VAE's scaling factor. */
  latent: Tensor<'float32'>;
  /** Noise [B, C, h, w], or [1, C, h, w] for all of them. */
  noise: Tensor<'float32'>;
  /** Share of the steps that is executed, in (0, 1]: more is a stronger edit. */
  strength: number;
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
  const network = controlledNetwork(model, options, start.plan);
  yield* denoise(model, start, await guidedPrediction(model, options, start.shape, network));
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
  const { sampler, plan } = setUp(model, options);
  const { shape, data } = options.noise;
  const predict = await guidedPrediction(model, options, shape, controlledNetwork(model, options, plan));
  yield* denoise(model, { sampler, plan, shape, x: sampler.fromNoise(data, plan) }, predict);
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
export function noisedStart(model: Model, options: Img2ImgOptions): Start {
  const { latent, strength } = options;
  const noise = repeatNoise(options.noise, latent.shape);
  const { sampler, plan: whole } = setUp(model, options);
  const plan = planForStrength(whole, strength);
  return { sampler, plan, shape: latent.shape, x: sampler.addNoise(latent.data, noise, plan) };
}

function setUp(model: Model, options: DenoiseOptions) {
  const { sampler, steps } = withDefaults(RENDER, options);
  const method = samplers[sampler];
  return { sampler: method, plan: method.plan(noiseSchedule(model.config.schedule), steps) };
}

/** Denoises from a start with the network's predictions. Yields each step. */
export async function* denoise(
  model: Model,
  { sampler, plan, shape, x }: Start,
  predict: Denoiser['predict'],
): AsyncGenerator<DenoiseStep, void, undefined> {
  const [batch] = shape;
  const denoiser = createDenoiser(model.config.predictionType, predict);
  for await (const step of sampler.sample(denoiser, x, plan, { batch })) {
    yield { timestep: step.timestep, latent: tensor('float32', shape, step.latent) };
  }
}

function repeatNoise(noise: Tensor<'float32'>, shape: readonly number[]): Float32Array {
  const fits = noise.shape.length === shape.length && noise.shape.slice(1).every((side, i) => side === shape[i + 1]);
  if (!fits || (noise.shape[0] !== 1 && noise.shape[0] !== shape[0])) {
    throw new UsageError(
      `img2img: noise [${noise.shape.join(', ')}] does not fit latents [${shape.join(', ')}]; give one row, or one for each`,
    );
  }
  if (noise.shape[0] === shape[0]) return noise.data;
  const repeated = new Float32Array(noise.data.length * shape[0]);
  for (let i = 0; i < shape[0]; i++) repeated.set(noise.data, i * noise.data.length);
  return repeated;
}
