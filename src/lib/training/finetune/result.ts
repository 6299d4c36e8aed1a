// The result of a finetuning: a LoRA file or a diffusers folder, and a record of its training.

import { join, resolve } from 'node:path';
import { sha256File } from '../../base/hash.js';
import { type FileHashes, hashFiles, writeSealedJson } from '../../base/sealed-json.js';
import type { Settings } from '../../base/settings.js';
import type { LoadModelOptions, Model } from '../../models/model.js';
import type { Weights } from '../loop/adamw.js';
import { writeLora } from '../write/lora.js';
import { writePipeline, writeTrainedUNet } from '../write/pipeline.js';
import { replaceFolder, storedIterations, type TrainingRecord } from './folder.js';
import type { TrainingItem } from './items.js';
import type { TrainedWeights } from './trained-weights.js';

/** The result of a finetuning. */
export interface FinetuneResult extends StoredResult {
  /**
   * Opens the trained model with the engine, device, LoRA files, embeddings and other options of the base model. The caller disposes
   * of it.
   *
   * @param engine options of `loadModel` to override
   */
  model(engine?: Pick<LoadModelOptions, 'engine' | 'device' | 'strict' | 'threads' | 'onWarning'>): Promise<Model>;
}

/** The content of `result.json`, where paths are relative to its folder. */
export interface StoredResult {
  /** Absolute path of its folder. */
  readonly out: string;
  /** The LoRA file, or the diffusers folder. */
  readonly result: string;
  readonly kind: 'lora' | 'diffusers';
  readonly iterations: number;
  /** Seconds of work, including interrupted processes. */
  readonly seconds: number;
  readonly items: readonly { frame: number; prompt: string; edited: boolean }[];
  /** One value per iteration. */
  readonly losses: readonly number[];
  readonly gradientNorms: readonly number[];
  readonly forgetting: readonly { iteration: number; value: number }[];
  /** Iterations stored under `checkpoints/`. */
  readonly checkpoints: readonly number[];
  readonly settings: Readonly<Record<string, unknown>>;
}

const LORA = 'lora.safetensors';

/** Writes weights into the folder of a checkpoint: the LoRA file, or the UNet for diffusers. */
export async function writeCheckpointWeights(
  folder: string,
  model: Model,
  { adapters }: TrainedWeights,
  weights: Weights,
): Promise<void> {
  if (adapters.size > 0) await writeLora(join(folder, LORA), adapters, weights);
  else await writeTrainedUNet(join(folder, 'unet'), model.checkpoint, weights);
}

/** A finished training. */
interface FinishedTraining extends Pick<TrainedWeights, 'adapters'> {
  readonly weights: Weights;
  readonly items: readonly TrainingItem[];
  readonly record: TrainingRecord;
  readonly settings: Settings;
}

/** Writes the result into the folder of a finetuning, replacing an earlier one. */
export async function writeFinetuneResult(
  out: string,
  model: Model,
  { adapters, weights, items, record, settings }: FinishedTraining,
): Promise<StoredResult> {
  const folder = resolve(out);
  const isLora = adapters.size > 0;
  const name = isLora ? LORA : 'model';
  if (isLora) await writeLora(join(folder, name), adapters, weights);
  else await replaceFolder(join(folder, name), (inside) => writePipeline(inside, model.checkpoint, weights));
  const { losses, gradientNorms, seconds, forgetting } = record;
  const result: Omit<StoredResult, 'out'> = {
    result: name,
    kind: isLora ? 'lora' : 'diffusers',
    iterations: losses.length,
    seconds,
    items: items.map(({ frame, prompt, edit }) => ({ frame, prompt, edited: edit !== null })),
    ...{ losses, gradientNorms, forgetting },
    checkpoints: await storedIterations(folder),
    settings,
  };
  const files = isLora ? { [name]: await sha256File(join(folder, name)) } : await modelHashes(folder, name);
  await writeSealedJson(join(folder, 'result.json'), { ...result, files });
  return { out: folder, ...result, result: join(folder, name) };
}

/** Hashes of a model's files, by paths relative to its parent folder. */
async function modelHashes(folder: string, name: string): Promise<FileHashes> {
  const inside = await hashFiles(join(folder, name));
  return Object.fromEntries(Object.entries(inside).map(([path, hash]) => [`${name}/${path}`, hash]));
}
