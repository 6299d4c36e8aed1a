// The prediction that samplers are given: the network's for the prompt, and under guidance also for the negative prompt.

import type { Model } from '../models/model.js';
import type { UNetInputs } from '../models/networks/run-unet.js';
import { withDefaults } from '../settings/defaults.js';
import type { OptionsOf } from '../settings/setting.js';
import { RENDER } from '../settings/table.js';
import { type Tensor, tensor } from '../tensor/tensor.js';
import { assertGuidance, combine, rescale } from './guidance.js';
import type { Denoiser } from './samplers/sampler.js';

/** The prompts of a prediction and the settings of guidance. */
export type GuidedOptions = OptionsOf<
  Pick<typeof RENDER, 'prompt' | 'negativePrompt' | 'guidanceScale' | 'guidanceRescale'>
>;

/** The prompts of a prediction: that of guidance's other side first, if there is guidance. */
export function guidedPrompts(options: GuidedOptions): readonly string[] {
  const { prompt, negativePrompt, guidanceScale } = withDefaults(RENDER, options);
  return guidanceScale === 1 ? [prompt] : [negativePrompt, prompt];
}

/**
 * The network under guidance for latents of a shape [B, C, h, w]: both predictions in one batch of 2 B rows, the negative
 * prompt's first; at scale 1 only that of the prompt.
 *
 * @param network the model's own by default
 * @throws UsageError when the settings of guidance are out of their bounds
 */
export async function guidedPrediction(
  model: Model,
  options: GuidedOptions,
  shape: readonly number[],
  network: (inputs: UNetInputs) => Promise<Tensor<'float32'>> = ({ sample, timesteps, context }) =>
    model.predict(sample, timesteps, context),
): Promise<Denoiser['predict']> {
  const { guidanceScale, guidanceRescale } = withDefaults(RENDER, options);
  assertGuidance({ guidanceScale, guidanceRescale });
  const [batch] = shape;
  const prompts = guidedPrompts(options);
  const context = repeatRows(await encodedPrompts(model, prompts), batch);
  const rows = batch * prompts.length;
  const inputShape = [rows, ...shape.slice(1)];
  return async (x, timestep) => {
    const sample = new Float32Array(x.length * prompts.length);
    for (let i = 0; i < prompts.length; i++) sample.set(x, i * x.length);
    const timesteps = tensor('float32', [rows], new Float32Array(rows).fill(timestep));
    const { data } = await network({ sample: tensor('float32', inputShape, sample), timesteps, context });
    if (prompts.length === 1) return data;
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
