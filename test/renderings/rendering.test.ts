// Plans of renderings: first timesteps, numbers of evaluations, and errors before any work.

import { beforeAll, describe, expect, it } from 'vitest';
import { loadModel, type Model } from '../../src/lib/models/model.js';
import { planRendering, planRenderings, type Rendering } from '../../src/lib/renderings/rendering.js';
import { scratchFolder, smallestCheckpoint } from '../sweeps/tiny.js';

const scratch = scratchFolder();
let model: Model;
beforeAll(async () => {
  // It computes nothing, so it need not be disposed of.
  model = await loadModel(await smallestCheckpoint(scratch));
});

const cell = (options: Partial<Rendering['options']>): Rendering => ({
  name: `n${JSON.stringify(options)}`,
  label: 'it',
  options: { prompt: '', strength: 0.45, ...options },
});

describe('planRendering', () => {
  // First timesteps of 50 steps at 0.45 from diffusers' schedulers: ddim 421, pndm 441 with one evaluation more, euler
  // 428.14 and, with Karras sigmas, 298.8.
  it.each([
    ['ddim', 421, 22],
    ['pndm', 441, 23],
    ['euler', 428.142, 22],
    ['euler-karras', 298.8, 22],
    ['dpmpp-2m', 440, 22],
  ] as const)('%s begins at timestep %d and takes %d evaluations', (sampler, timestep, evaluations) => {
    const plan = planRendering(model, cell({ sampler }));
    expect(plan.firstTimestep).toBeCloseTo(timestep, 0);
    expect(plan.evaluations).toBe(evaluations);
  });

  it.each([
    ['a strength of 0', { strength: 0 }, /strength: 0 is outside \(0, 1\]/],
    ['a strength above 1', { strength: 1.01 }, /strength: 1.01 is outside \(0, 1\]/],
    ['a strength that is no number', { strength: Number.NaN }, /strength: NaN is outside/],
    ['a strength that runs no step', { strength: 0.01 }, /runs none of 50 steps; the smallest .* is 0.02/],
    ['no steps', { steps: 0 }, /steps: the number is 0, expected an integer from 1/],
    ['more steps than timesteps', { steps: 1000 }, /steps: the number is 1000/],
    ['an unknown sampler', { sampler: 'ddpm' as 'ddim' }, /sampler: "ddpm" is not known; expected one of ddim/],
    ['a negative guidance scale', { guidanceScale: -1 }, /guidance scale: -1 is not a number of at least 0/],
    ['an empty batch', { batch: 0 }, /batch: the number of frames is 0/],
    ['a draw before the first', { noiseDraw: 0 }, /noise draw: the number is 0/],
    ['a seed that is no integer', { seed: 1.5 }, /seed: 1.5 is not an exact integer/],
  ])('refuses %s', (_, options, message) => {
    expect(() => planRendering(model, cell(options))).toThrow(message);
  });
});

describe('planRenderings', () => {
  it('refuses none, and the same one twice', () => {
    expect(() => planRenderings(model, [])).toThrow(/nothing to render/);
    expect(() => planRenderings(model, [cell({}), cell({})])).toThrow(/comparison: it is given twice/);
  });
});
