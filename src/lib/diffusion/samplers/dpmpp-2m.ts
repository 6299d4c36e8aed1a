// DPM-Solver++(2M) [Lu et al. 2022, algorithm 2], midpoint, ending without noise: linspace spacing with whole timesteps
// unless the checkpoint's configuration says otherwise; over the training sigmas, and over Karras'.

import { levelOfSigma, type NoiseLevel, type NoiseSchedule } from '../noise-schedule.js';
import { blend, noised } from '../prediction.js';
import { karrasSigmas, timestepOfSigma } from './karras.js';
import type { Sampler, SamplingPlan } from './sampler.js';
import {
  leadingTimesteps,
  linspace,
  planOverSigmas,
  requireSteps,
  roundHalfEven,
  spacingOf,
  trailingTimesteps,
} from './spacing.js';
import { evaluate, stepAfter } from './step.js';

/**
 * x' = (noise'/noise) x + signal' (1 - exp(-h)) D, where h = lambda' - lambda, lambda = log(signal/noise), and
 * D = x0 + (x0 - x0_before) h / (2 h_before) extrapolates the clean latent by half a step. D = x0 in the first step, which
 * has no x0_before, and in the last one, whose h is infinite.
 */
function dpmpp2mOver(plan: (schedule: NoiseSchedule, steps: number) => SamplingPlan): Sampler {
  return {
    plan,

    addNoise: (z0, noise, { sigmas }) => noised(z0, noise, levelOfSigma(sigmas[0])),

    fromNoise: (noise) => noise.slice(),

    async *sample(denoiser, x, plan, options = {}) {
      const last = plan.timesteps.length - 1;
      let latent = x;
      let before: { x0: Float32Array; lambda: number } | undefined;
      for (let i = 0; i <= last; i++) {
        const level = levelOfSigma(plan.sigmas[i]);
        const next = levelOfSigma(plan.sigmas[i + 1]);
        const lambda = lambdaOf(level);
        const h = lambdaOf(next) - lambda;
        const x0 = denoiser.toX0(await evaluate(denoiser, latent, { plan, index: i, options }), latent, level);
        let d = x0;
        if (before !== undefined && i < last) {
          const ahead = h / (2 * (lambda - before.lambda));
          d = blend(1 + ahead, x0, -ahead, before.x0);
        }
        latent = blend(next.noise / level.noise, latent, -next.signal * Math.expm1(-h), d);
        before = { x0, lambda };
        yield stepAfter(latent, plan, i, options);
      }
    },
  };
}

const lambdaOf = ({ signal, noise }: NoiseLevel) => Math.log(signal) - Math.log(noise);

/** DPM-Solver++(2M) at evenly spaced timesteps: of one more than needed, the last (0 or the offset) is left out. */
export const dpmpp2m: Sampler = dpmpp2mOver((schedule, steps) => {
  requireSteps(schedule, steps);
  const timesteps = timestepsOf(schedule, steps);
  return planOverSigmas(
    schedule,
    steps,
    timesteps,
    timesteps.map((timestep) => schedule.sigmas[timestep]),
  );
});

function timestepsOf(schedule: NoiseSchedule, steps: number): number[] {
  const all = schedule.sigmas.length;
  switch (spacingOf(schedule, 'linspace')) {
    case 'leading':
      return leadingTimesteps(schedule, steps, Math.floor(all / (steps + 1)), 1);
    case 'trailing':
      return trailingTimesteps(schedule, steps);
    case 'linspace':
      return linspace(0, all - 1, steps + 1)
        .slice(1)
        .map(roundHalfEven)
        .reverse();
  }
}

/** DPM-Solver++(2M) at Karras' sigmas over the whole schedule; timesteps are rounded, so small ones may repeat. */
export const dpmpp2mKarras: Sampler = dpmpp2mOver((schedule, steps) => {
  requireSteps(schedule, steps);
  const { sigmas: trained } = schedule;
  const sigmas = karrasSigmas(trained[trained.length - 1], trained[0], steps);
  const timesteps = sigmas.map((sigma) => roundHalfEven(timestepOfSigma(schedule, sigma)));
  return planOverSigmas(schedule, steps, timesteps, sigmas);
});
