// What every sampler is: a plan of timesteps, a way to put noise on a latent, and a generator that takes it off again.

import type { NoiseLevel, NoiseSchedule } from '../noise-schedule.js';
import { type PredictionType, predictions } from '../prediction.js';

/**
 * A network as samplers see it: whether it predicts epsilon or v is its own affair.
 * Latents are B*C*h*w numbers; all rows of a batch are at the same timestep.
 */
export interface Denoiser {
  /** The network's output, guidance included, for a latent of unit variance; samplers keep it, so don't reuse its array. */
  readonly predict: (x: Float32Array, timestep: number) => Promise<Float32Array>;
  /** The clean latent that an output stands for, where `x` was its input. */
  readonly toX0: (output: Float32Array, x: Float32Array, level: NoiseLevel) => Float32Array;
  /** The noise that an output stands for, where `x` was its input. */
  readonly toEpsilon: (output: Float32Array, x: Float32Array, level: NoiseLevel) => Float32Array;
}

/** Wraps a network of a prediction type for the samplers. */
export function createDenoiser(type: PredictionType, predict: Denoiser['predict']): Denoiser {
  const { toX0, toEpsilon } = predictions[type];
  return { predict, toX0, toEpsilon };
}

/** The steps of one run, in order. A strength takes the end of a plan (`planForStrength`). */
export interface SamplingPlan {
  readonly schedule: NoiseSchedule;
  /** The number of steps asked for, before a strength took the end of the plan: it sets the spacing. */
  readonly steps: number;
  /** What the network is told at each evaluation, descending; fractions where the method has them. */
  readonly timesteps: Float64Array;
  /** The ratio of noise to signal at each evaluation, and at the end one more: where the last step arrives. */
  readonly sigmas: Float64Array;
}

/** What a sampler yields after each step. */
export interface SamplerStep {
  /** The timestep just executed. */
  readonly timestep: number;
  /** The latent after it, in a fresh array; Euler's is in units of z0 + sigma eps until sigma reaches 0 at the end. */
  readonly latent: Float32Array;
}

/** Options of a sampler's run. */
export interface SampleOptions {
  /** Number of equally long rows (B) in the latent, by which errors name the row; 1 unless given. */
  readonly batch?: number;
}

/** One sampling method with its settings. */
export interface Sampler {
  /** All steps of a run from pure noise. Throws UsageError when the schedule does not hold that many steps. */
  readonly plan: (schedule: NoiseSchedule, steps: number) => SamplingPlan;
  /** `z0` with noise on it, ready for the plan's first step (image to image). */
  readonly addNoise: (z0: Float32Array, noise: Float32Array, plan: SamplingPlan) => Float32Array;
  /** Unit noise scaled for the plan's first step (text to image). */
  readonly fromNoise: (noise: Float32Array, plan: SamplingPlan) => Float32Array;
  /** Takes the noise off `x`, step by step. Throws NonFiniteLatentError when a number turns NaN or infinite. */
  readonly sample: (
    denoiser: Denoiser,
    x: Float32Array,
    plan: SamplingPlan,
    options?: SampleOptions,
  ) => AsyncGenerator<SamplerStep, void, undefined>;
}
