// An autoencoder in place of a checkpoint's own: a diffusers folder, or a file in either layout.

import { existsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { UsageError } from '../../base/errors.js';
import { readSafetensorsHeader, type SafetensorsHeader } from '../../tensor/safetensors.js';
import { isVae, tinyVaeConfig, vaeConfig } from '../config/components.js';
import type { UNetConfig, VaeConfig } from '../config/config.js';
import { readJsonFile } from '../config/json-file.js';
import { tellingVae } from '../config/telling-weights.js';
import { readPartWeights } from './diffusers-folder.js';
import { fromOriginal, ORIGINAL_PREFIX, originalNames } from './single-file.js';
import { addHeader, emptyTable, requireWeight, type TableBuilder } from './weight-table.js';

/** An autoencoder and its files. */
export interface OpenedVae {
  readonly config: VaeConfig;
  readonly table: TableBuilder;
  readonly files: readonly string[];
}

/** The checkpoint's own configurations, which a replacement must fit. */
export interface VaePlace {
  readonly unet: UNetConfig;
  readonly vae: VaeConfig;
}

/**
 * Opens an autoencoder for a checkpoint: the folder of one, a folder with `vae` in it, or a `.safetensors` file in
 * diffusers' or the original layout, a whole checkpoint's included. A file without `config.json` beside it has the
 * checkpoint's configuration.
 *
 * @throws UsageError when there is none, or its latents do not fit the checkpoint's UNet
 */
export async function openVae(path: string, place: VaePlace, variant: string | undefined): Promise<OpenedVae> {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (!stats)
    throw new UsageError(`${path}: there is no such file or folder; vae is a diffusers folder or a .safetensors file`);
  const opened = stats.isDirectory() ? await openFolder(path, variant) : await openFile(path, place);
  checkLatents(path, opened.config, place);
  for (const [, name, shape] of tellingVae(opened.config))
    requireWeight(opened.table.weights, name, shape, `${path}: VAE`);
  return opened;
}

async function openFolder(path: string, variant: string | undefined): Promise<OpenedVae> {
  const inside = join(path, 'vae');
  const folder = existsSync(join(inside, 'config.json')) ? inside : path;
  const configFile = join(folder, 'config.json');
  if (!existsSync(configFile)) {
    throw new UsageError(`${path}: there is no autoencoder (config.json, or vae/config.json); name its folder or file`);
  }
  const config = vaeConfig(readJsonFile(configFile), configFile);
  const table = emptyTable();
  const files = await readPartWeights(table, 'vae', folder, variant);
  return { config, table, files: [configFile, ...files] };
}

async function openFile(path: string, place: VaePlace): Promise<OpenedVae> {
  const header = await readSafetensorsHeader(path);
  const names = [...header.tensors.keys(), ...header.unsupported.keys()];
  const table = emptyTable();
  const isTiny = names.some((name) => /^(encoder|decoder)\.layers\./.test(name));
  const isFull = names.some((name) => /^(encoder|decoder)\.(down_blocks|up_blocks|mid_block)\./.test(name));
  if (isTiny || isFull) {
    const beside = join(dirname(path), 'config.json');
    const own = existsSync(beside) ? ownConfig(beside) : undefined;
    addHeader(table, 'vae', header, path);
    const config = own ?? (isTiny ? tinyVaeConfig({}, path) : place.vae);
    return { config, table, files: [...(own ? [beside] : []), path] };
  }
  // A whole checkpoint has the prefix, an autoencoder alone usually not.
  const isWhole = names.some((name) => name.startsWith(ORIGINAL_PREFIX.vae));
  const prefix = isWhole ? '' : ORIGINAL_PREFIX.vae;
  if (!isWhole && !names.some((name) => /^(encoder|decoder)\.(down|up|mid)\./.test(name))) {
    throw new UsageError(
      `${path}: there is no autoencoder of Stable Diffusion in it (its first tensor is ${names[0] ?? 'none'}); vae is a diffusers folder or a .safetensors file`,
    );
  }
  addHeader(table, 'vae', renamed(header, prefix, place), path);
  return { config: place.vae, table, files: [path] };
}

/** A header with diffusers' names in place of the original ones, without tensors of other parts. */
function renamed(
  { tensors, unsupported, ...rest }: SafetensorsHeader,
  prefix: string,
  { unet, vae }: VaePlace,
): SafetensorsHeader {
  const pairs = originalNames(unet, vae);
  const known = <T>(entries: Map<string, T>): Map<string, T> => {
    const found = new Map<string, T>();
    for (const [name, entry] of entries) {
      const weight = fromOriginal(pairs, `${prefix}${name}`);
      if (weight?.part === 'vae') found.set(weight.name, entry);
    }
    return found;
  };
  return { ...rest, tensors: known(tensors), unsupported: known(unsupported) };
}

/** The configuration beside a file, if it is that of an autoencoder. */
function ownConfig(path: string): VaeConfig | undefined {
  const json = readJsonFile(path);
  return isVae(json) ? vaeConfig(json, path) : undefined;
}

function checkLatents(path: string, vae: VaeConfig, { unet, vae: own }: VaePlace): void {
  const factor = (config: VaeConfig): number => 2 ** (config.blockOutChannels.length - 1);
  const differences: [string, number, number][] = [
    ['latents of %d channels', vae.latentChannels, unet.outChannels],
    // A tiny autoencoder's latents are scaled already.
    ...(vae.tiny ? [] : [['latents scaled by %d', vae.scalingFactor, own.scalingFactor] as [string, number, number]]),
    ['latent cells of %d pixels', factor(vae), factor(own)],
  ];
  const wrong = differences.find(([, mine, needed]) => mine !== needed);
  if (!wrong) return;
  const [what, mine, needed] = wrong;
  throw new UsageError(
    `${path}: this autoencoder has ${what.replace('%d', String(mine))} where the checkpoint's UNet was trained on ${what.replace('%d', String(needed))}; it belongs to another kind of model (SDXL's are scaled by 0.13025): take one made for Stable Diffusion 1.x and 2.x`,
  );
}
