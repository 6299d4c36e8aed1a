// Edits the stored latents of some frames of a video, under the settings of one rendering.

import { given } from '../base/given.js';
import { isCut } from '../consistency/cuts.js';
import { isMasked } from '../diffusion/mask.js';
import { followsPrevious, type RenderedFrame, withPrevious } from '../diffusion/previous-frame.js';
import { restyleLatents } from '../diffusion/restyle.js';
import type { SeenFrame } from '../diffusion/seen-frames.js';
import type { Model } from '../models/model.js';
import type { Tensor } from '../tensor/tensor.js';
import { type FilledRendering, frameAt, type RenderedFrom, readLatents, seenAt } from './fill-journals.js';
import { planRendering } from './rendering.js';
import { stepStore } from './step-store.js';

/** Edits frames by their numbers; `onShare` is called after each step with the share of the work that is done. */
export async function editLatents(
  model: Model,
  from: RenderedFrom,
  { rendering, numbers }: { readonly rendering: FilledRendering; readonly numbers: readonly number[] },
  onShare: (share: number) => void,
): Promise<Tensor<'float32'>[]> {
  const { latents, latentShape } = from;
  const { options, noise, steps, model: own = model } = rendering;
  const { evaluations } = planRendering(own, rendering);
  const count = numbers.length;
  const seen: SeenFrame[] = [];
  if (own.controls.length > 0 || isMasked(options)) {
    for (const index of numbers) {
      const at = { index, ...(await seenAt(from, index)) };
      seen.push(await withPrevious(own, at, await renderedBefore(from, { ...rendering, model: own }, index), options));
    }
  }
  return restyleLatents(own, await readLatents(latents, latentShape, numbers), numbers, {
    ...options,
    seen,
    ...given({ times: from.times && numbers.map((number) => from.times![number]) }),
    ...(noise && { noises: await readLatents(noise.journal, latentShape, numbers) }),
    ...(steps && { stored: await stepStore(steps, count), cuts: await cutsAmong(from, numbers) }),
    onStep: ({ frame, frames, step }) =>
      onShare(
        steps
          ? (step - 1 + (numbers.indexOf(frame) + frames) / count) / evaluations
          : (numbers.indexOf(frame) + (frames * step) / evaluations) / count,
      ),
  });
}

/** The frame before, if a control sees it. */
async function renderedBefore(
  from: RenderedFrom,
  { output, model }: FilledRendering & { readonly model: Model },
  next: number,
): Promise<RenderedFrame | undefined> {
  const index = next - 1;
  if (index < 0 || !followsPrevious(model)) return undefined;
  return { index, frame: await frameAt(from, index), rendered: await frameAt({ ...from, source: output }, index) };
}

/** The positions of the frames that begin another shot of the source. */
async function cutsAmong(from: RenderedFrom, numbers: readonly number[]): Promise<number[]> {
  const cuts: number[] = [];
  for (const [i, number] of numbers.entries()) {
    if (i > 0 && isCut(await frameAt(from, number - 1), await frameAt(from, number))) cuts.push(i);
  }
  return cuts;
}
