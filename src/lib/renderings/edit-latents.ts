// Edits the stored latents of some frames of a video, under the settings of one rendering.

import { restyleLatents } from '../diffusion/restyle.js';
import type { Model } from '../models/model.js';
import type { Tensor } from '../tensor/tensor.js';
import { type FilledRendering, type RenderedFrom, readLatents } from './fill-journals.js';
import { planRendering } from './rendering.js';
import { stepStore } from './step-store.js';

/** Edits frames by their numbers; `onShare` is called after each step with the share of the work that is done. */
export async function editLatents(
  model: Model,
  { latents, latentShape }: RenderedFrom,
  { rendering, numbers }: { readonly rendering: FilledRendering; readonly numbers: readonly number[] },
  onShare: (share: number) => void,
): Promise<Tensor<'float32'>[]> {
  const { options, noises, steps, model: own = model } = rendering;
  const { evaluations } = planRendering(own, rendering);
  const count = numbers.length;
  return restyleLatents(own, await readLatents(latents, latentShape, numbers), numbers, {
    ...options,
    ...(noises && { noises: await readLatents(noises, latentShape, numbers) }),
    ...(steps && { stored: await stepStore(steps, count) }),
    onStep: ({ frame, frames, step }) =>
      onShare((steps ? step - 1 + (numbers.indexOf(frame) + frames) / count : step) / evaluations),
  });
}
