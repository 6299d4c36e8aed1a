// Finds the weight files in a part's folder: one file or shards, with or without a variant such as fp16.

import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { UsageError } from '../../base/errors.js';
import { parseJsonFile } from '../config/json-file.js';

/** Files of weights, and the tensors that an index expects in each of them. */
export interface WeightFiles {
  readonly files: readonly string[];
  readonly expected: ReadonlyMap<string, readonly string[]>;
}

const STEM = '(?:diffusion_pytorch_model|model|pytorch_model)';
const WHOLE = new RegExp(`^${STEM}(?:\\.([\\w-]+?))?\\.safetensors$`);
/** Versions of diffusers write the variant before or after `.safetensors.index`. */
const INDEX = new RegExp(`^${STEM}(?:\\.([\\w-]+))?\\.safetensors\\.index(?:\\.([\\w-]+))?\\.json$`);
const SHARD = new RegExp(`^${STEM}.*-\\d+-of-\\d+\\b.*\\.safetensors$`);
/** The variant used when there is no other: the same weights in half precision. */
const TAKEN_UNASKED = 'fp16';

/** Weight files or shard indexes of a folder by variant; '' is the one without. */
function variantsIn(folder: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const name of readdirSync(folder).sort()) {
    const whole = SHARD.test(name) ? null : WHOLE.exec(name);
    const index = INDEX.exec(name);
    const variant = whole ? (whole[1] ?? '') : index ? (index[1] ?? index[2] ?? '') : undefined;
    if (variant !== undefined && (whole || !found.has(variant))) found.set(variant, name);
  }
  return found;
}

/**
 * Checks that a variant exists in at least one of the folders; parts without it use their plain weights.
 *
 * @throws UsageError naming the existing variants
 */
export function requireVariant(where: string, folders: readonly string[], variant: string): void {
  const all = new Set(folders.flatMap((folder) => [...variantsIn(folder).keys()]));
  if (all.has(variant)) return;
  const known = [...all].filter((name) => name !== '');
  const there = known.length > 0 ? `there is ${known.join(', ')}` : 'there are only plain weights';
  throw new UsageError(`${where}: there is no variant ${variant}; ${there}: choose one with variant, or leave it out`);
}

/**
 * The weights of a folder, in the requested variant if it exists.
 *
 * @throws UsageError when there are none, only variants of which none was chosen, or only an unsupported format
 */
export function weightFiles(folder: string, variant: string | undefined): WeightFiles {
  const found = variantsIn(folder);
  const name = (variant === undefined ? undefined : found.get(variant)) ?? found.get('') ?? found.get(TAKEN_UNASKED);
  if (name !== undefined) {
    return name.endsWith('.json') ? shards(folder, name) : { files: [join(folder, name)], expected: new Map() };
  }
  if (found.size > 0) {
    const names = [...found.keys()];
    throw new UsageError(
      `${folder}: the weights are there only as ${names.length > 1 ? 'the variants' : 'the variant'} ${names.join(', ')}; choose one with variant`,
    );
  }
  const names = readdirSync(folder);
  if (names.some((file) => SHARD.test(file))) {
    throw new UsageError(
      `${folder}: there are shards of weights but no index (.safetensors.index.json); copy or download the whole checkpoint`,
    );
  }
  const pickle = names.find((file) => /\.(bin|ckpt|pt|pth)$/.test(file));
  if (pickle) {
    throw new UsageError(
      `${folder}: the weights are there only as a PyTorch pickle (${pickle}), which can run code when loaded and is not read; use the checkpoint's .safetensors files, or convert it with diffusers' save_pretrained`,
    );
  }
  throw new UsageError(
    `${folder}: there are no weights (diffusion_pytorch_model.safetensors or model.safetensors); copy or download the whole checkpoint`,
  );
}

const indexSchema = z.object({ weight_map: z.record(z.string(), z.string()) });

function shards(folder: string, index: string): WeightFiles {
  const path = join(folder, index);
  const expected = new Map<string, string[]>();
  for (const [name, file] of Object.entries(parseJsonFile(path, indexSchema).weight_map)) {
    if (basename(file) !== file || !file.endsWith('.safetensors')) {
      throw new UsageError(`${path}: the shard ${file} is not a file of this folder; use the original index`);
    }
    const names = expected.get(file);
    if (names) names.push(name);
    else expected.set(file, [name]);
  }
  return { files: [...expected.keys()].map((file) => join(folder, file)), expected };
}
