// DDIM [Song et al. 2021], deterministic (eta 0): leading spacing unless the checkpoint's configuration says otherwise.

import { levelAt } from '../noise-schedule.js';
import { noised } from '../prediction.js';
import type { Sampler } from './sampler.js';
import { planOverTimesteps, strideOf, wholeTimesteps } from './spacing.js';
import { evaluate, stepAfter } from './step.js';

/**
 * x' = signal' x0 + noise' eps: x0 and eps of one prediction, combined at the next noise level.
 *
 * A step ends one stride below its timestep. In trailing and linspace spacing this can differ from the next timestep of the
 * list, as in diffusers, whose results are the reference.
 */
export const ddim: Sampler = {
  plan: (schedule, steps) => planOverTimesteps(schedule, steps, wholeTimesteps(schedule, steps)),

  addNoise: (z0, noise, plan) => noised(z0, noise, levelAt(plan.schedule, plan.timesteps[0])),

  fromNoise: (noise) => noise.slice(),

  async *sample(denoiser, x, plan, options = {}) {
    const stride = strideOf(plan.schedule, plan.steps);
    let latent = x;
    for (let i = 0; i < plan.timesteps.length; i++) {
      const timestep = plan.timesteps[i];
      const level = levelAt(plan.schedule, timestep);
      const output = await evaluate(denoiser, latent, { plan, index: i, options });
      const x0 = denoiser.toX0(output, latent, level);
      const epsilon = denoiser.toEpsilon(output, latent, level);
      latent = noised(x0, epsilon, levelAt(plan.schedule, timestep - stride));
      yield stepAfter(latent, plan, i, options);
    }
  },
};
