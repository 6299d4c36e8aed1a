// The training objective of a denoising network: the weighted mean squared difference between its output and a target.

import type { NoiseLevel } from '../../diffusion/noise-schedule.js';
import { epsilonFromX0, noised, type PredictionType, predictions } from '../../diffusion/prediction.js';
import { ops as g } from '../../graph/ops.js';
import type { Node } from '../../graph/types.js';

/** Limit of the signal-to-noise ratio in min-SNR weights (Hang et al. 2023). */
const SNR_LIMIT = 5;

/** One item at one noise level: the network's input, its target and its weight. */
export interface TrainingTarget {
  readonly x: Float32Array;
  readonly target: Float32Array;
  readonly weight: number;
}

/** The latents of a paired item, all of one length. */
export interface PairedLatents {
  readonly original: Float32Array;
  readonly edited: Float32Array;
  readonly noise: Float32Array;
}

/** mean over the batch of weight (output - target)^2, with weights [B]. */
export function weightedLoss(output: Node, target: Node, weights: Node): Node {
  const difference = g.subtract(output, target);
  const perItem = g.reshape(weights, [output.shape[0], ...output.shape.slice(1).map(() => 1)]);
  return g.mean(g.multiply(perItem, g.multiply(difference, difference)));
}

/** The weight that makes a loss min(SNR, 5) times that of x0, SNR = (signal / noise)^2 (Hang et al. 2023). */
export function minSnrWeight(type: PredictionType, level: NoiseLevel): number {
  const snr = (level.signal / level.noise) ** 2;
  if (type === 'epsilon' && snr === 0) return 1; // the limit of snr / snr
  return Math.min(snr, SNR_LIMIT) / (type === 'epsilon' ? snr : snr + 1);
}

/** An unconditional item, or one whose picture is its own target: x = signal z + noise eps, weight 1. */
export function plainTarget(
  type: PredictionType,
  z: Float32Array,
  noise: Float32Array,
  level: NoiseLevel,
): TrainingTarget {
  return { x: noised(z, noise, level), target: predictions[type].target(z, noise, level), weight: 1 };
}

/**
 * A paired item of `noised-original`: x is the noised original, the target leads from there to the edit.
 *
 * eps* = (x - signal z_edit) / noise; the weight min(SNR, 5) / SNR for epsilon and min(SNR, 5) / (SNR + 1) for v bounds a
 * loss that would diverge as the noise goes to 0.
 */
export function pairedTarget(
  type: PredictionType,
  { original, edited, noise }: PairedLatents,
  level: NoiseLevel,
): TrainingTarget {
  const x = noised(original, noise, level);
  return {
    x,
    target: predictions[type].target(edited, epsilonFromX0(edited, x, level), level),
    weight: minSnrWeight(type, level),
  };
}

/**
 * A paired item of `rendering-path`: a rendering that starts from the noised original at the level `start` and follows eps*
 * of that start is at x = signal z_edit + noise eps* at every later level. Bounded, weight 1.
 */
export function pathTarget(
  type: PredictionType,
  { original, edited, noise }: PairedLatents,
  start: NoiseLevel,
  level: NoiseLevel,
): TrainingTarget {
  const epsilon = epsilonFromX0(edited, noised(original, noise, start), start);
  return plainTarget(type, edited, epsilon, level);
}
