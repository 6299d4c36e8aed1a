// The inputs of one update of a denoising UNet: items, timesteps and noise, as a pure function of the draw's index and the
// seed.

import { UsageError } from '../../base/errors.js';
import { seedOf } from '../../base/hash.js';
import { createGenerator } from '../../base/random.js';
import { mixedNoise } from '../../consistency/warped-noise.js';
import { levelAt, type NoiseSchedule } from '../../diffusion/noise-schedule.js';
import type { PredictionType } from '../../diffusion/prediction.js';
import type { OBJECTIVES, WEIGHTINGS } from '../../settings/table.js';
import { sizeOf, type Tensor, tensor } from '../../tensor/tensor.js';
import { describeItem, itemOfDraw, type TrainingItem } from '../finetune/items.js';
import { minSnrWeight, pairedTarget, pathTarget, plainTarget, type TrainingTarget } from './objective.js';

/**
 * Training objective of a paired item. `noised-original` (the published one): the input is the noised original, the target
 * leads to the edit. `rendering-path`: the input is the latent of a rendering that started from the noised original and
 * followed such a target.
 *
 * @inline
 */
export type Objective = (typeof OBJECTIVES)[number];

/**
 * Weight of an item. `min-snr-paired`: min(SNR, 5) / SNR (epsilon) or min(SNR, 5) / (SNR + 1) (v) for edited items under
 * `noised-original`, whose loss would diverge as the noise goes to 0, and 1 for all others. `min-snr`: that weight for every
 * item (Hang et al. 2023). `none`: 1.
 *
 * @inline
 */
export type Weighting = (typeof WEIGHTINGS)[number];

/**
 * A range of timesteps; `to` is excluded.
 *
 * @inline
 */
export type TimestepRange = readonly [from: number, to: number];

/** An item with its latents [C, h, w] (scaled) and its prompt's context [T, D]. */
export interface EncodedItem extends TrainingItem {
  readonly original: Float32Array;
  /** The edit's latent; null for an unconditional item. */
  readonly edited: Float32Array | null;
  readonly context: Float32Array;
  /** Noise to mix with that of each draw; none by default. */
  readonly noise?: Float32Array;
}

/** Settings of batches. */
export interface BatchOptions {
  readonly items: readonly EncodedItem[];
  readonly schedule: NoiseSchedule;
  readonly predictionType: PredictionType;
  readonly objective: Objective;
  readonly weighting: Weighting;
  readonly timestepRange: TimestepRange;
  /** Timesteps at which paths of `rendering-path` start. */
  readonly startRange: TimestepRange;
  readonly seed: number;
  /** [C, h, w] and [T, D]. */
  readonly latentShape: readonly number[];
  readonly contextShape: readonly number[];
}

/** A draw: a noised item at a timestep; `start` is the start of its path, for an edited item of `rendering-path`. */
export interface Draw extends TrainingTarget {
  readonly item: EncodedItem;
  readonly timestep: number;
  readonly start: number | null;
  readonly noise: Float32Array;
}

/** A row of a batch. */
export interface BatchRow extends TrainingTarget {
  readonly timestep: number;
  readonly context: Float32Array;
}

/**
 * Checks the ranges of timesteps against the schedule.
 *
 * @throws UsageError when one is empty or outside
 */
export function checkRanges({
  schedule,
  timestepRange,
  startRange,
  objective,
}: Pick<BatchOptions, 'schedule' | 'timestepRange' | 'startRange' | 'objective'>): void {
  const last = schedule.alphasCumprod.length;
  const check = (name: string, [from, to]: TimestepRange, least: number): void => {
    if (Number.isInteger(from) && Number.isInteger(to) && from >= least && from < to && to <= last) return;
    throw new UsageError(
      `${name}: ${from} to ${to} is no range of whole timesteps from ${least} on and up to ${last}; 0 to 500 is usual`,
    );
  };
  check('timestep range', timestepRange, 0);
  if (objective === 'rendering-path') check('start range', startRange, timestepRange[0]);
}

/** The draw at `index`: its item, timestep, noise and training target. */
export function drawOf(index: number, options: BatchOptions): Draw {
  const { items, schedule, predictionType: type, timestepRange, startRange, seed } = options;
  const item = items[itemOfDraw(items.length, index, seed)];
  const generator = createGenerator(seedOf(`${seed} draw ${index}`));
  const between = (from: number, to: number): number => from + generator.integer(to - from);
  const onPath = item.edited !== null && options.objective === 'rendering-path';
  const start = onPath ? between(...startRange) : null;
  const timestep = start === null ? between(...timestepRange) : between(timestepRange[0], start + 1);
  const level = levelAt(schedule, timestep);
  const fresh = generator.randn(item.original.length);
  // Any share, as in Go-with-the-Flow: the network learns what each noise becomes, not one noise by heart.
  const noise = item.noise ? mixedNoise(item.noise, fresh, generator.uniform()) : fresh;
  const target =
    item.edited === null
      ? plainTarget(type, item.original, noise, level)
      : start === null
        ? pairedTarget(type, { original: item.original, edited: item.edited, noise }, level)
        : pathTarget(type, { original: item.original, edited: item.edited, noise }, levelAt(schedule, start), level);
  const weights = { 'min-snr-paired': target.weight, 'min-snr': minSnrWeight(type, level), none: 1 };
  return { ...target, weight: weights[options.weighting], item, timestep, start, noise };
}

/** A draw's name in errors. */
export function describeDraw({ item, timestep }: Draw): string {
  return `${describeItem(item)} at timestep ${timestep}`;
}

/** Rows as the inputs of a denoising program. */
export function batchInputs(
  rows: readonly BatchRow[],
  latentShape: readonly number[],
  contextShape: readonly number[],
): Record<string, Tensor<'float32'>> {
  return { ...targetInputs(rows, latentShape), context: stack(rows, contextShape, ({ context }) => context) };
}

/** The same without contexts, for a network that computes them itself. */
export function targetInputs(
  rows: readonly Omit<BatchRow, 'context'>[],
  latentShape: readonly number[],
): Record<string, Tensor<'float32'>> {
  return {
    sample: stack(rows, latentShape, ({ x }) => x),
    target: stack(rows, latentShape, ({ target }) => target),
    timesteps: stack(rows, [], ({ timestep }) => [timestep]),
    weights: stack(rows, [], ({ weight }) => [weight]),
  };
}

function stack<Row>(
  rows: readonly Row[],
  shape: readonly number[],
  part: (row: Row) => ArrayLike<number>,
): Tensor<'float32'> {
  const size = sizeOf(shape);
  const data = new Float32Array(rows.length * size);
  rows.forEach((row, i) => {
    data.set(part(row), i * size);
  });
  return tensor('float32', [rows.length, ...shape], data);
}
