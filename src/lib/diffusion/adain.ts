// Adaptive instance normalisation of predicted clean latents [Huang and Belongie 2017; Yang et al. 2023, Rerender A Video,
// section 4.2]: each channel's mean and deviation follow those of the first frame at the same step, so that colours do not
// pulse.

import { levelOfSigma } from './noise-schedule.js';
import { epsilonFromX0, type PredictionType, predictions } from './prediction.js';
import type { Denoiser, SamplingPlan } from './samplers/sampler.js';

/** Bounds of the factor by which a channel's deviation changes: a new object in the picture may change it by more. */
const SCALE = { least: 0.8, most: 1.25 } as const;

/** Rows of a shot; the last one is excluded. */
export interface Shot {
  readonly first: number;
  readonly end: number;
}

/** The number of steps, the last ones of those executed, that a share of them makes; at least 1 if the share is above 0. */
export function adainSteps(executed: number, share: number): number {
  return share > 0 ? Math.max(1, Math.round(share * executed)) : 0;
}

/**
 * z0' = (z0 - mean) s + mean of the shot's first row, with s = that row's deviation / deviation in [0.8, 1.25], in each channel
 * of each row. First rows stay as they are.
 *
 * @param shape [B, C, h, w]
 */
export function towardsFirstRow(
  x0: Float32Array,
  [rows, channels, height, width]: readonly number[],
  shots: readonly Shot[] = [{ first: 0, end: rows }],
): Float32Array {
  const cells = height * width;
  const channel = (values: Float32Array, row: number, c: number): Float32Array =>
    values.subarray((row * channels + c) * cells, (row * channels + c + 1) * cells);
  const result = x0.slice();
  for (const { first, end } of shots) {
    for (let c = 0; c < channels; c++) {
      const wanted = moments(channel(x0, first, c));
      for (let row = first + 1; row < end; row++) {
        const values = channel(result, row, c);
        const own = moments(values);
        const ratio = own.deviation > 0 ? wanted.deviation / own.deviation : 1;
        const scale = Math.min(SCALE.most, Math.max(SCALE.least, ratio));
        for (let i = 0; i < cells; i++) values[i] = (values[i] - own.mean) * scale + wanted.mean;
      }
    }
  }
  return result;
}

/** The rows of a run, all of one shot by default, and its steps. */
export interface AdainRows {
  readonly plan: SamplingPlan;
  readonly shape: readonly number[];
  readonly shots?: readonly Shot[];
}

/**
 * Predictions whose clean latents follow the first row's in the last steps of a plan. The noise changes with the clean latent,
 * x = signal z0' + noise eps', so that every sampler sees one consistent prediction.
 *
 * @param share of the steps; 0 returns `predict`
 */
export function adainPrediction(
  predict: Denoiser['predict'],
  type: PredictionType,
  { plan, shape, shots = [{ first: 0, end: shape[0] }] }: AdainRows,
  share: number,
): Denoiser['predict'] {
  if (share === 0) return predict;
  const { toX0, target } = predictions[type];
  const first = plan.timesteps.length - adainSteps(plan.timesteps.length, share);
  // Samplers evaluate each entry of a plan once, in order; timesteps may repeat.
  let next = 0;
  return async (x, timestep) => {
    const index = next++;
    const output = await predict(x, timestep);
    if (index < first) return output;
    const level = levelOfSigma(plan.sigmas[index]);
    const x0 = towardsFirstRow(toX0(output, x, level), shape, shots);
    const moved = target(x0, epsilonFromX0(x0, x, level), level);
    const size = output.length / shape[0];
    for (const { first } of shots) moved.set(output.subarray(first * size, (first + 1) * size), first * size);
    return moved;
  };
}

function moments(values: Float32Array): { mean: number; deviation: number } {
  let sum = 0;
  for (const value of values) sum += value;
  const mean = sum / values.length;
  let squares = 0;
  for (const value of values) squares += (value - mean) ** 2;
  return { mean, deviation: Math.sqrt(squares / values.length) };
}
