// The noise schedule: the signal and noise levels of a latent at each timestep of the training process. The timesteps of a
// run are part of a sampler's plan.

import { UsageError } from '../base/errors.js';
import type { SchedulerConfig } from '../models/config/config.js';

/** Signal and noise level of a noised latent: x = signal z0 + noise eps, signal^2 + noise^2 = 1. */
export interface NoiseLevel {
  readonly signal: number;
  readonly noise: number;
}

/** The settings of a noise schedule, as a checkpoint's configuration gives them. */
export type NoiseScheduleConfig = Omit<SchedulerConfig, 'predictionType' | 'raw'>;

/** The training process as tables over its timesteps, in single precision as PyTorch computes them. */
export interface NoiseSchedule {
  readonly config: NoiseScheduleConfig;
  readonly betas: Float32Array;
  /** The share of signal variance left at each timestep: the running product of 1 - beta. */
  readonly alphasCumprod: Float32Array;
  /** The ratio of noise to signal at each timestep: sqrt((1 - a) / a), a = alphasCumprod. */
  readonly sigmas: Float32Array;
}

/** The schedule of every published Stable Diffusion 1.x and 2.x checkpoint. */
export const STABLE_DIFFUSION_SCHEDULE: NoiseScheduleConfig = {
  trainTimesteps: 1000,
  betaSchedule: 'scaled_linear',
  betaStart: 0.00085,
  betaEnd: 0.012,
};

/** The smallest float16 above zero, as in diffusers: exactly zero signal would make the last sigma infinite. */
const LEAST_SIGNAL = 2 ** -24;

/**
 * Computes a noise schedule.
 *
 * @throws UsageError when a setting is unknown or yields betas outside (0, 1)
 */
export function noiseSchedule(config: NoiseScheduleConfig = STABLE_DIFFUSION_SCHEDULE): NoiseSchedule {
  const known = COMPUTED.get(config);
  if (known) return known;
  const schedule = computed(config);
  COMPUTED.set(config, schedule);
  return schedule;
}

/** Planning thousands of renderings asks for the same one each time. */
const COMPUTED = new WeakMap<NoiseScheduleConfig, NoiseSchedule>();

function computed(config: NoiseScheduleConfig): NoiseSchedule {
  let betas = betasOf(config);
  betas.forEach((beta, t) => {
    if (!(beta > 0 && beta < 1)) {
      throw new UsageError(`noise schedule: beta ${t} is ${beta}, expected a number between 0 and 1; check the config`);
    }
  });
  if (config.rescaleZeroSnr) betas = rescaleToZeroSnr(betas);
  const alphasCumprod = runningProduct(betas);
  const sigmas = alphasCumprod.map((a) => Math.sqrt(Math.fround(Math.fround(1 - a) / Math.max(a, LEAST_SIGNAL))));
  return { config, betas, alphasCumprod, sigmas };
}

/**
 * The noise level at a whole timestep of the training process. A timestep below 0 has the level of timestep 0, or no noise
 * if the configuration says so (diffusers' `set_alpha_to_one`).
 *
 * @throws UsageError when the schedule has no such timestep
 */
export function levelAt(schedule: NoiseSchedule, timestep: number): NoiseLevel {
  if (timestep < 0 && schedule.config.setAlphaToOne) return { signal: 1, noise: 0 };
  const a = schedule.alphasCumprod[Math.max(0, timestep)];
  if (a === undefined) {
    const last = schedule.alphasCumprod.length - 1;
    throw new UsageError(`noise schedule: there is no timestep ${timestep}, expected a whole one up to ${last}`);
  }
  return { signal: Math.sqrt(a), noise: Math.sqrt(1 - a) };
}

/** The noise level at a ratio of noise to signal: signal = 1 / sqrt(1 + sigma^2), noise = sigma signal. */
export function levelOfSigma(sigma: number): NoiseLevel {
  const signal = 1 / Math.sqrt(1 + sigma * sigma);
  return { signal, noise: sigma * signal };
}

function betasOf(config: NoiseScheduleConfig): Float32Array {
  if (config.trainedBetas !== undefined) return Float32Array.from(config.trainedBetas);
  const { trainTimesteps, betaSchedule, betaStart, betaEnd } = config;
  if (!Number.isInteger(trainTimesteps) || trainTimesteps < 2) {
    throw new UsageError(`noise schedule: ${trainTimesteps} training timesteps, expected an integer of at least 2`);
  }
  switch (betaSchedule) {
    case 'linear':
      return evenlySpaced(betaStart, betaEnd, trainTimesteps);
    case 'scaled_linear':
      return evenlySpaced(Math.sqrt(betaStart), Math.sqrt(betaEnd), trainTimesteps).map((root) => root * root);
    case 'squaredcos_cap_v2':
      return Float32Array.from({ length: trainTimesteps }, (_, t) => {
        const before = squaredCosine(t / trainTimesteps);
        return Math.min(1 - squaredCosine((t + 1) / trainTimesteps) / before, 0.999);
      });
    case 'sigmoid':
      return evenlySpaced(-6, 6, trainTimesteps).map(
        (x) => Math.fround(1 / (1 + Math.exp(-x))) * (betaEnd - betaStart) + betaStart,
      );
    default:
      throw new UsageError(`noise schedule: "${betaSchedule}" is not a known beta schedule`);
  }
}

/** The share of signal variance at a part of the training process (Nichol and Dhariwal 2021, equation 17). */
function squaredCosine(part: number): number {
  return Math.cos((((part + 0.008) / 1.008) * Math.PI) / 2) ** 2;
}

/** `torch.linspace` in float32: values from both ends, each computed with one fused multiply-add. */
function evenlySpaced(start: number, end: number, count: number): Float32Array {
  const first = Math.fround(start);
  const last = Math.fround(end);
  const step = Math.fround(Math.fround(last - first) / Math.fround(count - 1));
  return Float32Array.from({ length: count }, (_, i) =>
    i < Math.floor(count / 2) ? first + step * i : last - step * (count - 1 - i),
  );
}

/** `torch.cumprod(1 - betas)` in float32: accumulated in double precision, each entry rounded. */
function runningProduct(betas: Float32Array): Float32Array {
  let product = 1;
  return betas.map((beta) => {
    product *= Math.fround(1 - beta);
    return product;
  });
}

function rescaleToZeroSnr(betas: Float32Array): Float32Array {
  const roots = runningProduct(betas).map(Math.sqrt);
  const first = roots[0];
  const last = roots[roots.length - 1];
  const scale = Math.fround(first / Math.fround(first - last));
  const products = roots.map((root) => {
    const scaled = Math.fround(Math.fround(root - last) * scale);
    return scaled * scaled;
  });
  return products.map((product, t) => 1 - Math.fround(t === 0 ? product : product / products[t - 1]));
}
