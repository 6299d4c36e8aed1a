// The prediction that samplers are given: the network's for the prompt, and under guidance also for the negative prompt.

import type { Model } from '../models/model.js';
import type { UNetInputs } from '../models/networks/run-unet.js';
import { withDefaults } from '../settings/defaults.js';
import type { OptionsOf } from '../settings/setting.js';
import { RENDER } from '../settings/table.js';
import { type Tensor, tensor } from '../tensor/tensor.js';
import { assertGuidance, combine, rescale } from './guidance.js';
import type { Denoiser, SamplingPlan } from './samplers/sampler.js';

/** The prompts of a prediction and the settings of guidance. */
export type GuidedOptions = OptionsOf<
  Pick<typeof RENDER, 'prompt' | 'negativePrompt' | 'guidanceScale' | 'guidanceRescale' | 'guidanceUntil'>
>;

/** What is predicted: the shape [B, C, h, w] of the latents, and the steps. */
export interface PredictedRun {
  readonly shape: readonly number[];
  readonly plan: Pick<SamplingPlan, 'timesteps'>;
}

/**
 * The network under guidance: both predictions in one batch of 2 B rows, the negative prompt's first. At scale 1, and in the
 * steps after `guidanceUntil`, only that of the prompt.
 *
 * @param network the model's own by default
 * @throws UsageError when the settings of guidance are out of their bounds
 */
export async function guidedPrediction(
  model: Model,
  options: GuidedOptions,
  { shape, plan }: PredictedRun,
  network: (inputs: UNetInputs) => Promise<Tensor<'float32'>> = ({ sample, timesteps, context }) =>
    model.predict(sample, timesteps, context),
): Promise<Denoiser['predict']> {
  const settings = withDefaults(RENDER, options);
  const { prompt, negativePrompt, guidanceScale, guidanceRescale, guidanceUntil } = settings;
  assertGuidance(settings);
  const [batch, ...cell] = shape;
  const prompts = guidanceScale === 1 ? [prompt] : [negativePrompt, prompt];
  const encoded = await encodedPrompts(model, prompts);
  const both = repeatRows(encoded, batch);
  const own = prompts.length === 1 ? both : repeatRows(lastRow(encoded), batch);
  const unguidedFrom = plan.timesteps[guidedSteps(plan.timesteps.length, guidanceUntil)] ?? Number.NEGATIVE_INFINITY;
  return async (x, timestep) => {
    const isGuided = prompts.length === 2 && timestep > unguidedFrom;
    const copies = isGuided ? 2 : 1;
    const rows = batch * copies;
    const sample = new Float32Array(x.length * copies);
    for (let i = 0; i < copies; i++) sample.set(x, i * x.length);
    const timesteps = tensor('float32', [rows], new Float32Array(rows).fill(timestep));
    const input = tensor('float32', [rows, ...cell], sample);
    const { data } = await network({ sample: input, timesteps, context: isGuided ? both : own });
    if (!isGuided) return data;
    const conditional = data.subarray(x.length);
    const combined = combine(data.subarray(0, x.length), conditional, guidanceScale);
    return rescale(combined, conditional, { rows: batch, share: guidanceRescale });
  };
}

/** The number of steps under guidance, the first ones: at least one. */
export function guidedSteps(steps: number, guidanceUntil: number): number {
  // 0.3 of 10 steps are 3, whatever the product's last digit.
  return Math.max(1, Math.ceil(steps * guidanceUntil - 1e-9));
}

/** The last row of [P, T, D]: the prompt's. */
function lastRow({ shape: [prompts, tokens, width], data }: Tensor<'float32'>): Tensor<'float32'> {
  return tensor('float32', [1, tokens, width], data.slice((prompts - 1) * tokens * width));
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
