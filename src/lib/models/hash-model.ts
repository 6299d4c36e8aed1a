// Which weights a model has, by their content: what results are told apart by.

import { basename, resolve } from 'node:path';
import { given } from '../base/given.js';
import { sha256File, sha256Json } from '../base/hash.js';
import type { OnProgress } from '../base/progress.js';
import type { RunInput } from '../tracking/run-record.js';
import type { Model } from './model.js';

/** Hashes of a model's files. */
export interface ModelHashes {
  /** SHA-256 of each file of the checkpoint, in order. */
  readonly model: readonly string[];
  /** Of each low-rank update that is applied, with its scale. */
  readonly loras: readonly { readonly sha256: string; readonly scale: number }[];
  /** What the UNet is said to predict; absent where the files say it. */
  readonly prediction?: string;
}

/** Reads all files of a model and hashes them. */
export async function hashModel(
  { checkpoint, loras }: Model,
  { onProgress, signal }: { onProgress?: OnProgress | undefined; signal?: AbortSignal | undefined } = {},
): Promise<ModelHashes> {
  const files = new Set([...checkpoint.files, ...loras.map(({ file }) => file)]);
  const hashes = new Map<string, string>();
  for (const file of files) {
    signal?.throwIfAborted();
    onProgress?.({ done: hashes.size, total: files.size, label: 'reading the model' });
    hashes.set(file, await sha256File(file));
  }
  onProgress?.({ done: files.size, total: files.size, label: 'reading the model' });
  return {
    model: checkpoint.files.map((file) => hashes.get(file)!).sort(),
    loras: loras.map(({ file, scale = 1 }) => ({ sha256: hashes.get(file)!, scale })),
    ...(checkpoint.options.prediction !== undefined && { prediction: checkpoint.predictionType }),
  };
}

/** A model and its low-rank updates as files that a run reads. */
export function modelInputs({ path, loras }: Model, hashes: ModelHashes): RunInput[] {
  const input = (kind: RunInput['kind'], file: string, sha256: string): RunInput => ({
    ...{ kind, name: basename(file), sha256 },
    path: resolve(file),
  });
  return [
    input('model', path, sha256Json(hashes.model)),
    ...loras.map(({ file }, i) => input('adapter', file, hashes.loras[i].sha256)),
  ];
}

/** What was chosen of a model beside its path, as parameters of a run: autoencoder, prediction, variant. */
export function chosenParts({ checkpoint }: Model): Record<string, string> {
  const { vae, prediction, variant } = checkpoint.options;
  return given({
    vae: vae === undefined ? undefined : basename(vae),
    prediction: prediction === undefined ? undefined : checkpoint.predictionType,
    variant,
  });
}
