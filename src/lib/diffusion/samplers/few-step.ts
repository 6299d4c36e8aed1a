// The samplers of models that were distilled to a few steps: latent consistency models [Luo et al. 2023] and trajectory
// consistency distillation [Zheng et al. 2024]. Both draw noise anew between steps and, unlike others, execute `steps` steps
// at every strength.

import { UsageError } from '../../base/errors.js';
import { levelAt, type NoiseLevel, type NoiseSchedule } from '../noise-schedule.js';
import { blend, noised } from '../prediction.js';
import type { Run, Sampler, SamplingPlan, StepNoise } from './sampler.js';
import { planOverTimesteps, requireSteps } from './spacing.js';
import { evaluate, stepAfter } from './step.js';

/** Timesteps of LCM's distillation, of which a run takes some; TCD takes any. */
const LCM_TIMESTEPS = 50;
/** LCM's boundary condition: how fast the weight of the input falls with the timestep, and the data's deviation. */
const TIMESTEP_SCALE = 10;
const DATA_DEVIATION = 0.5;

/**
 * `steps` timesteps evenly from the last one down, of the share `strength` of `all` evenly spaced ones: `np.linspace` without
 * its end, rounded down.
 *
 * @throws UsageError when the strength leaves fewer timesteps than steps
 */
function planAmong(all: number, schedule: NoiseSchedule, { steps, strength }: Run): SamplingPlan {
  requireSteps(schedule, steps);
  const stride = Math.floor(schedule.alphasCumprod.length / all);
  const count = Math.trunc(all * strength);
  if (count < steps) {
    throw new UsageError(
      `steps: ${steps} at strength ${strength}, where this sampler has ${count}; take fewer steps, or a strength from ${steps / all}`,
    );
  }
  const timesteps = Array.from({ length: steps }, (_, i) => (count - Math.floor((i * count) / steps)) * stride - 1);
  return planOverTimesteps(schedule, steps, timesteps);
}

/** How both plan, among that many timesteps of a schedule, and begin. */
function beginning(all: (schedule: NoiseSchedule) => number): Omit<Sampler, 'sample'> {
  const planAt = (schedule: NoiseSchedule, run: Run): SamplingPlan => planAmong(all(schedule), schedule, run);
  return {
    plan: (schedule, steps) => planAt(schedule, { steps, strength: 1 }),
    planAt,
    addNoise: (z0, noise, { schedule, timesteps }) => noised(z0, noise, levelAt(schedule, timesteps[0])),
    fromNoise: (noise) => noise.slice(),
  };
}

/** x' = signal' d + noise' z: the consistency function's d = c_out x0 + c_skip x, noised anew; the last d is the result. */
export const lcm: Sampler = {
  ...beginning(() => LCM_TIMESTEPS),

  async *sample(denoiser, x, plan, options = {}) {
    const { schedule, timesteps } = plan;
    let latent = x;
    for (let i = 0; i < timesteps.length; i++) {
      const level = levelAt(schedule, timesteps[i]);
      const output = await evaluate(denoiser, latent, { plan, index: i, options });
      const scaled = TIMESTEP_SCALE * timesteps[i];
      const variance = scaled ** 2 + DATA_DEVIATION ** 2;
      const skip = DATA_DEVIATION ** 2 / variance;
      const clean = blend(scaled / Math.sqrt(variance), denoiser.toX0(output, latent, level), skip, latent);
      const isLast = i + 1 === timesteps.length;
      latent = isLast ? clean : noised(clean, noiseOf(options.stepNoise, i), levelAt(schedule, timesteps[i + 1]));
      yield stepAfter(latent, plan, i, options);
    }
  },
};

/**
 * To the level s = floor((1 - eta) t') along the trajectory, and from there with new noise to t'. With eta 0 no noise is
 * drawn, with eta 1 the whole step is noised anew.
 */
export const tcd: Sampler = {
  ...beginning(({ alphasCumprod }) => alphasCumprod.length),

  async *sample(denoiser, x, plan, options = {}) {
    const { schedule, timesteps } = plan;
    const { eta = 0 } = options;
    let latent = x;
    for (let i = 0; i < timesteps.length; i++) {
      const level = levelAt(schedule, timesteps[i]);
      const output = await evaluate(denoiser, latent, { plan, index: i, options });
      const isLast = i + 1 === timesteps.length;
      const next = isLast ? 0 : timesteps[i + 1];
      const reached = levelAt(schedule, Math.floor((1 - eta) * next));
      latent = noised(denoiser.toX0(output, latent, level), denoiser.toEpsilon(output, latent, level), reached);
      if (eta > 0 && !isLast)
        latent = renoised(latent, noiseOf(options.stepNoise, i), reached, levelAt(schedule, next));
      yield stepAfter(latent, plan, i, options);
    }
  },
};

/** A latent of one level brought to a noisier one by new noise. */
function renoised(x: Float32Array, noise: Float32Array, from: NoiseLevel, to: NoiseLevel): Float32Array {
  const ratio = to.signal / from.signal;
  return blend(ratio, x, Math.sqrt(Math.max(0, 1 - ratio ** 2)), noise);
}

function noiseOf(stepNoise: StepNoise | undefined, step: number): Float32Array {
  if (!stepNoise) throw new Error('a sampler that draws noise needs stepNoise');
  return stepNoise(step);
}
