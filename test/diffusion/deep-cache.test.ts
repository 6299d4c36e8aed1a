// Passes that take over the deep features of an earlier one (DeepCache).

import { afterAll, beforeAll, expect, it } from 'vitest';
import { anchoredImg2img } from '../../src/lib/diffusion/anchored-img2img.js';
import { img2img } from '../../src/lib/diffusion/img2img.js';
import { loadModel, type Model } from '../../src/lib/models/model.js';
import { randn } from '../../src/lib/tensor/randn.js';
import { type Tensor, tensor } from '../../src/lib/tensor/tensor.js';
import { scratchFolder, smallestCheckpoint } from '../sweeps/tiny.js';

const scratch = scratchFolder();
let model: Model;
let context: Tensor<'float32'>;
const sample = randn(1, [2, 4, 4, 6]);
const times = (t: number) => tensor('float32', [2], Float32Array.of(t, t));

beforeAll(async () => {
  model = await loadModel(await smallestCheckpoint(scratch));
  context = await model.encodeText(['a street', 'a car']);
});
afterAll(() => model.dispose());

const difference = (a: Tensor<'float32'>, b: Tensor<'float32'>): number =>
  a.data.reduce((most, value, i) => Math.max(most, Math.abs(value - b.data[i])), 0);

it('at the same inputs they are the whole network', async () => {
  const whole = await model.predict(sample, times(400), context);
  const { output, cached } = await model.predictCached({ sample, timesteps: times(400), context });
  expect(difference(output, whole)).toBeLessThan(1e-6);
  const again = await model.predictCached({ sample, timesteps: times(400), context }, cached);
  expect(difference(again.output, whole)).toBeLessThan(1e-6);
});

it('with features of another timestep they differ, and hand these on', async () => {
  const { cached } = await model.predictCached({ sample, timesteps: times(400), context });
  const later = { sample: randn(2, [2, 4, 4, 6]), timesteps: times(360), context };
  const shallow = await model.predictCached(later, cached);
  expect(shallow.cached).toBe(cached);
  expect(difference(shallow.output, await model.predict(later.sample, later.timesteps, context))).toBeGreaterThan(1e-4);
});

/** The passes of a rendering: whether each computed all of the network, and the rows that it saw. */
async function passes(options: object): Promise<[whole: boolean, rows: number][]> {
  const seen: [boolean, number][] = [];
  const counted: Model = {
    ...model,
    predictCached(inputs, cached) {
      seen.push([cached === undefined, inputs.sample.shape[0]]);
      return model.predictCached(inputs, cached);
    },
  };
  const request = { prompt: 'a street', latent: sample, noise: sample, strength: 1, steps: 8, cacheInterval: 3 };
  for await (const _ of img2img(counted, { ...request, ...options }));
  return seen;
}

it('every n-th pass and the last one compute all', async () => {
  const whole = (await passes({ guidanceScale: 1 })).map(([all]) => all);
  expect(whole).toEqual([true, false, false, true, false, false, true, true]);
});

it('so does the first one without guidance', async () => {
  expect(await passes({ guidanceScale: 5, guidanceUntil: 0.5 })).toEqual([
    ...([4, 4, 4, 4] as const).map((rows, i) => [i % 3 === 0, rows]),
    ...([2, 2, 2, 2] as const).map((rows, i) => [i !== 1, rows]),
  ]);
});

it('an interval of 1 is the network, one of 0 is refused, as is one beside frames that are rendered together', async () => {
  expect(await passes({ cacheInterval: 1, guidanceScale: 1 })).toEqual([]);
  await expect(passes({ cacheInterval: 0 })).rejects.toThrow('cacheInterval: the number of evaluations');
  const together = { prompt: '', latent: sample, noise: sample, strength: 1, adain: 0.2, cacheInterval: 2 };
  await expect(anchoredImg2img(model, together).next()).rejects.toThrow('cacheInterval: 2 beside adain');
});
