// Prior preservation (after Ruiz et al. 2023, DreamBooth): in addition to its items, a finetuning learns the base model's
// predictions for other pictures. Differs from DreamBooth in the target: the base model's prediction, not the added noise.

import { seedOf } from '../../base/hash.js';
import { createGenerator } from '../../base/random.js';
import { levelAt, noiseSchedule } from '../../diffusion/noise-schedule.js';
import { noised } from '../../diffusion/prediction.js';
import type { Model } from '../../models/model.js';
import { tensor } from '../../tensor/tensor.js';
import type { BatchRow } from '../loss/denoising-batch.js';
import { generatedLatents, type LatentOptions } from './generated-latents.js';
import { itemOfDraw } from './items.js';

/** Default prompts, disjoint from those for measuring forgetting. */
export const PRIOR_PROMPTS: readonly string[] = [
  'a photo of a city street',
  'a photo of a person in a park',
  'an oil painting of a landscape with mountains',
  'a cat on a sofa',
];

/** Returns `count` rows of prior preservation, starting with draw `first`, with weight 1. */
export type PriorRows = (first: number, count: number) => Promise<BatchRow[]>;

/**
 * The base model generates a picture per prompt. A row is one of them, drawn in shuffled passes and noised at a timestep of
 * the whole schedule. Its target is the base model's prediction, so that the loss begins at 0.
 *
 * @throws FailureError when the base model's latents turn NaN
 */
export async function priorRows(
  base: Model,
  prompts: readonly string[],
  { latentShape, seed, signal }: LatentOptions,
): Promise<PriorRows> {
  const schedule = noiseSchedule(base.config.schedule);
  const latents = await generatedLatents(base, prompts, { latentShape, seed: seedOf(`${seed} prior`), signal });
  const contexts: Float32Array[] = [];
  let contextShape: readonly number[] = [];
  for (const prompt of prompts) {
    const { shape, data } = await base.encodeText([prompt]);
    contextShape = shape;
    contexts.push(data);
  }
  return async (first, count) => {
    const rows: BatchRow[] = [];
    for (let draw = first; draw < first + count; draw++) {
      const p = itemOfDraw(prompts.length, draw, seed);
      const generator = createGenerator(seedOf(`${seed} prior ${draw}`));
      const timestep = generator.integer(schedule.alphasCumprod.length);
      const x = noised(latents[p], generator.randn(latents[p].length), levelAt(schedule, timestep));
      const { data: target } = await base.predict(
        tensor('float32', [1, ...latentShape], x),
        tensor('int32', [1], Int32Array.of(timestep)),
        tensor('float32', contextShape, contexts[p]),
      );
      rows.push({ x, target, weight: 1, timestep, context: contexts[p] });
    }
    return rows;
  };
}
