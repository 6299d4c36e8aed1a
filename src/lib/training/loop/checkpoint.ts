// The state of a training on disk: weights, optimizer and averages in one file that is complete or absent.

import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolder } from '../../base/atomic-folder.js';
import { DamageError, UsageError } from '../../base/errors.js';
import { canonicalJson } from '../../base/hash.js';
import { assertSameSettings, type Settings } from '../../base/settings.js';
import { openForReading } from '../../tensor/read-slices.js';
import { readSafetensors, readSafetensorsHeader, writeSafetensors } from '../../tensor/safetensors.js';
import type { Tensor } from '../../tensor/tensor.js';
import type { AdamWState, Weights } from './adamw.js';

/** The complete state for the next iteration. */
export interface TrainingState {
  /** Number of finished iterations. */
  iteration: number;
  readonly weights: Weights;
  readonly optimizer: AdamWState;
  /** Exponential moving average of the weights; null if none is kept. */
  readonly average: Weights | null;
}

/** Groups of tensors in every state. */
const GROUPS = ['weights', 'mean', 'square'];

/** File name of the state. */
export const STATE = 'state.safetensors';

/** Writes the state; an earlier one stays until the new one is complete. */
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
  const metadata = {
    iteration: String(state.iteration),
    updates: String(state.optimizer.step),
    settings: canonicalJson(settings),
  };
  await writeSafetensors(join(folder, STATE), tensors, { ...metadata, checksum: checksumOf(metadata, tensors) });
}

/**
 * Reads the state of the weights `names` that `saveTrainingState` wrote; null if there is none.
 *
 * @throws UsageError listing the differences when it has other settings; DamageError when it is damaged
 */
export async function loadTrainingState(
  folder: string,
  names: readonly string[],
  settings: Settings,
): Promise<TrainingState | null> {
  const path = join(folder, STATE);
  if (!existsSync(path)) return null;
  const { metadata, tensors } = await readState(path);
  const { iteration, updates, settings: before } = progressIn(metadata, path);
  assertSameSettings(folder, before, settings);
  const missing = names.find((name) => GROUPS.some((prefix) => !(`${prefix}/${name}` in tensors)));
  if (missing !== undefined) throw new DamageError(`${path}: is damaged (it lacks the weights ${missing})`);
  // In the order of `names`, not the file's: the last bits of sums over all weights depend on it.
  const group = (prefix: string): Weights =>
    new Map(names.map((name) => [name, tensors[`${prefix}/${name}`] as Tensor<'float32'>]));
  return {
    iteration,
    weights: group('weights'),
    optimizer: { step: updates, mean: group('mean'), square: group('square') },
    average: `average/${names[0]}` in tensors ? group('average') : null,
  };
}

/**
 * Reads a state and verifies its checksum.
 *
 * @returns whether it has a checksum, which states of earlier versions lack
 * @throws DamageError when it is damaged
 */
export async function verifyTrainingState(path: string): Promise<boolean> {
  return (await readState(path)).metadata.checksum !== undefined;
}

async function readState(path: string): Promise<{ metadata: Record<string, string>; tensors: Record<string, Tensor> }> {
  let metadata: Record<string, string>;
  let tensors: Record<string, Tensor>;
  await (await openForReading(path)).close();
  try {
    ({ metadata } = await readSafetensorsHeader(path));
    tensors = await readSafetensors(path);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new DamageError(error.message, { cause: error });
  }
  const { checksum, ...rest } = metadata;
  const found = checksumOf(rest, tensors);
  if (checksum !== undefined && checksum !== found) {
    throw new DamageError(
      `${path}: is damaged (the SHA-256 of its content is ${found.slice(0, 16)}..., expected ${checksum.slice(0, 16)}...)`,
    );
  }
  return { metadata, tensors };
}

/** The progress and settings of a state. Throws DamageError if its metadata lack them. */
function progressIn(
  metadata: Readonly<Record<string, string>>,
  path: string,
): { iteration: number; updates: number; settings: Settings } {
  const [iteration, updates] = [Number(metadata.iteration), Number(metadata.updates)];
  let settings: unknown;
  try {
    settings = JSON.parse(metadata.settings);
  } catch {
    settings = undefined;
  }
  const whole = [iteration, updates].every((count) => Number.isSafeInteger(count) && count >= 0);
  if (whole && typeof settings === 'object' && settings !== null) {
    return { iteration, updates, settings: settings as Settings };
  }
  throw new DamageError(`${path}: is damaged (its metadata does not say how far the training was)`);
}

/** SHA-256 of the whole state. */
function checksumOf(metadata: Readonly<Record<string, string>>, tensors: Readonly<Record<string, Tensor>>): string {
  const hash = createHash('sha256').update(canonicalJson(metadata));
  for (const name of Object.keys(tensors).sort()) {
    const { dtype, shape, data } = tensors[name];
    hash.update(`${name} ${dtype} ${shape.join('x')} `);
    hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return hash.digest('hex');
}
