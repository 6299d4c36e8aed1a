// The state of a training on the disk: weights, optimizer and averages in one file that is whole or absent.

import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { writeError } from '../base/atomic-file.js';
import { UsageError } from '../base/errors.js';
import { canonicalJson } from '../base/hash.js';
import { readSafetensors, readSafetensorsHeader, writeSafetensors } from '../tensor/safetensors.js';
import type { Tensor } from '../tensor/tensor.js';
import type { AdamWState, Weights } from './adamw.js';

/** Everything that the next iteration depends on. */
export interface TrainingState {
  /** Iterations that are done. */
  iteration: number;
  readonly weights: Weights;
  readonly optimizer: AdamWState;
  /** Exponential moving average of the weights, where one is kept. */
  readonly average: Weights | null;
}

/** What must not change on a resume: it decides the bits of the result. */
export type TrainingSettings = Readonly<Record<string, unknown>>;

const STATE = 'state.safetensors';

/** Writes the state; an earlier one stays until the new one is whole. */
export async function saveTrainingState(
  folder: string,
  state: TrainingState,
  settings: TrainingSettings,
): Promise<void> {
  const tensors: Record<string, Tensor> = {};
  const put = (group: string, weights: Weights): void => {
    for (const [name, value] of weights) tensors[`${group}/${name}`] = value;
  };
  put('weights', state.weights);
  put('mean', state.optimizer.mean);
  put('square', state.optimizer.square);
  if (state.average) put('average', state.average);
  try {
    await mkdir(folder, { recursive: true });
  } catch (error) {
    throw writeError(folder, error);
  }
  await writeSafetensors(join(folder, STATE), tensors, {
    iteration: String(state.iteration),
    updates: String(state.optimizer.step),
    settings: canonicalJson(settings),
  });
}

/**
 * Reads the state that `saveTrainingState` wrote; null where there is none.
 *
 * @throws UsageError listing the differences when it was made with other settings
 */
export async function loadTrainingState(folder: string, settings: TrainingSettings): Promise<TrainingState | null> {
  const path = join(folder, STATE);
  if (!existsSync(path)) return null;
  const { metadata } = await readSafetensorsHeader(path);
  refuseOtherSettings(folder, JSON.parse(metadata.settings), settings);
  const tensors = await readSafetensors(path);
  const group = (prefix: string): Weights =>
    new Map(
      Object.entries(tensors)
        .filter(([name]) => name.startsWith(`${prefix}/`))
        .map(([name, value]) => [name.slice(prefix.length + 1), value as Tensor<'float32'>]),
    );
  const average = group('average');
  return {
    iteration: Number(metadata.iteration),
    weights: group('weights'),
    optimizer: { step: Number(metadata.updates), mean: group('mean'), square: group('square') },
    average: average.size > 0 ? average : null,
  };
}

function refuseOtherSettings(folder: string, before: TrainingSettings, now: TrainingSettings): void {
  const text = (value: unknown): string => (value === undefined ? 'nothing' : canonicalJson(value));
  const keys = [...new Set([...Object.keys(before), ...Object.keys(now)])].sort();
  const differences = keys
    .filter((key) => text(before[key]) !== text(now[key]))
    .map((key) => `${key}: ${text(before[key])} before, ${text(now[key])} now`);
  if (differences.length > 0) {
    throw new UsageError(
      `${folder}: training cannot go on with other settings (${differences.join('; ')}); use the same ones, or another folder`,
    );
  }
}
