// The state of a training on the disk: weights, optimizer and averages in one file that is whole or absent.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolder } from '../base/atomic-folder.js';
import { canonicalJson } from '../base/hash.js';
import { assertSameSettings, type Settings } from '../base/settings.js';
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

const STATE = 'state.safetensors';

/** Writes the state; an earlier one stays until the new one is whole. */
export async function saveTrainingState(folder: string, state: TrainingState, settings: Settings): Promise<void> {
  const tensors: Record<string, Tensor> = {};
  const put = (group: string, weights: Weights): void => {
    for (const [name, value] of weights) tensors[`${group}/${name}`] = value;
  };
  put('weights', state.weights);
  put('mean', state.optimizer.mean);
  put('square', state.optimizer.square);
  if (state.average) put('average', state.average);
  await makeFolder(folder);
  await writeSafetensors(join(folder, STATE), tensors, {
    iteration: String(state.iteration),
    updates: String(state.optimizer.step),
    settings: canonicalJson(settings),
  });
}

/**
 * Reads the state of the weights `names` that `saveTrainingState` wrote; null where there is none.
 *
 * @throws UsageError listing the differences when it was made with other settings
 */
export async function loadTrainingState(
  folder: string,
  names: readonly string[],
  settings: Settings,
): Promise<TrainingState | null> {
  const path = join(folder, STATE);
  if (!existsSync(path)) return null;
  const { metadata } = await readSafetensorsHeader(path);
  assertSameSettings(folder, JSON.parse(metadata.settings), settings);
  const tensors = await readSafetensors(path);
  // In the order of `names`, not the file's: sums over all weights depend on it in their last bits.
  const group = (prefix: string): Weights =>
    new Map(names.map((name) => [name, tensors[`${prefix}/${name}`] as Tensor<'float32'>]));
  return {
    iteration: Number(metadata.iteration),
    weights: group('weights'),
    optimizer: { step: Number(metadata.updates), mean: group('mean'), square: group('square') },
    average: `average/${names[0]}` in tensors ? group('average') : null,
  };
}
