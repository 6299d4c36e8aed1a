// PNDM [Liu et al. 2022] as in Stable Diffusion: linear multistep only (PLMS), no Runge-Kutta start; leading spacing unless
// the checkpoint's configuration says otherwise. The first step is repeated, so a plan has one more evaluation than steps.

import { UsageError } from '../../base/errors.js';
import { levelAt, type NoiseLevel } from '../noise-schedule.js';
import { blend, noised } from '../prediction.js';
import type { Sampler } from './sampler.js';
import { planOverTimesteps, strideOf, wholeTimesteps } from './spacing.js';
import { evaluate, stepAfter } from './step.js';

/** Adams-Bashforth weights of the outputs so far, newest first [equation 12 and its lower orders]. */
const WEIGHTS: readonly (readonly number[])[] = [
  [1],
  [3 / 2, -1 / 2],
  [23 / 12, -16 / 12, 5 / 12],
  [55 / 24, -59 / 24, 37 / 24, -9 / 24],
];

/**
 * A linear combination of the network's last four outputs is the noise of one DDIM step [equations 9 and 12]. As in
 * diffusers, raw outputs are combined and then converted to noise, which differs from combining noises under v-prediction.
 *
 * The second timestep is repeated: 981, 961, 961, 941, ... A strength cuts this list, which removes the repeated entry, so
 * the latent stays one stride noisier than its timestep, as in diffusers, whose results are the reference.
 */
export const pndm: Sampler = {
  plan(schedule, steps) {
    const timesteps = wholeTimesteps(schedule, steps);
    if (steps > 1) timesteps.splice(1, 0, timesteps[1]);
    return planOverTimesteps(schedule, steps, timesteps);
  },

  addNoise: (z0, noise, plan) => noised(z0, noise, levelAt(plan.schedule, plan.timesteps[0])),

  fromNoise: (noise) => noise.slice(),

  async *sample(denoiser, x, plan, options = {}) {
    const stride = strideOf(plan.schedule, plan.steps);
    if (levelAt(plan.schedule, plan.timesteps[0]).signal === 0) {
      throw new UsageError(
        `pndm: timestep ${plan.timesteps[0]} of this checkpoint is noise alone (zero terminal SNR), from which pndm cannot step; take ddim, euler or dpmpp-2m, or a lower strength`,
      );
    }
    const move = (latent: Float32Array, output: Float32Array, from: number, to: number) => {
      const level = levelAt(plan.schedule, from);
      return transfer(latent, denoiser.toEpsilon(output, latent, level), level, levelAt(plan.schedule, to));
    };
    let latent = x;
    const outputs: Float32Array[] = [];
    for (let i = 0; i < plan.timesteps.length; i++) {
      const timestep = plan.timesteps[i];
      const output = await evaluate(denoiser, latent, { plan, index: i, options });
      if (i === 1) {
        // Repeats the first step from its start, with the mean of the outputs at its start and its end.
        latent = move(x, blend(0.5, output, 0.5, outputs[0]), timestep + stride, timestep);
      } else {
        outputs.unshift(output);
        outputs.length = Math.min(outputs.length, WEIGHTS.length);
        latent = move(latent, weighted(outputs), timestep, timestep - stride);
      }
      yield stepAfter(latent, plan, i, options);
    }
  },
};

function weighted(outputs: readonly Float32Array[]): Float32Array {
  const weights = WEIGHTS[outputs.length - 1];
  return outputs[0].map((_, i) => weights.reduce((sum, weight, k) => sum + weight * outputs[k][i], 0));
}

/** The DDIM step with noise `epsilon` [equation 9]. */
function transfer(x: Float32Array, epsilon: Float32Array, from: NoiseLevel, to: NoiseLevel): Float32Array {
  const scale = to.signal / from.signal;
  return blend(scale, x, to.noise - scale * from.noise, epsilon);
}
