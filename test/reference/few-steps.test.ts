// The samplers of few steps, compared with diffusers: every stored trajectory of the pack, whose noise of each step is stored
// beside it; guidance 1.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { img2img } from '../../src/lib/diffusion/img2img.js';
import { loadModel, type Model } from '../../src/lib/models/model.js';
import type { Tensor } from '../../src/lib/tensor/tensor.js';
import { expectedTensors, hasMore, packNote, packPath, relativeError } from './pack.js';

const PROMPT = 'a abstract painting of a cyberpunk city night, tron robotic, trending on artstation';
const SAMPLERS = [
  { name: 'lcm', sampler: 'lcm' },
  { name: 'tcd.eta0.0', sampler: 'tcd', eta: 0 },
  { name: 'tcd.eta0.3', sampler: 'tcd', eta: 0.3 },
  { name: 'tcd.eta1.0', sampler: 'tcd', eta: 1 },
] as const;
const RUNS = [
  [4, 1, '4.1.0'],
  [4, 0.5, '4.0.5'],
  [8, 0.45, '8.0.45'],
  [2, 0.75, '2.0.75'],
] as const;

describe.skipIf(!hasMore).each(['sd1', 'sd2'])(`few steps with %s agree with diffusers${packNote}`, (variant) => {
  let model: Model;
  let expected: Record<string, Tensor<'float32'>>;
  beforeAll(async () => {
    model = await loadModel(packPath(variant), { device: 'cpu' });
    expected = (await expectedTensors('more', `${variant}/few-steps.safetensors`)) as typeof expected;
  });
  afterAll(() => model?.dispose());

  test.each(SAMPLERS)('$name', async ({ name, ...own }) => {
    for (const [steps, strength, run] of RUNS) {
      const key = `${name}.${run}`;
      const stepNoise = Object.keys(expected)
        .filter((each) => each.startsWith(`${key}.step_noise.`))
        .map((_, i) => expected[`${key}.step_noise.${i}`]);
      const { z0: latent, noise } = expected;
      const timesteps: number[] = [];
      let last = latent;
      const given = { ...own, ...(stepNoise.length > 0 && { stepNoise }) };
      for await (const step of img2img(model, {
        latent,
        noise,
        prompt: PROMPT,
        strength,
        steps,
        guidanceScale: 1,
        ...given,
      })) {
        timesteps.push(step.timestep);
        last = step.latent;
      }
      expect(timesteps, key).toEqual([...expected[`${key}.timesteps`].data]);
      expect(relativeError(last.data, expected[`${key}.latent`].data), key).toBeLessThan(1e-4);
    }
  });
});
