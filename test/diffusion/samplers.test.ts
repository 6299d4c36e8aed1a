// Samplers against diffusers: whole latents with a stand-in for the network, and the timesteps of the reference pack.

import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { noiseSchedule } from '../../src/lib/diffusion/noise-schedule.js';
import type { PredictionType } from '../../src/lib/diffusion/prediction.js';
import { samplerName, samplers } from '../../src/lib/diffusion/samplers/index.js';
import { createDenoiser, type Denoiser, type SamplerStep } from '../../src/lib/diffusion/samplers/sampler.js';
import { NonFiniteLatentError } from '../../src/lib/diffusion/samplers/step.js';
import { planForStrength } from '../../src/lib/diffusion/strength.js';
import { SAMPLERS } from '../../src/lib/settings/table.js';
import { readSafetensors } from '../../src/lib/tensor/safetensors.js';
import type { Tensor } from '../../src/lib/tensor/tensor.js';
import { expectedTensors, hasPack, packNote, VARIANTS } from '../reference/pack.js';

// fixtures/samplers.safetensors: made by fixtures/make_samplers.py with diffusers 0.42.1.
const FIXTURE = fileURLToPath(new URL('fixtures/samplers.safetensors', import.meta.url));
const RUNS: readonly (readonly [steps: number, strength: number, written: string])[] = [
  [50, 0.45, '0.45'],
  [50, 0.75, '0.75'],
  [50, 0.325, '0.325'],
  [20, 1, '1.0'],
  [10, 0.58, '0.58'],
];
const PREDICTIONS: readonly PredictionType[] = ['epsilon', 'v_prediction'];

const schedule = noiseSchedule();
const standIn: Denoiser['predict'] = async (x, timestep) => x.map((value) => Math.tanh(0.9 * value + 0.001 * timestep));
let fixture: Record<string, Tensor>;
const expected = (key: string) => (fixture[key] as Tensor<'float32'>).data;

beforeAll(async () => {
  fixture = await readSafetensors(FIXTURE);
});

async function collect(steps: AsyncIterable<SamplerStep>): Promise<SamplerStep[]> {
  const all: SamplerStep[] = [];
  for await (const step of steps) all.push(step);
  return all;
}

function largestDifference(actual: ArrayLike<number>, wanted: Float32Array): number {
  expect(actual.length).toBe(wanted.length);
  return wanted.reduce((most, value, i) => Math.max(most, Math.abs(value - actual[i])), 0);
}

/** Both sides round to single precision at every step: within 2e-6 of the largest value (8.5e-7 was seen). */
function expectClose(actual: Float32Array, wanted: Float32Array): void {
  expect(largestDifference(actual, wanted)).toBeLessThan(2e-6 * Math.max(...wanted.map(Math.abs)));
}

/** Those of few steps are compared with diffusers in test/reference/few-steps. */
const OF_MANY_STEPS = SAMPLERS.filter((name) => !samplers[name].planAt);

