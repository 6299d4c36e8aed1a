// PNDM [Liu et al. 2022] as Stable Diffusion runs it: linear multistep only (PLMS), no Runge-Kutta start; leading
// spacing unless the checkpoint's configuration says otherwise. The first step is taken twice, so a plan has one evaluation
// more than steps.

import { UsageError } from '../../base/errors.js';
import { levelAt, type NoiseLevel } from '../noise-schedule.js';
import { blend, noised } from '../prediction.js';
import type { Sampler } from './sampler.js';
import { planOverTimesteps, strideOf, wholeTimesteps } from './spacing.js';
import { evaluate, stepAfter } from './step.js';

/**
 * Adams-Bashforth weights over the outputs so far, newest first [equation 12 and its lower orders].
 */
const WEIGHTS: readonly (readonly number[])[] = [
  [1],
  [3 / 2, -1 / 2],
  [23 / 12, -16 / 12, 5 / 12],
  [55 / 24, -59 / 24, 37 / 24, -9 / 24],
];

/**
 * A multistep blend of the network's last four outputs, taken as the noise of one DDIM step [equations 9 and 12].
 * Outputs are blended as the network gives them and turned into noise afterwards, as diffusers does: with
 * v-prediction that differs from blending noises.
 *
 * The timesteps are the second one twice: 981, 961, 961, 941, ... A strength cuts this list, so the repeated entry is gone
 * and the latent stays one stride noisier than its timestep says: diffusers' behaviour, kept because the numbers that
 * people know come from it.
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
        // The first step again from where it began, with the mean of the outputs at both of its ends.
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

/** The DDIM step that noise `epsilon` calls for [equation 9]. */
function transfer(x: Float32Array, epsilon: Float32Array, from: NoiseLevel, to: NoiseLevel): Float32Array {
  const scale = to.signal / from.signal;
  return blend(scale, x, to.noise - scale * from.noise, epsilon);
}
