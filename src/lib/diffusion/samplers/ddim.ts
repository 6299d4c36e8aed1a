// DDIM [Song et al. 2021], deterministic (eta 0): leading spacing, offset 1, the last step arrives at timestep 0's level.

import { levelOfSigma } from '../noise-schedule.js';
import { noised } from '../prediction.js';
import type { Sampler } from './sampler.js';
import { leadingTimesteps, planOverTimesteps, requireSteps } from './spacing.js';
import { evaluate, stepAfter } from './step.js';

/** x' = signal' x0 + noise' eps: both read off one prediction, put together again at the next level. */
export const ddim: Sampler = {
  plan(schedule, steps) {
    requireSteps(schedule, steps);
    return planOverTimesteps(schedule, steps, leadingTimesteps(schedule, steps));
  },

  addNoise: (z0, noise, plan) => noised(z0, noise, levelOfSigma(plan.sigmas[0])),

  fromNoise: (noise) => noise.slice(),

  async *sample(denoiser, x, plan, options = {}) {
    let latent = x;
    for (let i = 0; i < plan.timesteps.length; i++) {
      const level = levelOfSigma(plan.sigmas[i]);
      const output = await evaluate(denoiser, latent, plan, i, options);
      const x0 = denoiser.toX0(output, latent, level);
      const epsilon = denoiser.toEpsilon(output, latent, level);
      latent = noised(x0, epsilon, levelOfSigma(plan.sigmas[i + 1]));
      yield stepAfter(latent, plan, i, options);
    }
  },
};