describe.each(OF_MANY_STEPS)('%s', (name) => {
  const sampler = samplers[name];

  describe.each(PREDICTIONS)('%s', (prediction) => {
    const denoiser = createDenoiser(prediction, standIn);

    it.each(RUNS)('%i steps at strength %f end where diffusers does', async (steps, strength, written) => {
      const plan = planForStrength(sampler, schedule, { steps, strength });
      const x = sampler.addNoise(expected('z0'), expected('noise'), plan);
      const all = await collect(sampler.sample(denoiser, x, plan, { batch: 2 }));
      expect(all.map((step) => step.timestep)).toEqual([...plan.timesteps]);
      const wanted = expected(`${name}.${prediction}.${steps}.${written}`);
      const size = x.length;
      const compared = wanted.length === size ? all.slice(-1) : all;
      expect(compared.length * size).toBe(wanted.length);
      for (const [k, step] of compared.entries()) {
        expectClose(step.latent, wanted.subarray(k * size, (k + 1) * size));
      }
    });

    it('makes an image from noise alone as diffusers does', async () => {
      const plan = sampler.plan(schedule, 5);
      const x = sampler.fromNoise(expected('noise'), plan);
      const all = await collect(sampler.sample(denoiser, x, plan));
      expectClose(all[all.length - 1].latent, expected(`${name}.${prediction}.5.text`));
    });
  });

  it('leaves its inputs and the latents it yielded alone', async () => {
    const plan = planForStrength(sampler, schedule, { steps: 10, strength: 0.58 });
    const z0 = expected('z0').slice();
    const noise = expected('noise').slice();
    const x = sampler.addNoise(z0, noise, plan);
    const start = x.slice();
    const copies: Float32Array[] = [];
    const all: SamplerStep[] = [];
    for await (const step of sampler.sample(createDenoiser('epsilon', standIn), x, plan)) {
      all.push(step);
      copies.push(step.latent.slice());
    }
    expect(x).toEqual(start);
    expect(z0).toEqual(expected('z0'));
    expect(noise).toEqual(expected('noise'));
    expect(all.map((step) => step.latent)).toEqual(copies);
  });

  it('gives a batch the latents that its rows have alone', async () => {
    const plan = planForStrength(sampler, schedule, { steps: 10, strength: 0.58 });
    const denoiser = createDenoiser('v_prediction', standIn);
    const half = expected('z0').length / 2;
    const rows = [0, half].map(async (start) => {
      const z0 = expected('z0').subarray(start, start + half);
      const noise = expected('noise').subarray(start, start + half);
      return (await collect(sampler.sample(denoiser, sampler.addNoise(z0, noise, plan), plan))).at(-1)!.latent;
    });
    const both = await collect(
      sampler.sample(denoiser, sampler.addNoise(expected('z0'), expected('noise'), plan), plan, { batch: 2 }),
    );
    expect([...both.at(-1)!.latent]).toEqual((await Promise.all(rows)).flatMap((row) => [...row]));
  });

  it('stops at the first number that is not finite and says where', async () => {
    const plan = planForStrength(sampler, schedule, { steps: 50, strength: 0.45 });
    const bad = plan.timesteps[2];
    const denoiser = createDenoiser('epsilon', async (x, timestep) => {
      const output = await standIn(x, timestep);
      if (timestep === bad) output[output.length / 2 + 3] = Number.NaN;
      return output;
    });
    const x = sampler.addNoise(expected('z0'), expected('noise'), plan);
    const seen: number[] = [];
    const failure = await (async () => {
      for await (const step of sampler.sample(denoiser, x, plan, { batch: 2 })) seen.push(step.timestep);
    })().catch((error) => error);
    expect(seen).toEqual([...plan.timesteps.subarray(0, 2)]);
    expect(failure).toBeInstanceOf(NonFiniteLatentError);
    expect(failure).toMatchObject({ step: 3, steps: plan.timesteps.length, timestep: bad, row: 1 });
    expect(failure.message).toContain(`step 3 of ${plan.timesteps.length}, timestep ${bad}, batch row 1`);
  });

  it('stops when the latent overflows although every prediction is finite', async () => {
    const plan = sampler.plan(schedule, 10);
    const denoiser = createDenoiser('epsilon', async (x) => x.map(() => -3e38));
    const run = collect(sampler.sample(denoiser, sampler.fromNoise(expected('noise'), plan), plan));
    await expect(run).rejects.toThrow(/the latent is not finite .* at step \d+ of/);
  });

  it('refuses a prediction of another length', async () => {
    const plan = sampler.plan(schedule, 10);
    const denoiser = createDenoiser('epsilon', async (x) => x.subarray(1));
    const run = collect(sampler.sample(denoiser, expected('noise'), plan));
    await expect(run).rejects.toThrow("the network's prediction has 47 elements, expected 48");
  });

  it('plans any number of steps that the schedule holds, without repeating a noise level', () => {
    for (const steps of [1, 2, 3, 7, 49, 500, 501, 998, 999]) {
      const plan = sampler.plan(schedule, steps);
      expect(plan.timesteps.length).toBe(name === 'pndm' && steps > 1 ? steps + 1 : steps);
      expect(plan.sigmas.length).toBe(plan.timesteps.length + 1);
      expect(Math.max(...plan.timesteps)).toBeLessThan(1000);
      const rises = plan.sigmas.findIndex((sigma, i) => i > 0 && sigma >= plan.sigmas[i - 1]);
      expect(rises).toBe(name === 'pndm' && steps > 1 ? 2 : -1);
    }
    for (const steps of [0, 1000, 2.5, Number.NaN]) {
      expect(() => sampler.plan(schedule, steps)).toThrow(
        `steps: the number is ${steps}, expected an integer from 1 to 999`,
      );
    }
  });
});

it('names the samplers that there are when asked for another', () => {
  expect(samplerName('dpmpp-2m-karras')).toBe('dpmpp-2m-karras');
  expect(() => samplerName('plms')).toThrow(
    'sampler: "plms" is not known; expected one of ddim, pndm, euler, euler-karras, dpmpp-2m, dpmpp-2m-karras',
  );
  expect(() => samplerName('toString')).toThrow('is not known');
});

describe.skipIf(!hasPack)(`timesteps of the reference pack${packNote}`, () => {
  it.each(VARIANTS)('%s', async (variant) => {
    const pack = await expectedTensors(variant);
    const keys = Object.keys(pack).filter((key) => /^img2img\..*\.timesteps$/.test(key));
    expect(keys.length).toBe(variant === 'sd1' ? 30 : 25);
    for (const key of keys) {
      const [, name, steps, strength] = /^img2img\.([^.]+)\.(\d+)\.([\d.]+)\.timesteps$/.exec(key)!;
      const plan = planForStrength(samplers[samplerName(name)], schedule, {
        ...{ steps: Number(steps), strength: Number(strength) },
      });
      const wanted = (pack[key] as Tensor<'float32'>).data;
      if (name === 'euler' || name === 'euler-karras') {
        expect(largestDifference(plan.timesteps, wanted)).toBeLessThan(1e-3);
      } else expect([...plan.timesteps]).toEqual([...wanted]);
    }
  });
});
