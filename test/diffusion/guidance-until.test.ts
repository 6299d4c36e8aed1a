// Guidance of the first steps only: these are as under guidance, those after it as without, at half of the rows.

import { beforeAll, expect, test } from 'vitest';
import { anchoredImg2img } from '../../src/lib/diffusion/anchored-img2img.js';
import { guidedPrediction, guidedSteps } from '../../src/lib/diffusion/guided-prediction.js';
import { img2img, noisedStart } from '../../src/lib/diffusion/img2img.js';
import { createDenoiser } from '../../src/lib/diffusion/samplers/sampler.js';
import { loadModel, type Model } from '../../src/lib/models/model.js';
import { randn } from '../../src/lib/tensor/randn.js';
import { scratchFolder, smallestCheckpoint } from '../sweeps/tiny.js';

const scratch = scratchFolder();
let model: Model;
let rows: number[];
beforeAll(async () => {
  const loaded = await loadModel(await smallestCheckpoint(scratch), { device: 'cpu' });
  const noted = <T extends { readonly shape: readonly number[] }>(sample: T): void => {
    rows.push(sample.shape[0]);
  };
  model = {
    ...loaded,
    predict(sample, ...rest) {
      noted(sample);
      return loaded.predict(sample, ...rest);
    },
    predictAnchored(inputs, options) {
      noted(inputs.sample);
      return loaded.predictAnchored(inputs, options);
    },
  };
});

const latent = randn(1, [2, 4, 4, 4]);
const options = {
  ...{ latent, noise: randn(2, [1, 4, 4, 4]), prompt: 'a city', negativePrompt: 'blurry' },
  ...{ strength: 1, steps: 4, guidanceScale: 3 },
};

test('the first steps are guided, the others are not', async () => {
  rows = [];
  const half = [];
  for await (const step of img2img(model, { ...options, guidanceUntil: 0.5 })) half.push(step.latent.data);
  expect(rows).toEqual([4, 4, 2, 2]);
  const guided = [];
  for await (const step of img2img(model, options)) guided.push(step.latent.data);
  expect(half.slice(0, 2)).toEqual(guided.slice(0, 2));

  const { sampler, plan, shape } = noisedStart(model, options);
  const rest = { ...plan, timesteps: plan.timesteps.slice(2), sigmas: plan.sigmas.slice(2) };
  const predict = await guidedPrediction(model, { ...options, guidanceScale: 1 }, { shape, plan: rest });
  const denoiser = createDenoiser(model.config.predictionType, predict);
  const without = [];
  for await (const step of sampler.sample(denoiser, half[1], rest, { batch: 2 })) without.push(step.latent);
  expect(half.slice(2)).toEqual(without);
  expect(half[3]).not.toEqual(guided[3]);
});

test('with anchors too, whose keys and values are those of the prompt alone then', async () => {
  rows = [];
  const anchored = { ...options, anchor: 'first-previous', batch: 2 } as const;
  const half = [];
  for await (const step of anchoredImg2img(model, { ...anchored, guidanceUntil: 0.5 })) half.push(step.latent.data);
  expect(rows).toEqual([4, 4, 2, 2]);
  const guided = [];
  for await (const step of anchoredImg2img(model, anchored)) guided.push(step.latent.data);
  expect(half.slice(0, 2)).toEqual(guided.slice(0, 2));
  expect(half[3]).not.toEqual(guided[3]);
});

test('a share of the steps, at least one', async () => {
  expect([0.01, 0.3, 0.31, 0.5, 1].map((share) => guidedSteps(10, share))).toEqual([1, 3, 4, 5, 10]);
  await expect(img2img(model, { ...options, guidanceUntil: 0 }).next()).rejects.toThrow(
    'guidance until: 0 is not a share above 0 and at most 1; 1 guides all steps',
  );
});
