// Opens a single `.safetensors` checkpoint in the original layout, and identifies other single files in errors.

import { statSync } from 'node:fs';
import { UsageError } from '../../base/errors.js';
import { packageFile } from '../../base/package-file.js';
import { readSafetensorsHeader, type TensorEntry } from '../../tensor/safetensors.js';
import { textConfig, vaeConfig } from '../config/components.js';
import { readJsonFile } from '../config/json-file.js';
import { schedulerConfig } from '../config/scheduler.js';
import { statedPrediction, withPrediction } from '../config/stated-prediction.js';
import { tellingWeights } from '../config/telling-weights.js';
import { unetConfig } from '../config/unet.js';
import { clipTokenizer } from '../text/tokenizer.js';
import { type Configurations, readConfigurations } from './diffusers-folder.js';
import { otherUnet } from './other-unets.js';
import { fromOriginal, ORIGINAL_PREFIX, originalNames, toOriginal } from './single-file.js';
import { addUnsupported, addWeight, type Part, type TableBuilder } from './weight-table.js';

/**
 * Finds the weights of a single file, and its prediction unless `prediction` is given. `config` is a diffusers folder to
 * read configurations and tokenizer from; without it the file must be stock Stable Diffusion 1.x.
 *
 * @throws UsageError with what the file is and a remedy, when it is another kind of file or does not fit the configuration
 */
export async function openSingleFile(
  path: string,
  parts: Record<Part, TableBuilder>,
  { config, prediction }: { readonly config?: string; readonly prediction?: string },
): Promise<Configurations> {
  const { tensors, unsupported, metadata } = await readSafetensorsHeader(path);
  const all = [...tensors.keys(), ...unsupported.keys()];
  refuseOtherFiles(all, path);
  const channels = tensors.get(`${ORIGINAL_PREFIX.unet}input_blocks.0.0.weight`)?.shape[1];
  const other = otherUnet(channels ?? 0);
  if (other) throw new UsageError(`${path}: ${other}`);
  if (config !== undefined && !statSync(config, { throwIfNoEntry: false })?.isDirectory()) {
    throw new UsageError(
      `${config}: there is no such folder; config is a diffusers folder with the file's configurations and tokenizer`,
    );
  }
  const configs = config === undefined ? stockConfigurations() : readConfigurations(config);
  const pairs = originalNames(configs.unet, configs.vae);
  const unknown: string[] = [];
  for (const [name, entry] of tensors) {
    const known = fromOriginal(pairs, name);
    if (known) addWeight(parts[known.part], { ...known, nameInFile: name }, entry);
    else if (isForeignLayer(name, entry)) unknown.push(name);
    else parts.unet.ignored.push(name);
  }
  for (const [name, dtype] of unsupported) {
    const known = fromOriginal(pairs, name);
    if (known) addUnsupported(parts[known.part], { ...known, nameInFile: name }, { dtype, file: path });
    else parts.unet.ignored.push(name);
  }
  checkSizes(path, parts, configs, config);
  if (unknown.length > 0) throw configNeeded(path, `it has the weight ${unknown[0]}, which`, 'lacks', config);
  const stated = statedPrediction(path, all, metadata, prediction);
  const { schedule } = configs;
  const says = stated.predictionType !== undefined || stated.zeroSnr;
  return {
    ...configs,
    schedule: says
      ? withPrediction(schedule, stated.predictionType ?? schedule.predictionType, stated.zeroSnr || undefined)
      : schedule,
    files: [path, ...configs.files, ...stated.files],
  };
}

/**
 * Whether a tensor is a layer of the UNet that no configuration here has: then the file is of another architecture. Marker
 * tensors and counters are not layers.
 */
function isForeignLayer(name: string, { dtype }: TensorEntry): boolean {
  return name.startsWith(ORIGINAL_PREFIX.unet) && /\.(weight|bias)$/.test(name) && /float/.test(dtype);
}

/**
 * The configuration of the published Stable Diffusion 1.x checkpoints, and CLIP's tokenizer; both are part of the
 * package.
 */
