// Strength: the share of a run's steps that image to image executes. 1 starts from pure noise, small values change little.
// (Differs from tools that call one minus this the strength.)

import { assertInteger } from '../base/assert.js';
import { UsageError } from '../base/errors.js';
import { type NoiseSchedule, noiseSchedule } from './noise-schedule.js';
import { type SamplerName, samplers } from './samplers/index.js';
import type { Run, Sampler, SamplingPlan } from './samplers/sampler.js';

/**
 * The number of steps that a strength executes: min(trunc(steps * strength), steps), the last ones of the run. The product
 * is in double precision as in Python: 100 steps at 0.29 are 28, because 100 * 0.29 is 28.999...
 *
 * @throws UsageError when the strength is outside (0, 1] or runs no step
 */
export function stepsForStrength(steps: number, strength: number): number {
  assertInteger('steps: the number', steps, 1);
  assertStrength(strength);
  const executed = Math.min(Math.trunc(steps * strength), steps);
  if (executed === 0) {
    throw new UsageError(
      `strength: ${strength} runs none of ${steps} steps; the smallest strength that runs one is ${smallestStrength(steps)}, or take more steps`,
    );
  }
  return executed;
}

function assertStrength(strength: number): void {
  if (strength > 0 && strength <= 1) return;
  throw new UsageError(`strength: ${strength} is outside (0, 1]; pass 1 for the strongest edit, 0.45 for a mild one`);
}

/** The smallest strength, rounded to few digits, that executes one of `steps` steps. */
export function smallestStrength(steps: number): number {
  for (let digits = 1; ; digits++) {
    const strength = Number((Math.ceil(10 ** digits / steps) / 10 ** digits).toFixed(digits));
    if (Math.trunc(steps * strength) >= 1 && steps * strength < 1.05) return strength;
  }
}

/**
 * The steps that a sampler executes at a strength: the end of a whole run's. pndm's plan has one entry more, so one more is
 * taken: the cut is at the same place. Samplers of few steps have a plan for each strength.
 *
 * @throws UsageError when the strength is outside (0, 1] or runs no step
 */
export function planForStrength(sampler: Sampler, schedule: NoiseSchedule, run: Run): SamplingPlan {
  if (sampler.planAt) {
    assertStrength(run.strength);
    return sampler.planAt(schedule, run);
  }
  const plan = sampler.plan(schedule, run.steps);
  const start = plan.steps - stepsForStrength(plan.steps, run.strength);
  return { ...plan, timesteps: plan.timesteps.slice(start), sigmas: plan.sigmas.slice(start) };
}

/**
 * The first timestep that a sampler executes at a strength, by which results of different samplers are compared.
 *
 * @throws UsageError when the strength is outside (0, 1] or runs no step
 */
export function firstTimestep(
  sampler: SamplerName,
  steps: number,
  strength: number,
  schedule: NoiseSchedule = noiseSchedule(),
): number {
  return planForStrength(samplers[sampler], schedule, { steps, strength }).timesteps[0];
}
