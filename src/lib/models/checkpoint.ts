// Opens Stable Diffusion 1.x and 2.x checkpoints: a diffusers folder, or a single file in the original layout. Reads
// headers and configurations, not the weights.

import { statSync } from 'node:fs';
import { UsageError } from '../base/errors.js';
import type { SchedulerConfig, TextConfig, UNetConfig, VaeConfig } from './config.js';
import { type Configurations, PART_FOLDER, readConfigurations, readPartWeights } from './diffusers-folder.js';
import { findModel } from './find-model.js';
import { openSingleFile } from './single-file-checkpoint.js';
import type { Tokenizer } from './tokenizer.js';
import type { Part, TableBuilder, WeightTable } from './weight-table.js';

export { requireWeight, type WeightTable } from './weight-table.js';

/** A checkpoint on the disk. `files` are those it was read from, `ignored` the tensors in them that no model uses. */
export interface Checkpoint {
  readonly path: string;
  readonly layout: 'diffusers' | 'single-file';
  readonly unet: { readonly config: UNetConfig; readonly weights: WeightTable };
  readonly vae: { readonly config: VaeConfig; readonly weights: WeightTable };
  /** Weight names without `text_model.`. */
  readonly textEncoder: { readonly config: TextConfig; readonly weights: WeightTable };
  readonly tokenizer: Tokenizer;
  readonly predictionType: 'epsilon' | 'v_prediction';
  readonly schedule: SchedulerConfig;
  readonly files: readonly string[];
  readonly ignored: readonly string[];
}

/**
 * Opens a diffusers folder or a single `.safetensors` file in the original layout.
 *
 * @param name a path, or a name that `findModel` knows
 * @param options.config a diffusers folder from which a single file takes configurations and tokenizer; stock 1.x files
 * need none
 * @throws UsageError saying what the path is and what to do, when it is no such checkpoint, incomplete or not supported
 */
export async function openCheckpoint(name: string, options: { config?: string } = {}): Promise<Checkpoint> {
  const path = findModel(name);
  const stats = statSync(path, { throwIfNoEntry: false });
  if (!stats)
    throw new UsageError(
      `${path}: there is no such file or folder; name a diffusers folder or a .safetensors checkpoint`,
    );
  const isFolder = stats.isDirectory();
  if (isFolder && options.config !== undefined) {
    throw new UsageError(
      `${path}: a folder brings its own configuration, config (${options.config}) is for single files; leave it out`,
    );
  }
  const config = options.config === undefined ? undefined : findModel(options.config);
  const parts: Record<Part, TableBuilder> = { unet: emptyTable(), vae: emptyTable(), text: emptyTable() };
  const configs = isFolder ? await openFolder(path, parts) : await openSingleFile(path, parts, config);
  checkFit(path, configs);
  return {
    path,
    layout: isFolder ? 'diffusers' : 'single-file',
    unet: { config: configs.unet, weights: parts.unet.weights },
    vae: { config: configs.vae, weights: parts.vae.weights },
    textEncoder: { config: configs.text, weights: parts.text.weights },
    tokenizer: configs.tokenizer,
    predictionType: configs.schedule.predictionType,
    schedule: configs.schedule,
    files: configs.files,
    ignored: [...parts.unet.ignored, ...parts.vae.ignored, ...parts.text.ignored],
  };
}

async function openFolder(folder: string, parts: Record<Part, TableBuilder>): Promise<Configurations> {
  const configs = readConfigurations(folder);
  const files = [...configs.files];
  for (const part of Object.keys(PART_FOLDER) as Part[])
    files.push(...(await readPartWeights(parts[part], part, folder)));
  return { ...configs, files };
}

/** The parts must fit each other. */
function checkFit(path: string, { unet, vae, text, tokenizer }: Configurations): void {
  if (unet.inChannels !== vae.latentChannels || unet.outChannels !== vae.latentChannels) {
    throw new UsageError(
      `${path}: the UNet takes ${unet.inChannels} channels and gives ${unet.outChannels} where the VAE's latents have ${vae.latentChannels} (inpainting, depth and upscaling models differ in this); use a plain Stable Diffusion 1.x or 2.x checkpoint`,
    );
  }
  if (unet.crossAttentionDim !== text.hiddenSize) {
    throw new UsageError(
      `${path}: the UNet attends to ${unet.crossAttentionDim} channels but the text encoder gives ${text.hiddenSize}; the parts belong to different models: use those of one checkpoint`,
    );
  }
  if (tokenizer.vocabSize > text.vocabSize || tokenizer.modelMaxLength > text.maxPositions) {
    throw new UsageError(
      `${path}: the tokenizer gives ${tokenizer.modelMaxLength} ids below ${tokenizer.vocabSize}, the text encoder takes ${text.maxPositions} below ${text.vocabSize}; use the tokenizer folder of this checkpoint`,
    );
  }
}

function emptyTable(): TableBuilder {
  return { weights: new Map(), ignored: [] };
}
