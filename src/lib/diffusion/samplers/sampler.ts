// The interface of samplers: a plan of timesteps, a function that adds noise to a latent, and a generator that denoises it.

import type { NoiseLevel, NoiseSchedule } from '../noise-schedule.js';
import { type PredictionType, predictions } from '../prediction.js';

/**
 * A network for samplers, which hides whether it predicts epsilon or v. Latents are B*C*h*w numbers; all rows of a batch are
 * at the same timestep.
 */
export interface Denoiser {
  /** The network's output under guidance for a latent of unit variance, in a new array, which samplers keep. */
  readonly predict: (x: Float32Array, timestep: number) => Promise<Float32Array>;
  /** The clean latent of an output with input `x`. */
  readonly toX0: (output: Float32Array, x: Float32Array, level: NoiseLevel) => Float32Array;
  /** The noise of an output with input `x`. */
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
  /** The number of steps before a strength cut the plan, which sets the spacing. */
  readonly steps: number;
  /** The timestep of each evaluation, descending; fractional for some methods. */
  readonly timesteps: Float64Array;
  /** The ratio of noise to signal at each evaluation, and after the last step. */
  readonly sigmas: Float64Array;
}

/** The state after each step. */
export interface SamplerStep {
  /** The timestep just executed. */
  readonly timestep: number;
  /** The latent after it, in a new array; Euler's is in units of z0 + sigma eps until sigma reaches 0 at the end. */
  readonly latent: Float32Array;
}

/** What a plan is made for: `steps` of a full run, of which `strength` executes the last part. */
export interface Run {
  readonly steps: number;
  readonly strength: number;
}

/** The noise that a sampler adds after a step, by the step's index: as many numbers as the latent has. */
export type StepNoise = (step: number) => Float32Array;

/** Options of a sampler's run. */
export interface SampleOptions {
  /** Noise of the samplers that draw it between steps. */
  readonly stepNoise?: StepNoise;
  /** Share of each step of `tcd` that is noised anew; 0 by default. */
  readonly eta?: number;
  /** Number of rows (B) of equal length in the latent, for errors; 1 by default. */
  readonly batch?: number;
}

/** A sampling method. */
export interface Sampler {
  /** All steps of a run from pure noise. Throws UsageError when the schedule does not hold that many steps. */
  readonly plan: (schedule: NoiseSchedule, steps: number) => SamplingPlan;
  /** The steps at a strength, where they are not the last ones of a whole run. */
  readonly planAt?: (schedule: NoiseSchedule, run: Run) => SamplingPlan;
  /** `z0` with noise for the plan's first step (image to image). */
  readonly addNoise: (z0: Float32Array, noise: Float32Array, plan: SamplingPlan) => Float32Array;
  /** Unit noise scaled for the plan's first step (text to image). */
  readonly fromNoise: (noise: Float32Array, plan: SamplingPlan) => Float32Array;
  /** Denoises `x` and yields each step. Throws NonFiniteLatentError when a number turns NaN or infinite. */
  readonly sample: (
    denoiser: Denoiser,
    x: Float32Array,
    plan: SamplingPlan,
    options?: SampleOptions,
  ) => AsyncGenerator<SamplerStep, void, undefined>;
}
