// The prediction that samplers are given: the network's for the prompt, and under guidance also for the negative prompt.

import type { Model } from '../models/model.js';
import { predictionOf, type UNetInputs } from '../models/networks/run-unet.js';
import { withDefaults } from '../settings/defaults.js';
import { around, guidanceKeys, numberAt, promptKeys, timesOfRows } from '../settings/schedule.js';
import type { OptionsOf } from '../settings/setting.js';
import { RENDER } from '../settings/table.js';
import { type Tensor, tensor } from '../tensor/tensor.js';
import { assertGuidance, combine, rescale } from './guidance.js';
import type { Denoiser, SamplingPlan } from './samplers/sampler.js';

/** The prompts of a prediction and the settings of guidance. */
export type GuidedOptions = OptionsOf<
  Pick<
    typeof RENDER,
    'prompt' | 'negativePrompt' | 'guidanceScale' | 'guidanceSchedule' | 'guidanceRescale' | 'guidanceUntil'
  >
> & {
  /** Seconds at which each row of the batch is shown, for settings that change with time. */
  times?: readonly number[];
};

/** What is predicted: the shape [B, C, h, w] of the latents, and the steps. */
export interface PredictedRun {
  readonly shape: readonly number[];
  readonly plan: Pick<SamplingPlan, 'timesteps'>;
}

/**
 * The network under guidance: both predictions in one batch of 2 B rows, the negative prompt's first. At scale 1, and in the
 * steps after `guidanceUntil`, only that of the prompt. A network that takes the scale as an input gets it with the prompt, and
 * predicts once [Luo et al. 2023, LCM, section 4.2].
 *
 * @param network the model's own by default
 * @throws UsageError when the settings of guidance are out of their bounds
 */
export async function guidedPrediction(
  model: Model,
  options: GuidedOptions,
  { shape, plan }: PredictedRun,
  network: (inputs: UNetInputs) => Promise<Tensor<'float32'>> = (inputs) => predictionOf(model, inputs),
): Promise<Denoiser['predict']> {
  const settings = withDefaults(RENDER, options);
  const { guidanceRescale, guidanceUntil } = settings;
  const takesScale = model.config.unet.guidanceDim !== undefined;
  assertGuidance(settings, takesScale);
  const [batch, ...cell] = shape;
  const times = timesOfRows(settings, options.times, batch);
  const scales = times.map((time) => numberAt(guidanceKeys(settings), time));
  const hasGuidance = !takesScale && scales.some((scale) => scale !== 1);
  const { own, both } = await contextsOf(model, settings, { times, hasGuidance });
  const unguidedFrom = plan.timesteps[guidedSteps(plan.timesteps.length, guidanceUntil)] ?? Number.NEGATIVE_INFINITY;
  return async (x, timestep) => {
    const isGuided = hasGuidance && timestep > unguidedFrom;
    const copies = isGuided ? 2 : 1;
    const rows = batch * copies;
    const sample = new Float32Array(x.length * copies);
    for (let i = 0; i < copies; i++) sample.set(x, i * x.length);
    const timesteps = tensor('float32', [rows], new Float32Array(rows).fill(timestep));
    const input = tensor('float32', [rows, ...cell], sample);
    const context = isGuided ? both : own;
    const { data } = await network({ sample: input, timesteps, context, ...(takesScale && { guidance: scales }) });
    if (!isGuided) return data;
    const conditional = data.subarray(x.length);
    const combined = combineRows(data.subarray(0, x.length), conditional, scales);
    return rescale(combined, conditional, { rows: batch, share: guidanceRescale });
  };
}

/** The number of steps under guidance, the first ones: at least one. */
export function guidedSteps(steps: number, guidanceUntil: number): number {
  // 0.3 of 10 steps are 3, whatever the product's last digit.
  return Math.max(1, Math.ceil(steps * guidanceUntil - 1e-9));
}

/** The contexts [B, T, D] of rows under the prompt, and [2 B, T, D] with those under the negative prompt before them. */
async function contextsOf(
  model: Model,
  { prompt, negativePrompt }: Required<Pick<GuidedOptions, 'prompt' | 'negativePrompt'>>,
  { times, hasGuidance }: { readonly times: readonly number[]; readonly hasGuidance: boolean },
): Promise<{ own: Tensor<'float32'>; both: Tensor<'float32'> }> {
  const texts = hasGuidance ? [negativePrompt, prompt] : [prompt];
  const keys = texts.map(promptKeys);
  const encoded = await encodedPrompts(
    model,
    keys.flatMap((each) => each.map(({ value }) => value)),
  );
  const [, tokens, width] = encoded.shape;
  const both = new Float32Array(texts.length * times.length * tokens * width);
  let row = 0;
  let first = 0;
  for (const each of keys) {
    for (const time of times) {
      const { from, to, share } = around(each, time);
      mixInto(both, tokens * width * row++, encoded.data, {
        from: tokens * width * (first + from),
        to: tokens * width * (first + to),
        share,
        length: tokens * width,
      });
    }
    first += each.length;
  }
  const rows = (data: Float32Array): Tensor<'float32'> =>
    tensor('float32', [data.length / (tokens * width), tokens, width], data);
  return { own: rows(both.slice(both.length - times.length * tokens * width)), both: rows(both) };
}

interface Mixed {
  readonly from: number;
  readonly to: number;
  readonly share: number;
  readonly length: number;
}

/** (1 - share) of the numbers at `from` and share of those at `to`. */
function mixInto(target: Float32Array, at: number, source: Float32Array, { from, to, share, length }: Mixed): void {
  if (share === 0) target.set(source.subarray(from, from + length), at);
  else for (let i = 0; i < length; i++) target[at + i] = (1 - share) * source[from + i] + share * source[to + i];
}

/** `combine` with a scale for each row. */
function combineRows(unconditional: Float32Array, conditional: Float32Array, scales: readonly number[]): Float32Array {
  if (scales.every((scale) => scale === scales[0])) return combine(unconditional, conditional, scales[0]);
  const size = conditional.length / scales.length;
  const result = new Float32Array(conditional.length);
  for (const [i, scale] of scales.entries()) {
    const row = (values: Float32Array): Float32Array => values.subarray(i * size, (i + 1) * size);
    result.set(combine(row(unconditional), row(conditional), scale), i * size);
  }
  return result;
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
