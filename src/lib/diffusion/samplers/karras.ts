// The spacing of sigmas of "Elucidating the Design Space" [Karras et al. 2022, equation 5], rho 7.

import type { NoiseSchedule } from '../noise-schedule.js';
import { linspace } from './spacing.js';

const RHO = 7;

/** `count` sigmas from `largest` to `smallest`, evenly spaced in sigma^(1/7). */
export function karrasSigmas(largest: number, smallest: number, count: number): number[] {
  const start = largest ** (1 / RHO);
  const end = smallest ** (1 / RHO);
  return linspace(0, 1, count).map((ramp) => (start + ramp * (end - start)) ** RHO);
}

/** The fractional timestep at which the schedule has this sigma: linear in log sigma between whole timesteps. */
export function timestepOfSigma(schedule: NoiseSchedule, sigma: number): number {
  const { sigmas } = schedule;
  let low = 0;
  let high = sigmas.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (logOf(sigmas[middle]) <= Math.log(sigma)) low = middle;
    else high = middle;
  }
  const from = logOf(sigmas[low]);
  const to = logOf(sigmas[low + 1]);
  const share = Math.min(1, Math.max(0, (from - Math.log(sigma)) / (from - to)));
  return (1 - share) * low + share * (low + 1);
}

// The reference has the table's logarithms in single precision, which affects rounded timesteps (dpmpp-2m-karras).
const logOf = (sigma: number) => Math.fround(Math.log(sigma));
