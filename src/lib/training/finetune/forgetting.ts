// Measures forgetting: the change of a finetuned UNet's predictions for prompts that are not trained.

import { seedOf } from '../../base/hash.js';
import { levelAt, noiseSchedule } from '../../diffusion/noise-schedule.js';
import { noised } from '../../diffusion/prediction.js';
import type { Model } from '../../models/model.js';
import { randn } from '../../tensor/randn.js';
import { type Tensor, tensor } from '../../tensor/tensor.js';
import { generatedLatents } from './generated-latents.js';

/** Default prompts, which no training set contains. */
export const HELD_ASIDE_PROMPTS: readonly string[] = [
  'a photo of a dog on a beach',
  'a bowl of fruit on a wooden table',
  'a portrait of an old woman',
];

/** Timesteps of the probes, as fractions of the schedule. */
const PARTS = [1 / 8, 3 / 8, 5 / 8, 7 / 8];

/** Measures forgetting. */
export interface ForgettingProbe {
  /** mean (UNet(x, t, context) - base UNet(x, t, context))^2 over all probes and latent cells. */
  measure(model: Model): Promise<number>;
}

/**
 * Creates the probes: pictures that the base model generates for held-out prompts, noised at four timesteps over the whole
 * schedule with fixed noise, and the base model's predictions for them.
 *
 * @throws FailureError when the base model's latents turn NaN
 */
export async function forgettingProbe(
  base: Model,
  prompts: readonly string[],
  latentShape: readonly number[],
  signal?: AbortSignal,
): Promise<ForgettingProbe> {
  const schedule = noiseSchedule(base.config.schedule);
  const latents = await generatedLatents(base, prompts, { latentShape, seed: seedOf('forgetting'), signal });
  const shape = [1, ...latentShape];
  const probes: { x: Tensor<'float32'>; timestep: Tensor<'int32'>; context: Tensor<'float32'> }[] = [];
  for (const [p, prompt] of prompts.entries()) {
    const context = await base.encodeText([prompt]);
    for (const part of PARTS) {
      const t = Math.floor(part * schedule.alphasCumprod.length);
      const { data } = randn(seedOf(`forgetting ${p} ${t}`), shape);
      const x = tensor('float32', shape, noised(latents[p], data, levelAt(schedule, t)));
      probes.push({ x, timestep: tensor('int32', [1], Int32Array.of(t)), context });
    }
  }
  const predict = async (model: Model): Promise<Float32Array[]> => {
    const outputs: Float32Array[] = [];
    for (const { x, timestep, context } of probes) {
      signal?.throwIfAborted();
      outputs.push((await model.predict(x, timestep, context)).data);
    }
    return outputs;
  };
  const before = await predict(base);
  return {
    async measure(model) {
      const now = await predict(model);
      let sum = 0;
      let count = 0;
      now.forEach((output, i) => {
        for (let j = 0; j < output.length; j++) sum += (output[j] - before[i][j]) ** 2;
        count += output.length;
      });
      return count === 0 ? 0 : sum / count;
    },
  };
}
