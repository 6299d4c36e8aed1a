// PEFT's settings for the updates of a file: from its adapter_config.json, or from the metadata of diffusers' files.

import { z } from 'zod';
import { UsageError } from '../../base/errors.js';
import { parseJson, readJsonFile } from '../config/json-file.js';
import type { LoraModel } from './keys.js';

/** PEFT's settings of a layer's update; null where there are none. */
export interface PeftLayer {
  readonly rank: number | null;
  /** The update is scaled by alpha / rank. */
  readonly alpha: number | null;
  readonly dora: boolean;
}

/** PEFT's settings by model and path of the layer; `rank` is that of the file's matrices. */
export type PeftSettings = (model: LoraModel, path: string, rank: number) => PeftLayer;

const patterns = z.record(z.string().max(300), z.number()).nullish();
const settingsSchema = z.looseObject({
  peft_type: z.string().nullish(),
  r: z.number().int().positive().nullish(),
  lora_alpha: z.number().nullish(),
  /** LoHa's name for it. */
  alpha: z.number().nullish(),
  rank_pattern: patterns,
  alpha_pattern: patterns,
  use_rslora: z.boolean().nullish(),
  use_dora: z.boolean().nullish(),
  init_lora_weights: z.union([z.boolean(), z.string()]).nullish(),
});
type Settings = z.infer<typeof settingsSchema>;

const NOTHING: PeftLayer = { rank: null, alpha: null, dora: false };
const METADATA_KEY = 'lora_adapter_metadata';
const PREFIX: Readonly<Record<LoraModel, string>> = { unet: 'unet.', text: 'text_encoder.' };

/**
 * Reads `adapter_config.json`.
 *
 * @throws UsageError when it is no such file, or describes another kind of update
 */
export function readPeftConfig(path: string): PeftSettings {
  const settings = parseJson(readJsonFile(path), settingsSchema, path, 'use the file that PEFT wrote');
  const { peft_type: kind = 'LORA', init_lora_weights: start } = settings;
  if (kind !== null && !['LORA', 'LOHA'].includes(kind.toUpperCase())) {
    throw new UsageError(`${path}: this is ${kind}, which is not supported; use a LoRA, DoRA or LoHa`);
  }
  if (typeof start === 'string' && /^(pissa|olora|corda)/i.test(start)) {
    throw new UsageError(
      `${path}: this adapter was begun by ${start}, which changes the checkpoint's own weights; convert it to a plain LoRA with PEFT's path_initial_model_for_weight_conversion`,
    );
  }
  return (_, layer, rank) => layerOf(settings, layer, rank, path);
}

/** PEFT's settings in a file's metadata, if any. Unreadable ones count as none. */
export function peftMetadata(metadata: Readonly<Record<string, string>>, where: string): PeftSettings | null {
  let json: unknown;
  try {
    json = JSON.parse(metadata[METADATA_KEY] ?? 'null');
  } catch {
    return null; // not PEFT's: the matrices themselves say enough
  }
  if (typeof json !== 'object' || json === null) return null;
  const settingsOf = (model: LoraModel): Settings => {
    const own = Object.entries(json).filter(([key]) => key.startsWith(PREFIX[model]));
    return settingsSchema
      .catch({})
      .parse(Object.fromEntries(own.map(([key, value]) => [key.slice(PREFIX[model].length), value])));
  };
  const settings = { unet: settingsOf('unet'), text: settingsOf('text') };
  return (model, path, rank) => layerOf(settings[model], path, rank, where);
}

function layerOf(settings: Settings, path: string, rank: number, where: string): PeftLayer {
  const alpha = patterned(settings.alpha_pattern, path, where) ?? settings.lora_alpha ?? settings.alpha ?? null;
  return {
    ...NOTHING,
    rank: patterned(settings.rank_pattern, path, where) ?? settings.r ?? null,
    // "Rank-stabilized" files mean alpha / sqrt(rank).
    alpha: alpha !== null && settings.use_rslora ? alpha * Math.sqrt(rank) : alpha,
    dora: settings.use_dora ?? false,
  };
}

/** The value of the first pattern that matches the end of the path, after a dot, or the whole path. */
function patterned(patterns: Settings['alpha_pattern'], path: string, where: string): number | undefined {
  const spellings = [path, `text_model.${path}`];
  return Object.entries(patterns ?? {}).find(([pattern]) => {
    const expression = expressionOf(pattern, where);
    return spellings.some((spelling) => expression.test(spelling));
  })?.[1];
}

const expressions = new Map<string, RegExp>();

/**
 * PEFT reads these keys as regular expressions. Only those without groups and with few repetitions are accepted: the file
 * may be from anyone, and other expressions can take for ever.
 */
function expressionOf(pattern: string, where: string): RegExp {
  const known = expressions.get(pattern);
  if (known) return known;
  const isSimple = /^[\w.\\|^$*+?[\]-]*$/.test(pattern) && (pattern.match(/[*+?]/g)?.length ?? 0) <= 2;
  try {
    if (isSimple) {
      const made = new RegExp(`^(?:.*\\.)?(?:${pattern})$`);
      expressions.set(pattern, made);
      return made;
    }
  } catch {
    // said below
  }
  throw new UsageError(
    `${where}: the pattern ${JSON.stringify(pattern)} is not read; write the names of layers, such as "attn2.to_q"`,
  );
}
