// Every stored img2img trajectory of the pack: timesteps and final latent with classifier-free guidance 7.5. They have each
// sampler's own spacing; the leading spacing of the pack's scheduler_config.json is omitted here and tested in
// schedules.test.ts.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { img2img } from '../../src/lib/diffusion/img2img.js';
import { decodeFrame } from '../../src/lib/diffusion/restyle.js';
import { type SamplerName, samplers } from '../../src/lib/diffusion/samplers/index.js';
import { loadModel, type Model } from '../../src/lib/models/model.js';
import { SAMPLERS } from '../../src/lib/settings/table.js';
import { imageToFrames } from '../../src/lib/tensor/frame.js';
import type { Tensor } from '../../src/lib/tensor/tensor.js';
import { expectedTensors, hasPack, packNote, packPath, relativeError } from './pack.js';

const PROMPT = 'a abstract painting of a cyberpunk city night, tron robotic, trending on artstation';
const RUNS = [
  [50, 0.45],
  [50, 0.75],
  [50, 0.325],
  [20, 1.0],
  [10, 0.58],
] as const;

describe.skipIf(!hasPack).each(['sd1', 'sd2'])(`img2img with %s agrees with diffusers${packNote}`, (variant) => {
  let model: Model;
  let expected: Record<string, Tensor<'float32'>>;
  beforeAll(async () => {
    const loaded = await loadModel(packPath(variant), { device: 'cpu' });
    const { spacing: _, ...schedule } = loaded.config.schedule;
    model = { ...loaded, config: { ...loaded.config, schedule } };
    expected = (await expectedTensors(variant)) as Record<string, Tensor<'float32'>>;
  });
  afterAll(() => model.dispose());

  const run = async (sampler: SamplerName, steps: number, strength: number) => {
    const timesteps: number[] = [];
    let latent = expected['img2img.z0'];
    for await (const step of img2img(model, {
      latent,
      noise: expected['img2img.noise'],
      prompt: PROMPT,
      strength,
      steps,
      sampler,
      guidanceScale: 7.5,
    })) {
      timesteps.push(step.timestep);
      latent = step.latent;
    }
    return { timesteps, latent };
  };

  // The pack's PNDM is epsilon only; samplers of few steps are in few-steps.test.ts.
  const names = SAMPLERS.filter((name) => !samplers[name].planAt && !(variant === 'sd2' && name === 'pndm'));
  const cases = names.flatMap((sampler) =>
    RUNS.map(([steps, strength]) => ({ key: `img2img.${sampler}.${steps}.${strength}`, sampler, steps, strength })),
  );
  test.each(cases)('$sampler, $steps steps at $strength', async ({ key: written, sampler, steps, strength }) => {
    const key = strength === 1 ? `${written}.0` : written;
    const { timesteps, latent } = await run(sampler, steps, strength);
    const stored = [...expected[`${key}.timesteps`].data];
    expect(timesteps.length).toBe(stored.length);
    stored.forEach((timestep, i) => {
      const allowed = Number.isInteger(timestep) ? 0 : 1e-3;
      expect(Math.abs(timesteps[i] - timestep)).toBeLessThanOrEqual(allowed);
    });
    expect(relativeError(latent.data, expected[`${key}.latent`].data)).toBeLessThan(1e-4);
  });

  test('the picture at the end is the same to a grey level', async () => {
    const { latent } = await run('ddim', 50, 0.45);
    const [stored] = imageToFrames(expected['img2img.ddim.50.0.45.image']);
    const frame = await decodeFrame(model, latent);
    expect(Math.max(...frame.data.map((value, i) => Math.abs(value - stored.data[i])))).toBeLessThanOrEqual(1);
  });
});
