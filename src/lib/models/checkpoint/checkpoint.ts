// Opens Stable Diffusion 1.x and 2.x checkpoints: a diffusers folder, or a single file in the original layout. Reads
// headers and configurations, not the weights.

import { statSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError } from '../../base/errors.js';
import { given } from '../../base/given.js';
import { unsupportedType } from '../../tensor/safetensors.js';
import type { SchedulerConfig, TextConfig, UNetConfig, VaeConfig } from '../config/config.js';
import { type PredictionName, predictionType, withPrediction } from '../config/stated-prediction.js';
import { tellingWeights } from '../config/telling-weights.js';
import { findModel } from '../hub/find-model.js';
import { networkWeights } from '../networks/network-weights.js';
import type { Tokenizer } from '../text/tokenizer.js';
import { type Configurations, PART_FOLDER, readConfigurations, readPartWeights } from './diffusers-folder.js';
import { otherUnet } from './other-unets.js';
import { openSingleFile } from './single-file-checkpoint.js';
import { openVae } from './vae-source.js';
import { requireVariant } from './weight-files.js';
import {
  emptyTable,
  leaveUnused,
  type Part,
  requireWeight,
  type TableBuilder,
  type WeightTable,
} from './weight-table.js';

export { requireWeight, type WeightTable } from './weight-table.js';

/** The names of the parts in sentences. */
export const PART_NAME: Readonly<Record<Part, string>> = { unet: 'UNet', vae: 'VAE', text: 'text encoder' };

/** A checkpoint on the disk. `files` are its files, `ignored` the tensors in them that no model uses. */
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
  /** The options that it was opened with. */
  readonly options: CheckpointOptions;
  readonly files: readonly string[];
  readonly ignored: readonly string[];
}

/** Options of opening a checkpoint. */
export interface CheckpointOptions {
  /** A diffusers folder from which a single file takes configurations and tokenizer; stock 1.x files need none. */
  readonly config?: string;
  /** An autoencoder in place of the checkpoint's own: a diffusers folder, or a `.safetensors` file in either layout. */
  readonly vae?: string;
  /** The UNet's prediction, `epsilon` or `v`, in place of the checkpoint's statement. */
  readonly prediction?: PredictionName;
  /**
   * Variant of a diffusers folder's weights: the part between the dots, as in `diffusion_pytorch_model.bf16.safetensors`.
   */
  readonly variant?: string;
}

/**
 * Opens a diffusers folder or a single `.safetensors` file in the original layout.
 *
 * @param name a path, or a name that `findModel` knows
 * @throws UsageError with what the path is and a remedy, when it is no such checkpoint, incomplete or not supported
 */
export async function openCheckpoint(name: string, options: CheckpointOptions = {}): Promise<Checkpoint> {
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
  if (!isFolder && options.variant !== undefined) {
    throw new UsageError(
      `${path}: a single file has no variants, variant (${options.variant}) is for diffusers folders; leave it out`,
    );
  }
  const prediction =
    options.prediction === undefined ? undefined : predictionType(options.prediction, 'the option prediction');
  const config = options.config === undefined ? undefined : findModel(options.config);
  const parts: Record<Part, TableBuilder> = { unet: emptyTable(), vae: emptyTable(), text: emptyTable() };
  const found = isFolder
    ? await openFolder(path, parts, options.variant)
    : await openSingleFile(path, parts, given({ config, prediction: options.prediction }));
  const configs = await withVae(found, parts, options);
  checkFit(path, configs);
  const schedule = prediction === undefined ? configs.schedule : withPrediction(configs.schedule, prediction);
  checkSizes(path, parts, configs);
  const needed = networkWeights(configs);
  for (const part of Object.keys(parts) as Part[]) leaveUnused(parts[part], needed[part]);
  return {
    path,
    layout: isFolder ? 'diffusers' : 'single-file',
    unet: { config: configs.unet, weights: parts.unet.weights },
    vae: { config: configs.vae, weights: parts.vae.weights },
    textEncoder: { config: configs.text, weights: parts.text.weights },
    tokenizer: configs.tokenizer,
    predictionType: schedule.predictionType,
    schedule,
    options,
    files: configs.files,
    ignored: [...parts.unet.ignored, ...parts.vae.ignored, ...parts.text.ignored],
  };
}

async function openFolder(
  folder: string,
  parts: Record<Part, TableBuilder>,
  variant: string | undefined,
): Promise<Configurations> {
  const configs = readConfigurations(folder);
  const folders = Object.entries(PART_FOLDER).map(([part, name]) => [part as Part, join(folder, name)] as const);
  if (variant !== undefined) {
    requireVariant(
      folder,
      folders.map(([, path]) => path),
      variant,
    );
  }
  const files = [...configs.files];
  for (const [part, path] of folders) files.push(...(await readPartWeights(parts[part], part, path, variant)));
  return { ...configs, files };
}

/** The checkpoint with another autoencoder in place of its own. */
async function withVae(
  configs: Configurations,
  parts: Record<Part, TableBuilder>,
  { vae, variant }: CheckpointOptions,
): Promise<Configurations> {
  if (vae === undefined) return configs;
  const { config, table, files } = await openVae(findModel(vae), configs, variant);
  const replaced = new Set([...parts.vae.weights.values()].map(({ file }) => file));
  const kept = new Set([...parts.unet.weights.values(), ...parts.text.weights.values()].map(({ file }) => file));
  parts.vae = table;
  const isOwn = (file: string): boolean =>
    /[\\/]vae[\\/]config\.json$/.test(file) || (replaced.has(file) && !kept.has(file));
  return { ...configs, vae: config, files: [...configs.files.filter((file) => !isOwn(file)), ...files] };
}

/** Checks the configurations against the tensors before anything is built from them. */
function checkSizes(path: string, parts: Record<Part, TableBuilder>, configs: Configurations): void {
  for (const [part, name, shape] of tellingWeights(configs)) {
    const { weights, unsupported } = parts[part];
    const foreign = unsupported.get(name);
    if (foreign) throw unsupportedType(foreign.file, foreign.nameInFile, foreign.dtype);
    requireWeight(weights, name, shape, `${path}: ${PART_NAME[part]}`);
  }
}

/** Checks that the parts fit each other. */
function checkFit(path: string, { unet, vae, text, tokenizer }: Configurations): void {
  const other = otherUnet(unet.inChannels);
  if (other && vae.latentChannels === 4) throw new UsageError(`${path}: ${other}`);
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
