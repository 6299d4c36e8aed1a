// The files of a diffusers folder that hold no weights: configurations, tokenizer, and the index that names the parts.

import { join } from 'node:path';
import { writeFileAtomic } from '../../base/atomic-file.js';
import { makeFolder } from '../../base/atomic-folder.js';
import type { Json } from '../config/fields.js';
import { END, START, type Vocabulary } from '../text/clip-bpe.js';
import { PART_FOLDER } from './diffusers-folder.js';
import type { Part } from './weight-table.js';

/** A `config.json` for each part, and `scheduler_config.json`, valued as diffusers and transformers do. */
export type CheckpointConfigs = Readonly<Record<Part | 'scheduler', Json>>;

/** Writes each part's `config.json`, the noise schedule and `model_index.json`. */
export async function writeConfigurations(folder: string, configs: CheckpointConfigs): Promise<void> {
  for (const part of Object.keys(PART_FOLDER) as Part[]) {
    await writeJson(join(folder, PART_FOLDER[part]), 'config.json', configs[part]);
  }
  await writeJson(join(folder, 'scheduler'), 'scheduler_config.json', configs.scheduler);
  await writeJson(folder, 'model_index.json', {
    _class_name: 'StableDiffusionPipeline',
    feature_extractor: [null, null],
    requires_safety_checker: false,
    safety_checker: [null, null],
    scheduler: ['diffusers', configs.scheduler._class_name],
    text_encoder: ['transformers', 'CLIPTextModel'],
    tokenizer: ['transformers', 'CLIPTokenizer'],
    unet: ['diffusers', 'UNet2DConditionModel'],
    vae: ['diffusers', 'AutoencoderKL'],
  });
}

/** What a text encoder's configuration says of its tokenizer: the number of rows, and the special tokens. */
export function tokenIds({ vocab }: Vocabulary): Json {
  return {
    ...{ vocab_size: Object.keys(vocab).length, bos_token_id: vocab[START] },
    ...{ eos_token_id: vocab[END], pad_token_id: vocab[END] },
  };
}

/** Writes a CLIP tokenizer as transformers reads it; prompts are `maxLength` tokens long, padded with the end token. */
export async function writeTokenizer(folder: string, { vocab, merges }: Vocabulary, maxLength: number): Promise<void> {
  const special = { bos_token: START, eos_token: END, pad_token: END, unk_token: END };
  const config = { ...special, model_max_length: maxLength, tokenizer_class: 'CLIPTokenizer' };
  await writeJson(folder, 'vocab.json', vocab, 0);
  const lines = merges.map((pair) => pair.join(' '));
  await writeFileAtomic(join(folder, 'merges.txt'), `#version: 0.2\n${lines.join('\n')}\n`);
  await writeJson(folder, 'special_tokens_map.json', special);
  await writeJson(folder, 'tokenizer_config.json', config);
}

/** Settings of transformers that must look like fractions: its strict reader refuses `1` where a float is declared. */
const FRACTIONS =
  /("(?:initializer_factor|initializer_range|attention_dropout|dropout|layer_norm_eps)": -?\d+)(?=,?$)/gm;

async function writeJson(folder: string, file: string, json: unknown, indent = 2): Promise<void> {
  await makeFolder(folder);
  await writeFileAtomic(join(folder, file), `${JSON.stringify(json, null, indent).replace(FRACTIONS, '$1.0')}\n`);
}
