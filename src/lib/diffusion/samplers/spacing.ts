// How a run's steps are spread over the training timesteps, as NumPy and diffusers spread them.

import { assertInteger } from '../../base/assert.js';
import { levelAt, type NoiseSchedule } from '../noise-schedule.js';
import type { SamplingPlan } from './sampler.js';

/**
 * Checks a number of steps.
 *
 * @throws UsageError when it is not an integer from 1 to one less than the training timesteps
 */
export function requireSteps(schedule: NoiseSchedule, steps: number): void {
  assertInteger('steps: the number', steps, 1, schedule.alphasCumprod.length - 1);
}

/** The distance between two timesteps in leading spacing: floor(T / steps). */
export function strideOf(schedule: NoiseSchedule, steps: number): number {
  return Math.floor(schedule.alphasCumprod.length / steps);
}

/** Timesteps in leading spacing with offset 1, descending: 1 + i stride. */
export function leadingTimesteps(schedule: NoiseSchedule, steps: number): number[] {
  const stride = strideOf(schedule, steps);
  return Array.from({ length: steps }, (_, i) => 1 + (steps - 1 - i) * stride);
}

/** A plan over whole timesteps of the training process that ends at timestep 0's level. */
export function planOverTimesteps(schedule: NoiseSchedule, steps: number, timesteps: readonly number[]): SamplingPlan {
  const sigmas = [...timesteps, 0].map((timestep) => {
    const { signal, noise } = levelAt(schedule, timestep);
    return noise / signal;
  });
  return { schedule, steps, timesteps: Float64Array.from(timesteps), sigmas: Float64Array.from(sigmas) };
}

/** A plan over sigmas that ends without noise; sigmas are kept in single precision, as PyTorch keeps them. */
export function planOverSigmas(
  schedule: NoiseSchedule,
  steps: number,
  timesteps: ArrayLike<number>,
  sigmas: readonly number[],
): SamplingPlan {
  return {
    schedule,
    steps,
    timesteps: Float64Array.from(timesteps),
    sigmas: Float64Array.from([...sigmas, 0], Math.fround),
  };
}

/** `count` numbers from `start` to `end`, both included: `numpy.linspace`. */
export function linspace(start: number, end: number, count: number): number[] {
  const step = (end - start) / (count - 1);
  return Array.from({ length: count }, (_, i) => (i > 0 && i === count - 1 ? end : i > 0 ? i * step + start : start));
}

/** The nearest integer, halves to the even one: `numpy.round`. */
export function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest !== 0.5) return rest < 0.5 ? floor : floor + 1;
  return floor % 2 === 0 ? floor : floor + 1;
}

/** The value of a table at a position that may lie between two entries: `numpy.interp`. */
export function interpolate(table: Float32Array, position: number): number {
  const low = Math.floor(position);
  if (low >= table.length - 1) return table[table.length - 1];
  return (table[low + 1] - table[low]) * (position - low) + table[low];
}
