// Latents of pictures that a model generates before finetuning, for prior preservation and to measure forgetting.

import { textToImage } from '../../diffusion/img2img.js';
import type { Model } from '../../models/model.js';
import { randn } from '../../tensor/randn.js';

/** Number of steps: enough for a typical latent, which need not be a detailed picture. */
const STEPS = 10;

/** Shape [C, h, w] and seed of the latents. */
export interface LatentOptions {
  readonly latentShape: readonly number[];
  readonly seed: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * One scaled latent [C, h, w] per prompt, by text to image without guidance: samples of the model's distribution.
 *
 * @throws FailureError when latents turn NaN
 */
export async function generatedLatents(
  model: Model,
  prompts: readonly string[],
  { latentShape, seed, signal }: LatentOptions,
): Promise<Float32Array[]> {
  const latents: Float32Array[] = [];
  // Controls would need frames to see.
  const plain: Model = { ...model, controls: [] };
  for (const [i, prompt] of prompts.entries()) {
    const noise = randn(seed + i, [1, ...latentShape]);
    let latest = noise.data;
    for await (const { latent } of textToImage(plain, { prompt, noise, steps: STEPS, guidanceScale: 1 })) {
      signal?.throwIfAborted();
      latest = latent.data;
    }
    latents.push(latest);
  }
  return latents;
}
