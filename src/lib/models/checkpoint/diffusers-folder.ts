// The files of a diffusers folder: configurations, tokenizer, and the weights of each part.

import { existsSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { UsageError } from '../../base/errors.js';
import { readSafetensorsHeader } from '../../tensor/safetensors.js';
import { textConfig, vaeConfig } from '../config/components.js';
import type { SchedulerConfig, TextConfig, UNetConfig, VaeConfig } from '../config/config.js';
import { parseJsonFile, readJsonFile } from '../config/json-file.js';
import { schedulerConfig } from '../config/scheduler.js';
import { unetConfig } from '../config/unet.js';
import { openTokenizer, type Tokenizer } from '../text/tokenizer.js';
import { weightFiles } from './weight-files.js';
import { addHeader, type Part, type TableBuilder } from './weight-table.js';

/** Everything of a checkpoint except its weights, and the files it was read from. */
export interface Configurations {
  readonly unet: UNetConfig;
  readonly vae: VaeConfig;
  readonly text: TextConfig;
  readonly schedule: SchedulerConfig;
  readonly tokenizer: Tokenizer;
  readonly files: readonly string[];
}

/** The folder of each part. */
export const PART_FOLDER: Readonly<Record<Part, string>> = { unet: 'unet', vae: 'vae', text: 'text_encoder' };

/** The file of each part's weights without shards and variant: diffusers' name, and transformers'. */
export const PART_WEIGHTS: Readonly<Record<Part, string>> = {
  unet: 'diffusion_pytorch_model.safetensors',
  vae: 'diffusion_pytorch_model.safetensors',
  text: 'model.safetensors',
};

/**
 * Reads the configurations and the tokenizer of a diffusers folder, which may lack weights.
 *
 * @throws UsageError when it is another kind of folder, lacks a part or describes a model that is not supported
 */
export function readConfigurations(folder: string): Configurations {
  refuseOtherFolders(folder);
  const paths = {
    unet: join(folder, PART_FOLDER.unet, 'config.json'),
    vae: join(folder, PART_FOLDER.vae, 'config.json'),
    text: join(folder, PART_FOLDER.text, 'config.json'),
    scheduler: join(folder, 'scheduler', 'scheduler_config.json'),
  };
  const tokenizerFolder = join(folder, 'tokenizer');
  const missing = [...Object.values(paths), tokenizerFolder].filter((path) => !existsSync(path));
  if (missing.length > 0) {
    throw new UsageError(
      `${folder}: this is not a whole diffusers folder, it lacks ${missing.map((path) => path.slice(folder.length).replace(/^[\\/]/, '')).join(', ')}; copy or download the whole checkpoint`,
    );
  }
  const tokenizer = openTokenizer(tokenizerFolder);
  return {
    unet: unetConfig(readJsonFile(paths.unet), paths.unet),
    vae: vaeConfig(readJsonFile(paths.vae), paths.vae),
    text: textConfig(readJsonFile(paths.text), paths.text),
    schedule: schedulerConfig(readJsonFile(paths.scheduler), paths.scheduler),
    tokenizer,
    files: [...Object.values(paths), ...tokenizer.files],
  };
}

/**
 * Finds the weights of one part in its folder: in one file or in shards, with or without a variant.
 *
 * @returns the files that were read
 * @throws UsageError when there are none, or only in an unsupported format
 */
export async function readPartWeights(
  table: TableBuilder,
  part: Part,
  folder: string,
  variant?: string,
): Promise<readonly string[]> {
  const { files, expected } = weightFiles(folder, variant);
  for (const file of files) {
    const header = await readSafetensorsHeader(file);
    for (const name of expected.get(basename(file)) ?? []) {
      if (!header.tensors.has(name) && !header.unsupported.has(name)) {
        throw new UsageError(
          `${file}: the tensor ${name} is missing though the index lists it; download this shard again`,
        );
      }
    }
    addHeader(table, part, header, file);
  }
  return files;
}

const classSchema = z.looseObject({
  _class_name: z.string().optional(),
  architectures: z.array(z.string()).optional(),
});

function refuseOtherFolders(folder: string): void {
  const has = (name: string) => existsSync(join(folder, name));
  const className = has('model_index.json')
    ? parseJsonFile(join(folder, 'model_index.json'), classSchema)._class_name
    : undefined;
  if (has('text_encoder_2') || /XL/.test(className ?? '')) {
    throw new UsageError(
      `${folder}: this is an SDXL checkpoint (two text encoders), which is not supported; use a Stable Diffusion 1.x or 2.x checkpoint`,
    );
  }
  if (!has('unet') && (has('transformer') || has('prior'))) {
    throw new UsageError(
      `${folder}: this is a ${className ?? 'transformer'} checkpoint, which is not supported; use a Stable Diffusion 1.x or 2.x checkpoint`,
    );
  }
  if (has('unet') || has('model_index.json')) return;
  if (has('config.json')) {
    const { _class_name, architectures } = parseJsonFile(join(folder, 'config.json'), classSchema);
    throw new UsageError(
      `${folder}: this folder holds one model alone (${_class_name ?? architectures?.[0] ?? 'config.json'}); name the checkpoint's folder, with unet, vae, text_encoder, tokenizer and scheduler in it`,
    );
  }
  const files = readdirSync(folder).filter((name) => /\.(safetensors|ckpt)$/.test(name));
  const hint =
    files.length > 0
      ? `to open a single file, name it (${files.slice(0, 3).join(', ')})`
      : 'expected unet, vae, text_encoder, tokenizer and scheduler in it';
  throw new UsageError(`${folder}: this is not a diffusers folder; ${hint}`);
}
