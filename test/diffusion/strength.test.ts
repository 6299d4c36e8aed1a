// Strength to steps: Python's int(N * s), and the first timesteps of the recipes.

import { expect, it } from 'vitest';
import { UsageError } from '../../src/lib/base/errors.js';
import { noiseSchedule } from '../../src/lib/diffusion/noise-schedule.js';
import { type SamplerName, samplers } from '../../src/lib/diffusion/samplers/index.js';
import {
  firstTimestep,
  planForStrength,
  smallestStrength,
  stepsForStrength,
} from '../../src/lib/diffusion/strength.js';

it.each([
  // python: min(int(N * s), N)
  [50, 0.45, 22],
  [50, 0.75, 37],
  [50, 0.325, 16],
  [20, 1, 20],
  [10, 0.58, 5],
  [100, 0.29, 28],
  [100, 0.57, 56],
  [1, 1, 1],
])('%i steps at strength %f run %i', (steps, strength, executed) => {
  expect(stepsForStrength(steps, strength)).toBe(executed);
});

it.each<[SamplerName, number]>([
  // 50 steps at strength 0.45: the sampling recipes and the reference pack.
  ['ddim', 421],
  ['pndm', 441],
  ['dpmpp-2m', 440],
  ['euler', 428.142853],
  ['euler-karras', 298.657958],
  ['dpmpp-2m-karras', 299],
])('%s starts at timestep %f', (sampler, timestep) => {
  expect(Math.abs(firstTimestep(sampler, 50, 0.45) - timestep)).toBeLessThan(1e-3);
});

it.each([
  // 50 steps of ddim.
  [0.325, 301],
  [0.45, 421],
  [0.5, 481],
  [0.75, 721],
])('ddim at strength %f starts at timestep %i', (strength, timestep) => {
  expect(firstTimestep('ddim', 50, strength)).toBe(timestep);
});

it('takes the end of a plan, and all of it at strength 1', () => {
  const schedule = noiseSchedule();
  for (const sampler of Object.values(samplers)) {
    const plan = sampler.plan(schedule, 20);
    expect(planForStrength(sampler, schedule, { steps: 20, strength: 1 })).toEqual(plan);
    if (sampler.planAt) continue;
    const end = planForStrength(sampler, schedule, { steps: 20, strength: 0.5 });
    expect(end.timesteps).toEqual(plan.timesteps.slice(10));
    expect(end.sigmas).toEqual(plan.sigmas.slice(10));
    expect(end.steps).toBe(20);
  }
});

it('of few steps, executes all of them at any strength, and says where there are too few', () => {
  const at = (steps: number, strength: number) => [
    ...planForStrength(samplers.lcm, noiseSchedule(), { steps, strength }).timesteps,
  ];
  expect(at(4, 1)).toEqual([999, 759, 499, 259]);
  expect([...planForStrength(samplers.tcd, noiseSchedule(), { steps: 4, strength: 1 }).timesteps]).toEqual([
    ...[999, 749, 499, 249],
  ]);
  expect(at(4, 0.45)).toEqual([439, 339, 219, 119]);
  expect(() => at(8, 0.1)).toThrow(
    'steps: 8 at strength 0.1, where this sampler has 5; take fewer steps, or a strength from 0.16',
  );
  expect(() => at(4, 1.1)).toThrow('strength: 1.1 is outside (0, 1]');
});

it.each([0, -0.1, 1.0001, Number.NaN, Number.POSITIVE_INFINITY])('refuses strength %f', (strength) => {
  expect(() => stepsForStrength(50, strength)).toThrow(UsageError);
  expect(() => stepsForStrength(50, strength)).toThrow(`strength: ${strength} is outside (0, 1]`);
});

it('names the smallest strength that runs a step where none would', () => {
  expect(() => stepsForStrength(50, 0.019)).toThrow(
    'strength: 0.019 runs none of 50 steps; the smallest strength that runs one is 0.02, or take more steps',
  );
  // 49 * (1 / 49) is 0.9999999999999999 in double precision.
  for (let steps = 1; steps <= 999; steps++) {
    const smallest = smallestStrength(steps);
    expect(stepsForStrength(steps, smallest)).toBe(1);
    expect(smallest * steps).toBeLessThan(1.05);
  }
});
