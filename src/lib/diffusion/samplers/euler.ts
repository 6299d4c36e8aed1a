// Euler's method on the probability flow in units of sigma [Karras et al. 2022, algorithm 1 without its second-order
// correction], linspace spacing with fractional timesteps unless the checkpoint's configuration says otherwise; over the
// training sigmas, and over Karras'.

import { levelOfSigma, type NoiseSchedule } from '../noise-schedule.js';
import { blend } from '../prediction.js';
import { karrasSigmas, timestepOfSigma } from './karras.js';
import type { Sampler, SamplingPlan } from './sampler.js';
import { interpolate, linspace, planOverSigmas, requireSteps, spacingOf, wholeTimesteps } from './spacing.js';
import { evaluate, stepAfter } from './step.js';

/** Latents are z0 + sigma eps; x' = x + (sigma' - sigma) eps. */
function eulerOver(plan: (schedule: NoiseSchedule, steps: number) => SamplingPlan): Sampler {
  return {
    plan,

    addNoise: (z0, noise, { sigmas }) => blend(1, z0, sigmas[0], noise),

    // In leading spacing, which starts below the last timestep, diffusers gives the noise the variance of a noised latent.
    fromNoise: (noise, { schedule, sigmas }) => {
      const isLeading = spacingOf(schedule, 'linspace') === 'leading';
      const scale = isLeading ? Math.sqrt(sigmas[0] ** 2 + 1) : sigmas[0];
      return noise.map((value) => value * scale);
    },

    async *sample(denoiser, x, plan, options = {}) {
      let latent = x;
      for (let i = 0; i < plan.timesteps.length; i++) {
        const sigma = plan.sigmas[i];
        const level = levelOfSigma(sigma);
        const input = latent.map((value) => value * level.signal);
        const output = await evaluate(denoiser, input, { plan, index: i, options });
        const epsilon = denoiser.toEpsilon(output, input, level);
        latent = blend(1, latent, plan.sigmas[i + 1] - sigma, epsilon);
        yield stepAfter(latent, plan, i, options);
      }
    },
  };
}

/** Timesteps from the last one to 0: fractional in linspace spacing, whole in others. */
function evenTimesteps(schedule: NoiseSchedule, steps: number): number[] {
  if (spacingOf(schedule, 'linspace') !== 'linspace') return wholeTimesteps(schedule, steps);
  requireSteps(schedule, steps);
  return linspace(0, schedule.sigmas.length - 1, steps)
    .map(Math.fround)
    .reverse();
}

/** Euler's method at evenly spaced timesteps. */
export const euler: Sampler = eulerOver((schedule, steps) => {
  const timesteps = evenTimesteps(schedule, steps);
  const sigmas = timesteps.map((timestep) => interpolate(schedule.sigmas, timestep));
  return planOverSigmas(schedule, steps, timesteps, sigmas);
});

/** Euler's method at Karras' sigmas, over the range of `euler` with the same number of steps. */
export const eulerKarras: Sampler = eulerOver((schedule, steps) => {
  const even = evenTimesteps(schedule, steps).map((timestep) => interpolate(schedule.sigmas, timestep));
  const sigmas = karrasSigmas(even[0], even[even.length - 1], steps);
  const timesteps = sigmas.map((sigma) => Math.fround(timestepOfSigma(schedule, sigma)));
  return planOverSigmas(schedule, steps, timesteps, sigmas);
});
