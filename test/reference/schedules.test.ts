// Options of a checkpoint's scheduler_config, compared with diffusers: the pack's trajectories with every spacing, with zero
// terminal SNR for v-prediction; guidance 7.5.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { img2img } from '../../src/lib/diffusion/img2img.js';
import { noiseSchedule } from '../../src/lib/diffusion/noise-schedule.js';
import type { SamplerName } from '../../src/lib/diffusion/samplers/index.js';
import { firstTimestep } from '../../src/lib/diffusion/strength.js';
import { schedulerConfig } from '../../src/lib/models/config/scheduler.js';
import { loadModel, type Model } from '../../src/lib/models/model.js';
import type { Tensor } from '../../src/lib/tensor/tensor.js';
import { expectedTensors, hasMore, packNote, packPath, relativeError } from './pack.js';

const PROMPT = 'a abstract painting of a cyberpunk city night, tron robotic, trending on artstation';
const RUNS: readonly (readonly [number, number, string])[] = [
  [20, 0.45, '20.0.45'],
  [4, 1, '4.1.0'],
  [50, 0.75, '50.0.75'],
];
const SPACINGS = ['leading', 'trailing', 'linspace'] as const;

describe.skipIf(!hasMore).each(['sd1', 'sd2'])(`schedules of %s agree with diffusers${packNote}`, (variant) => {
  let loaded: Model;
  let expected: Record<string, Tensor<'float32'>>;
  beforeAll(async () => {
    loaded = await loadModel(packPath(variant), { device: 'cpu' });
    expected = (await expectedTensors('more', `${variant}/schedules.safetensors`)) as typeof expected;
  });
  afterAll(() => loaded?.dispose());

  const kinds = SPACINGS.flatMap((spacing) =>
    (variant === 'sd2' ? [false, true] : [false]).map((zero) => ({ spacing, zero })),
  );
  test.each(kinds)('spacing $spacing, zero terminal SNR $zero', async ({ spacing, zero }) => {
    const json = { ...loaded.config.schedule.raw, timestep_spacing: spacing, rescale_betas_zero_snr: zero };
    const config = { ...loaded.config, schedule: schedulerConfig(json, 'scheduler_config.json') };
    const model: Model = { ...loaded, config };
    const samplers: SamplerName[] = zero ? ['ddim', 'euler'] : ['ddim', 'euler', 'dpmpp-2m'];
    for (const sampler of samplers) {
      for (const [steps, strength, run] of RUNS) {
        const key = `${sampler}.${spacing}.${zero ? 'zero-snr' : 'plain'}.${run}`;
        const { z0: latent, noise } = expected;
        const options = { latent, noise, prompt: PROMPT, strength, steps, sampler, guidanceScale: 7.5 };
        const timesteps: number[] = [];
        let last = latent;
        for await (const step of img2img(model, options)) {
          timesteps.push(step.timestep);
          last = step.latent;
        }
        const stored = [...expected[`${key}.timesteps`].data];
        expect(timesteps.length, key).toBe(stored.length);
        for (const [i, timestep] of stored.entries()) expect(Math.abs(timesteps[i] - timestep), key).toBeLessThan(1e-3);
        expect(firstTimestep(sampler, steps, strength, noiseSchedule(config.schedule)), key).toBe(timesteps[0]);
        expect(relativeError(last.data, expected[`${key}.latent`].data), key).toBeLessThan(1e-4);
      }
    }
  });
});