export function stockConfigurations(): Configurations {
  const path = packageFile('assets/stable-diffusion-1.json');
  const json = readJsonFile(path) as Record<string, unknown>;
  return {
    unet: unetConfig(json.unet, `${path} unet`),
    vae: vaeConfig(json.vae, `${path} vae`),
    text: textConfig(json.text_encoder, `${path} text_encoder`),
    schedule: schedulerConfig(json.scheduler, `${path} scheduler`),
    tokenizer: clipTokenizer(),
    files: [],
  };
}

function checkSizes(path: string, parts: Record<Part, TableBuilder>, configs: Configurations, config?: string): void {
  const pairs = originalNames(configs.unet, configs.vae);
  for (const [part, name, shape] of tellingWeights(configs)) {
    const found = parts[part].weights.get(name)?.shape;
    if (found?.join() === shape.join()) continue;
    const what = found ? `is [${found.join(', ')}]` : 'is missing';
    throw configNeeded(path, `its ${toOriginal(pairs, part, name)} ${what} where`, `has [${shape.join(', ')}]`, config);
  }
  const further = `encoder.layers.${configs.text.layers}.mlp.fc1.weight`;
  if (parts.text.weights.has(further)) {
    throw configNeeded(path, `its text encoder has more layers than the ${configs.text.layers} that`, 'has', config);
  }
}

function configNeeded(path: string, what: string, has: string, config: string | undefined): UsageError {
  return config === undefined
    ? new UsageError(
        `${path}: this is not a stock Stable Diffusion 1.x file: ${what} stock 1.x ${has}; pass config, a diffusers folder with this model's configurations and tokenizer`,
      )
    : new UsageError(
        `${path}: the file does not fit config: ${what} the configuration in ${config} ${has}; pass the diffusers folder that belongs to this file`,
      );
}

function refuseOtherFiles(names: readonly string[], path: string): void {
  const some = (pattern: RegExp) => names.some((name) => pattern.test(name));
  const refusals: [boolean, string][] = [
    [
      some(/^conditioner\.embedders\./),
      'this is an SDXL checkpoint, which is not supported; use a Stable Diffusion 1.x or 2.x checkpoint',
    ],
    [
      some(/^cond_stage_model\.model\./),
      'this is a Stable Diffusion 2.x single file, which does not say whether it predicts epsilon or v; use the diffusers folder of the checkpoint',
    ],
    [
      some(/(^|\.)(joint_blocks|double_blocks|transformer_blocks\.\d+\.norm1_context)\./),
      'this is a transformer checkpoint (Stable Diffusion 3, Flux or the like), which is not supported; use a Stable Diffusion 1.x or 2.x checkpoint',
    ],
    [some(/^control_model\./), 'this is a ControlNet, not a checkpoint; use a Stable Diffusion 1.x or 2.x checkpoint'],
    [
      some(/^lora_(unet|te)|\.lora[._](A|B|up|down)\b|_lora\.(up|down)\./),
      'this is a LoRA file, not a checkpoint; open a checkpoint and apply this file to it with lora',
    ],
    [
      some(/^(encoder\.)?(down_blocks|mid_block)\.|^(text_model\.)?embeddings\.token_embedding\./),
      "this is one part of a diffusers folder; name the checkpoint's folder, with unet, vae, text_encoder, tokenizer and scheduler in it",
    ],
  ];
  for (const [is, sentence] of refusals) if (is) throw new UsageError(`${path}: ${sentence}`);
  const lacks = [
    ['model.diffusion_model.', 'UNet'],
    ['first_stage_model.', 'VAE'],
    ['cond_stage_model.transformer.', 'text encoder'],
  ].filter(([prefix]) => !names.some((name) => name.startsWith(prefix)));
  if (lacks.length === 0) return;
  const missing = lacks.map(([prefix, what]) => `${what} (${prefix}*)`).join(', ');
  throw new UsageError(
    lacks.length === 3
      ? `${path}: this is not a Stable Diffusion checkpoint (its first tensor is ${names[0] ?? 'none'}); use a checkpoint in the original layout or a diffusers folder`
      : `${path}: the file lacks the ${missing}; use the full checkpoint, or a diffusers folder`,
  );
}
