// The files of a LoRA: one file, with PEFT's adapter_config.json if it is beside it, or a folder written by PEFT or
// diffusers.

import { existsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { UsageError } from '../../base/errors.js';
import { sha256Json } from '../../base/hash.js';
import type { LoraModel } from './keys.js';

/** A file of updates and its settings. */
export interface LoraSource {
  /** The safetensors file. */
  readonly file: string;
  /** `adapter_config.json` beside it, if there is one. */
  readonly config: string | null;
  /** The model that all of it updates, if the folder's name gives it. */
  readonly model: LoraModel | null;
}

const CONFIG = 'adapter_config.json';
/** Names of weights in a folder, PEFT's first. */
const WEIGHTS = ['adapter_model.safetensors', 'pytorch_lora_weights.safetensors'] as const;
const PICKLES = ['adapter_model.bin', 'pytorch_lora_weights.bin'] as const;
/** Folders in which training scripts store one adapter per model. */
const PARTS: readonly (readonly [string, LoraModel])[] = [
  ['unet', 'unet'],
  ['text_encoder', 'text'],
];

/**
 * The files of a LoRA's path: a file itself; of a folder its adapter, or those in its `unet/` and `text_encoder/`.
 *
 * @throws UsageError for a folder without an adapter
 */
export function loraSources(path: string): LoraSource[] {
  if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) {
    const config = join(dirname(path), CONFIG);
    return [{ file: path, config: existsSync(config) ? config : null, model: null }];
  }
  const own = adapterOf(path, null);
  if (own) return [own];
  const parts = PARTS.flatMap(([name, model]) => adapterOf(join(path, name), model) ?? []);
  if (parts.length > 0) return parts;
  const pickle = PICKLES.find((name) => existsSync(join(path, name)));
  throw new UsageError(
    pickle
      ? `${join(path, pickle)}: this is a PyTorch pickle, which can run code when loaded and is not read; convert it to .safetensors first`
      : `${path}: this folder holds no LoRA, expected ${WEIGHTS.join(' or ')} in it; name the file itself`,
  );
}

/**
 * The hash of all files of a LoRA; of a single file its own hash.
 *
 * @param hash returns the hash of a file
 */
export async function hashLora(path: string, hash: (file: string) => string | Promise<string>): Promise<string> {
  const files = loraFiles(path);
  const hashes: string[] = [];
  for (const file of files) hashes.push(await hash(file));
  return hashes.length === 1 ? hashes[0] : sha256Json(hashes);
}

/** All files of a LoRA. */
export function loraFiles(path: string): string[] {
  return loraSources(path).flatMap(({ file, config }) => (config === null ? [file] : [file, config]));
}

function adapterOf(folder: string, model: LoraModel | null): LoraSource | null {
  const name = WEIGHTS.find((each) => existsSync(join(folder, each)));
  if (name === undefined) return null;
  const config = join(folder, CONFIG);
  return { file: join(folder, name), config: existsSync(config) ? config : null, model };
}
