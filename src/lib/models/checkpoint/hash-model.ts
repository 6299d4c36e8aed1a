// Which weights a model has, by their content, and how it reads prompts: what results are told apart by.

import { basename, resolve } from 'node:path';
import { given } from '../../base/given.js';
import { sha256File, sha256Json } from '../../base/hash.js';
import type { OnProgress } from '../../base/progress.js';
import type { RunInput } from '../../tracking/stored/run-record.js';
import { hashLora, loraFiles } from '../lora/source.js';
import type { Model } from '../model.js';
import { embeddingFile } from '../text/textual-inversion.js';

/** Hashes of a model's files. */
export interface ModelHashes {
  /** SHA-256 of each file of the checkpoint, in order. */
  readonly model: readonly string[];
  /** Of each low-rank update that is applied, with its scale. */
  readonly loras: readonly { readonly sha256: string; readonly scale: number }[];
  /** What the UNet is said to predict; absent where the files say it. */
  readonly prediction?: string;
  /** Of each file of learned vectors, with its word; absent where there are none. */
  readonly embeddings?: readonly { readonly sha256: string; readonly word: string }[];
  /** Layers of the text encoder that are left out; absent where none are. */
  readonly clipSkip?: number;
}

/** Reads all files of a model and hashes them. */
export async function hashModel(
  { checkpoint, loras, embeddings, clipSkip }: Model,
  { onProgress, signal }: { onProgress?: OnProgress | undefined; signal?: AbortSignal | undefined } = {},
): Promise<ModelHashes> {
  const files = new Set([
    ...checkpoint.files,
    ...loras.flatMap(({ file }) => loraFiles(file)),
    ...embeddings.map(({ file }) => embeddingFile(file)),
  ]);
  const hashes = new Map<string, string>();
  for (const file of files) {
    signal?.throwIfAborted();
    onProgress?.({ done: hashes.size, total: files.size, label: 'reading the model' });
    hashes.set(file, await sha256File(file));
  }
  onProgress?.({ done: files.size, total: files.size, label: 'reading the model' });
  return {
    model: checkpoint.files.map((file) => hashes.get(file)!).sort(),
    loras: await Promise.all(
      loras.map(async ({ file, scale = 1 }) => ({ sha256: await hashLora(file, (each) => hashes.get(each)!), scale })),
    ),
    ...(checkpoint.options.prediction !== undefined && { prediction: checkpoint.predictionType }),
    ...(embeddings.length > 0 && {
      embeddings: embeddings.map(({ file, word }) => ({ sha256: hashes.get(embeddingFile(file))!, word })),
    }),
    ...(clipSkip > 0 && { clipSkip }),
  };
}

/** A model and what is applied to it as files that a run reads. */
export function modelInputs({ path, loras, embeddings }: Model, hashes: ModelHashes): RunInput[] {
  const input = (kind: RunInput['kind'], file: string, sha256: string): RunInput => ({
    ...{ kind, name: basename(file), sha256 },
    path: resolve(file),
  });
  return [
    input('model', path, sha256Json(hashes.model)),
    ...loras.map(({ file }, i) => input('adapter', file, hashes.loras[i].sha256)),
    ...embeddings.map(({ file }, i) => input('adapter', file, hashes.embeddings?.[i].sha256 ?? '')),
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

/** A model and what is applied to it as parameters of a run, as far as there is any. */
export function modelParameters(model: Model): Record<string, unknown> {
  const { path, loras, embeddings, clipSkip } = model;
  return {
    model: basename(path),
    ...chosenParts(model),
    ...(loras.length > 0 && { loras: loras.map(({ file, scale = 1 }) => `${basename(file)}:${scale}`) }),
    ...(embeddings.length > 0 && { embeddings: embeddings.map(({ file, word }) => `${basename(file)}:${word}`) }),
    ...(clipSkip > 0 && { clip_skip: clipSkip }),
  };
}
