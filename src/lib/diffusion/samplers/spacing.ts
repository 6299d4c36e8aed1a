// The spacing of a run's steps over the training timesteps, as in NumPy and diffusers.

import { assertInteger } from '../../base/assert.js';
import { UsageError } from '../../base/errors.js';
import type { TimestepSpacing } from '../../models/config/config.js';
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

/** The step length of ddim and pndm, and the distance of two timesteps in leading spacing: floor(T / steps). */
export function strideOf(schedule: NoiseSchedule, steps: number): number {
  return Math.floor(schedule.alphasCumprod.length / steps);
}

/** The spacing that the checkpoint's configuration states, else the sampler's own. */
export function spacingOf({ config }: NoiseSchedule, own: TimestepSpacing): TimestepSpacing {
  return config.spacing ?? own;
}

/**
 * Whole timesteps in leading spacing, descending: offset + i stride, from the `count`-th to the first.
 *
 * @param first the smallest i; 0 by default
 * @throws UsageError when the offset of the configuration exceeds the last training timestep
 */
export function leadingTimesteps(schedule: NoiseSchedule, count: number, stride: number, first = 0): number[] {
  const { stepsOffset = 1 } = schedule.config;
  const timesteps = Array.from({ length: count }, (_, i) => stepsOffset + (count - 1 - i + first) * stride);
  const last = schedule.alphasCumprod.length - 1;
  if (timesteps[0] > last) {
    throw new UsageError(
      `steps: ${count} of them with steps_offset ${stepsOffset} begin at timestep ${timesteps[0]}, beyond the last one, ${last}; take fewer steps, or correct steps_offset in scheduler_config.json`,
    );
  }
  return timesteps;
}

/** Whole timesteps in trailing spacing, descending from the last one: round(T - i T / steps) - 1, as in `numpy.arange`. */
export function trailingTimesteps(schedule: NoiseSchedule, steps: number): number[] {
  const all = schedule.alphasCumprod.length;
  const stride = all - all / steps - all;
  return Array.from({ length: steps }, (_, i) => roundHalfEven(all + i * stride) - 1);
}

/** The whole timesteps of ddim and pndm, descending: leading unless the configuration says otherwise. */
export function wholeTimesteps(schedule: NoiseSchedule, steps: number): number[] {
  requireSteps(schedule, steps);
  switch (spacingOf(schedule, 'leading')) {
    case 'leading':
      return leadingTimesteps(schedule, steps, strideOf(schedule, steps));
    case 'trailing':
      return trailingTimesteps(schedule, steps);
    case 'linspace':
      return linspace(0, schedule.alphasCumprod.length - 1, steps)
        .map(roundHalfEven)
        .reverse();
  }
}

/** A plan over whole timesteps of the training process that ends at the level before timestep 0. */
export function planOverTimesteps(schedule: NoiseSchedule, steps: number, timesteps: readonly number[]): SamplingPlan {
  const last = levelAt(schedule, -1);
  const sigmas = [...timesteps.map((timestep) => schedule.sigmas[timestep]), last.noise / last.signal];
  return { schedule, steps, timesteps: Float64Array.from(timesteps), sigmas: Float64Array.from(sigmas) };
}

/** A plan over sigmas that ends without noise; sigmas are in single precision, as in PyTorch. */
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

/** The value of a table at a fractional position: `numpy.interp`. */
export function interpolate(table: Float32Array, position: number): number {
  const low = Math.floor(position);
  if (low >= table.length - 1) return table[table.length - 1];
  return (table[low + 1] - table[low]) * (position - low) + table[low];
}
