// Image to image (Meng et al. 2022, SDEdit) and text to image: the last steps, or all steps, of a sampler on a latent.

import { UsageError } from '../base/errors.js';
import type { Model } from '../models/model.js';
import { withDefaults } from '../settings/defaults.js';
import type { OptionsOf } from '../settings/setting.js';
import { type DENOISE, RENDER } from '../settings/table.js';
import { type Tensor, tensor } from '../tensor/tensor.js';
import { assertGuidance, combine, rescale } from './guidance.js';
import { noiseSchedule } from './noise-schedule.js';
import { samplers } from './samplers/index.js';
import { createDenoiser, type Sampler, type SamplingPlan } from './samplers/sampler.js';
import { planForStrength } from './strength.js';

/** Options of every rendering. */
export interface DenoiseOptions extends OptionsOf<Omit<typeof DENOISE, 'prompt' | 'noiseDraw'>> {
  /** Description of the picture. If it is empty, the model follows its prior. */
  prompt: string;
}

/** Options of image to image: latent, noise and strength. */
export interface Img2ImgOptions extends DenoiseOptions {
  /** Scaled latents z0 [B, C, h, w]: the encoder's mean times the VAE's scaling factor. */
  latent: Tensor<'float32'>;
  /** Noise [B, C, h, w], or [1, C, h, w] for all of them. */
  noise: Tensor<'float32'>;
  /** Share of the steps that is executed, in (0, 1]: more is a stronger edit. */
  strength: number;
}

/** Options of text to image. */
export interface TextToImageOptions extends DenoiseOptions {
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
  const { latent, strength } = options;
  const noise = repeatNoise(options.noise, latent.shape);
  const { sampler, plan: whole } = setUp(model, options);
  const plan = planForStrength(whole, strength);
  const x = sampler.addNoise(latent.data, noise, plan);
  yield* denoise(model, options, latent.shape, { sampler, x, plan });
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
  const x = sampler.fromNoise(options.noise.data, plan);
  yield* denoise(model, options, options.noise.shape, { sampler, x, plan });
}

function setUp(model: Model, options: DenoiseOptions) {
  const { sampler, steps } = withDefaults(RENDER, options);
  const method = samplers[sampler];
  return { sampler: method, plan: method.plan(noiseSchedule(model.config.schedule), steps) };
}

async function* denoise(
  model: Model,
  options: DenoiseOptions,
  shape: readonly number[],
  { sampler, x, plan }: { readonly sampler: Sampler; readonly x: Float32Array; readonly plan: SamplingPlan },
): AsyncGenerator<DenoiseStep, void, undefined> {
  const [batch] = shape;
  const predict = await guidedPrediction(model, options, shape);
  const denoiser = createDenoiser(model.config.predictionType, predict);
  for await (const step of sampler.sample(denoiser, x, plan, { batch })) {
    yield { timestep: step.timestep, latent: tensor('float32', shape, step.latent) };
  }
}

/** The network under guidance: both predictions in one batch; at scale 1 only that of the prompt. */
async function guidedPrediction(
  model: Model,
  options: DenoiseOptions,
  shape: readonly number[],
): Promise<(x: Float32Array, timestep: number) => Promise<Float32Array>> {
  const { prompt, negativePrompt, guidanceScale, guidanceRescale } = withDefaults(RENDER, options);
  assertGuidance({ guidanceScale, guidanceRescale });
  const guided = guidanceScale !== 1;
  const [batch] = shape;
  const prompts = guided ? [negativePrompt, prompt] : [prompt];
  const context = repeatRows(await encodedPrompts(model, prompts), batch);
  const rows = batch * prompts.length;
  const inputShape = [rows, ...shape.slice(1)];
  return async (x, timestep) => {
    const sample = new Float32Array(x.length * prompts.length);
    for (let i = 0; i < prompts.length; i++) sample.set(x, i * x.length);
    const timesteps = tensor('float32', [rows], new Float32Array(rows).fill(timestep));
    const { data } = await model.predict(tensor('float32', inputShape, sample), timesteps, context);
    if (!guided) return data;
    const conditional = data.subarray(x.length);
    const combined = combine(data.subarray(0, x.length), conditional, guidanceScale);
    return rescale(combined, conditional, { rows: batch, share: guidanceRescale });
  };
}

/** The last encoded prompts of each model: all frames of a video have the same. */
const lastEncoded = new WeakMap<Model, { key: string; context: Promise<Tensor<'float32'>> }>();

function encodedPrompts(model: Model, prompts: readonly string[]): Promise<Tensor<'float32'>> {
  const key = JSON.stringify(prompts);
  const last = lastEncoded.get(model);
  if (last?.key === key) return last.context;
  const context = model.encodeText(prompts);
  lastEncoded.set(model, { key, context });
  context.catch(() => lastEncoded.delete(model));
  return context;
}

/** Each row of [P, T, D] `count` times in a row: [P count, T, D]. */
function repeatRows({ shape, data }: Tensor<'float32'>, count: number): Tensor<'float32'> {
  const [prompts, tokens, width] = shape;
  const row = tokens * width;
  const repeated = new Float32Array(prompts * count * row);
  for (let i = 0; i < prompts * count; i++) {
    const from = Math.floor(i / count) * row;
    repeated.set(data.subarray(from, from + row), i * row);
  }
  return tensor('float32', [prompts * count, tokens, width], repeated);
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
