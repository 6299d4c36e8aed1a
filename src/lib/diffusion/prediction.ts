// Prediction types and the conversions between them: epsilon (the noise), v (a velocity) and x0 (the clean latent).
// Samplers and the training objective share these formulas. Latents are B*C*h*w numbers of any shape.

import { assertSameLength } from '../base/assert.js';
import { UsageError } from '../base/errors.js';
import type { NoiseLevel } from './noise-schedule.js';

/** What the network predicts: the noise [Ho et al. 2020], or v = signal eps - noise z0 [Salimans and Ho 2022]. */
export type PredictionType = 'epsilon' | 'v_prediction';

/** The formulas of one prediction type. `x` is the noised latent that the output was predicted from, at `level`. */
export interface Prediction {
  /** The clean latent of an output. */
  readonly toX0: (output: Float32Array, x: Float32Array, level: NoiseLevel) => Float32Array;
  /** The noise of an output. */
  readonly toEpsilon: (output: Float32Array, x: Float32Array, level: NoiseLevel) => Float32Array;
  /** The correct output for `z0` noised with `noise`: the training target. */
  readonly target: (z0: Float32Array, noise: Float32Array, level: NoiseLevel) => Float32Array;
}

/** a p + b q, element by element, in double precision and rounded once. */
export function blend(a: number, p: Float32Array, b: number, q: Float32Array): Float32Array {
  assertSameLength('blend: the second latent', q.length, p.length);
  const result = new Float32Array(p.length);
  for (let i = 0; i < p.length; i++) result[i] = a * p[i] + b * q[i];
  return result;
}

/** x_t = signal z0 + noise eps. */
export function noised(z0: Float32Array, noise: Float32Array, level: NoiseLevel): Float32Array {
  return blend(level.signal, z0, level.noise, noise);
}

/**
 * z0 = (x_t - noise eps) / signal.
 *
 * @throws UsageError where there is no signal: the last timestep of a schedule with zero terminal SNR
 */
export function x0FromEpsilon(epsilon: Float32Array, x: Float32Array, level: NoiseLevel): Float32Array {
  if (level.signal === 0) {
    throw new UsageError(
      'prediction: the first timestep is noise alone (zero terminal SNR), of which epsilon says nothing; if the model predicts v, open it with the prediction v, else lower the strength',
    );
  }
  return blend(1 / level.signal, x, -level.noise / level.signal, epsilon);
}

/** eps = (x_t - signal z0) / noise; paired training items use it with the edited z0. */
export function epsilonFromX0(x0: Float32Array, x: Float32Array, level: NoiseLevel): Float32Array {
  return blend(1 / level.noise, x, -level.signal / level.noise, x0);
}

/** z0 = signal x_t - noise v. */
export function x0FromV(v: Float32Array, x: Float32Array, level: NoiseLevel): Float32Array {
  return blend(level.signal, x, -level.noise, v);
}

/** eps = signal v + noise x_t. */
export function epsilonFromV(v: Float32Array, x: Float32Array, level: NoiseLevel): Float32Array {
  return blend(level.signal, v, level.noise, x);
}

/** v = signal eps - noise z0. */
export function velocity(z0: Float32Array, noise: Float32Array, level: NoiseLevel): Float32Array {
  return blend(level.signal, noise, -level.noise, z0);
}

/** The formulas of every prediction type. */
export const predictions: Readonly<Record<PredictionType, Prediction>> = {
  epsilon: { toX0: x0FromEpsilon, toEpsilon: (output) => output, target: (_z0, noise) => noise },
  v_prediction: { toX0: x0FromV, toEpsilon: epsilonFromV, target: velocity },
};
