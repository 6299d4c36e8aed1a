// The identity of a model in results: the content of its weights, and how it reads prompts.

import { basename, resolve } from 'node:path';
import { given } from '../../base/given.js';
import { sha256File, sha256Json, sha256Path } from '../../base/hash.js';
import type { OnProgress } from '../../base/progress.js';
import type { RunInput } from '../../tracking/stored/run-record.js';
import type { Control, ControlRequest } from '../controls/controls.js';
import { hashLora, loraFiles } from '../lora/source.js';
import type { Model } from '../model.js';
import { embeddingFile } from '../text/textual-inversion.js';

/** Hashes of a model's files. */
export interface ModelHashes {
  /** SHA-256 of each file of the checkpoint, in order. */
  readonly model: readonly string[];
  /** SHA-256 and scale of each low-rank update that is applied. */
  readonly loras: readonly { readonly sha256: string; readonly scale: number }[];
  /** The UNet's prediction, if it was given; absent when the files state it. */
  readonly prediction?: string;
  /** SHA-256 and word of each file of learned vectors; absent when there are none. */
  readonly embeddings?: readonly { readonly sha256: string; readonly word: string }[];
  /** Number of the text encoder's skipped layers; absent when there are none. */
  readonly clipSkip?: number;
  /** SHA-256 of the files of each ControlNet, and how it acts; absent when there are none. */
  readonly controls?: readonly ControlHash[];
}

/** A ControlNet in the identity of results. */
export interface ControlHash extends Pick<Control, 'kind' | 'scale' | 'start' | 'end'> {
  readonly sha256: string;
  /** SHA-256 of its map, a file or a folder; absent when it has none. */
  readonly map?: string;
}

/** Reads all files of a model and hashes them. */
export async function hashModel(
  { checkpoint, loras, embeddings, clipSkip, controls }: Model,
  { onProgress, signal }: { onProgress?: OnProgress | undefined; signal?: AbortSignal | undefined } = {},
): Promise<ModelHashes> {
  const files = new Set([
    ...checkpoint.files,
    ...loras.flatMap(({ file }) => loraFiles(file)),
    ...embeddings.map(({ file }) => embeddingFile(file)),
    ...controls.flatMap(({ opened }) => opened.files),
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
    ...(controls.length > 0 && {
      controls: await Promise.all(
        controls.map((control) => hashControl(control, (path) => hashes.get(path) ?? sha256Path(path))),
      ),
    }),
  };
}

/** The files of a model and of its additions, as files that a run reads. */
export function modelInputs({ path, loras, embeddings, controls }: Model, hashes: ModelHashes): RunInput[] {
  const input = (kind: RunInput['kind'], file: string, sha256: string): RunInput => ({
    ...{ kind, name: basename(file), sha256 },
    path: resolve(file),
  });
  return [
    input('model', path, sha256Json(hashes.model)),
    ...loras.map(({ file }, i) => input('adapter', file, hashes.loras[i].sha256)),
    ...embeddings.map(({ file }, i) => input('adapter', file, hashes.embeddings?.[i].sha256 ?? '')),
    ...controls.flatMap(({ path, map }, i) => [
      input('adapter', path, hashes.controls?.[i].sha256 ?? ''),
      ...(map === undefined ? [] : [input('video', map, hashes.controls?.[i].map ?? '')]),
    ]),
  ];
}

/** The options of a model beside its path, as parameters of a run: autoencoder, prediction, variant. */
export function chosenParts({ checkpoint }: Model): Record<string, string> {
  const { vae, prediction, variant } = checkpoint.options;
  return given({
    vae: vae === undefined ? undefined : basename(vae),
    prediction: prediction === undefined ? undefined : checkpoint.predictionType,
    variant,
  });
}

/** A model and its additions, if any, as parameters of a run. */
export function modelParameters(model: Model): Record<string, unknown> {
  const { path, loras, embeddings, clipSkip, controls } = model;
  return {
    model: basename(path),
    ...chosenParts(model),
    ...(loras.length > 0 && { loras: loras.map(({ file, scale = 1 }) => `${basename(file)}:${scale}`) }),
    ...(embeddings.length > 0 && { embeddings: embeddings.map(({ file, word }) => `${basename(file)}:${word}`) }),
    ...(clipSkip > 0 && { clip_skip: clipSkip }),
    ...(controls.length > 0 && { controls: controls.map(describeControl) }),
  };
}

/** What of a ControlNet determines a rendering: its files, how it acts, and its map, which `hash` is given too. */
export async function hashControl(
  { opened: { files }, kind, scale, start, end, map }: Control,
  hash: (path: string) => string | Promise<string>,
): Promise<ControlHash> {
  const hashes = await Promise.all(files.map(hash));
  const shown = map === undefined ? {} : { map: await hash(map) };
  return { sha256: sha256Json(hashes.sort()), ...given({ kind }), scale, start, end, ...shown };
}

/** A ControlNet as text: its condition, name, weight, part of the steps and map. */
export function describeControl({ kind, path, scale = 1, start = 0, end = 1, map }: ControlRequest): string {
  const part = start > 0 || end < 1 ? `:${start}-${end}` : '';
  const shown = map === undefined ? '' : `,map=${basename(map)}`;
  return `${kind === undefined ? '' : `${kind}=`}${basename(path)}:${scale}${part}${shown}`;
}
