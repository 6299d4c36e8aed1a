// Pictures that a model makes of itself, as latents: what it knew before it was finetuned, to keep that or to measure its loss.

import { textToImage } from '../../diffusion/img2img.js';
import type { Model } from '../../models/model.js';
import { randn } from '../../tensor/randn.js';

/** Steps of a picture: enough for a typical latent, which need not be a fine picture. */
const STEPS = 10;

/** Of which shape [C, h, w], and from which seed. */
export interface LatentOptions {
  readonly latentShape: readonly number[];
  readonly seed: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * One scaled latent [C, h, w] for each prompt, by text to image without guidance: samples of the model's own distribution.
 *
 * @throws FailureError when latents turn NaN
 */
export async function generatedLatents(
  model: Model,
  prompts: readonly string[],
  { latentShape, seed, signal }: LatentOptions,
): Promise<Float32Array[]> {
  const latents: Float32Array[] = [];
  for (const [i, prompt] of prompts.entries()) {
    const noise = randn(seed + i, [1, ...latentShape]);
    let latest = noise.data;
    for await (const { latent } of textToImage(model, { prompt, noise, steps: STEPS, guidanceScale: 1 })) {
      signal?.throwIfAborted();
      latest = latent.data;
    }
    latents.push(latest);
  }
  return latents;
}
