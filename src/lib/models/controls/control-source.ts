// Opens a ControlNet for a checkpoint: a diffusers folder, or a file in either layout. Reads headers and configurations, not
// the weights.

import { existsSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { UsageError } from '../../base/errors.js';
import { readSafetensorsHeader, type SafetensorsHeader } from '../../tensor/safetensors.js';
import { readPartWeights } from '../checkpoint/diffusers-folder.js';
import {
  addHeader,
  emptyTable,
  leaveUnused,
  requireWeight,
  type TableBuilder,
  type WeightTable,
} from '../checkpoint/weight-table.js';
import type { UNetConfig } from '../config/config.js';
import { type ControlNetConfig, controlNetConfig } from '../config/controlnet.js';
import { readJsonFile } from '../config/json-file.js';
import { modelOfWidth } from '../lora/origin.js';
import { conditionFactor } from '../networks/controlnet.js';
import { controlNetWeights } from '../networks/network-weights.js';
import { CONTROL_PREFIX, fromControlNames, otherKind } from './control-names.js';

/** A ControlNet and its files. */
export interface OpenedControl {
  readonly config: ControlNetConfig;
  readonly weights: WeightTable;
  readonly files: readonly string[];
}

/** What a ControlNet must fit. */
export interface ControlPlace {
  readonly unet: UNetConfig;
  /** Pixels of a picture along one latent cell. */
  readonly vaeFactor: number;
}

const EXPECTED = 'a control is the folder of a ControlNet that diffusers wrote, or its .safetensors file';

/**
 * Opens a ControlNet. A file without `config.json` beside it has the checkpoint's configuration.
 *
 * @throws UsageError when the path is none, saying what it is, or it was made for another model
 */
export async function openControl(path: string, place: ControlPlace, variant?: string): Promise<OpenedControl> {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (!stats) throw new UsageError(`${path}: there is no such file or folder; ${EXPECTED}`);
  const { config, table, files } = stats.isDirectory()
    ? await openFolder(path, place, variant)
    : await openFile(path, place);
  checkFit(path, config, place);
  const needed = controlNetWeights(config);
  for (const [name, shape] of needed) {
    if (!table.unsupported.has(name)) requireWeight(table.weights, name, shape, `${path}: ControlNet`);
  }
  leaveUnused(table, needed);
  return { config, weights: table.weights, files };
}

type Found = Pick<OpenedControl, 'config' | 'files'> & { readonly table: TableBuilder };

async function openFolder(path: string, { unet }: ControlPlace, variant: string | undefined): Promise<Found> {
  const file = join(path, 'config.json');
  if (!existsSync(file)) throw new UsageError(`${path}: there is no config.json in it; ${EXPECTED}`);
  const json = readJsonFile(file) as { readonly _class_name?: unknown; readonly cross_attention_dim?: unknown } | null;
  // Before its other settings, which models of another width have too.
  if (json?._class_name === 'ControlNetModel') checkWidth(path, json.cross_attention_dim, unet);
  const config = controlNetConfig(json, file);
  const table = emptyTable();
  const files = await readPartWeights(table, 'unet', path, variant);
  return { config, table, files: [file, ...files] };
}

async function openFile(path: string, { unet }: ControlPlace): Promise<Found> {
  const header = await readSafetensorsHeader(path);
  const names = [...header.tensors.keys(), ...header.unsupported.keys()];
  const is = (pattern: RegExp): boolean => names.some((name) => pattern.test(name));
  const table = emptyTable();
  const isControl = is(/^controlnet_cond_embedding\./) || is(/^(control_model\.)?input_hint_block\./);
  const textKey = [...header.tensors].find(([name]) => name.endsWith('.attn2.to_k.weight'));
  if (isControl) checkWidth(path, textKey?.[1].shape[1], unet);
  const kind = otherKind(names);
  if (!isControl || kind !== undefined) {
    const first = names.length > 0 ? `its first tensor is ${names[0]}` : 'it is empty';
    throw new UsageError(`${path}: this is ${kind ?? `no ControlNet (${first})`}; ${EXPECTED}`);
  }
  const hint = is(/^control_model\./) ? `${CONTROL_PREFIX}input_hint_block` : 'input_hint_block';
  if (!is(/^controlnet_cond_embedding\./)) {
    const widths = embeddingWidths(header, (i) => `${hint}.${4 * i}.weight`);
    const nameOf = fromControlNames(unet, widths.length);
    addHeader(table, 'unet', renamed(header, nameOf), path);
    return { config: configOf(unet, widths), table, files: [path] };
  }
  addHeader(table, 'unet', header, path);
  const beside = join(dirname(path), 'config.json');
  if (existsSync(beside) && basename(path).startsWith('diffusion_pytorch_model')) {
    return { config: controlNetConfig(readJsonFile(beside), beside), table, files: [beside, path] };
  }
  const at = 'controlnet_cond_embedding';
  const widths = embeddingWidths(header, (i) => `${at}.${i === 0 ? 'conv_in' : `blocks.${2 * i - 1}`}.weight`);
  return { config: configOf(unet, widths), table, files: [path] };
}

/** The widths of the convolutions that read the condition, by the names of those that change it. */
function embeddingWidths({ tensors }: SafetensorsHeader, name: (width: number) => string): number[] {
  const widths: number[] = [];
  for (let entry = tensors.get(name(0)); entry; entry = tensors.get(name(widths.length))) widths.push(entry.shape[0]);
  return widths;
}

function configOf(unet: UNetConfig, embeddingChannels: readonly number[]): ControlNetConfig {
  return { unet, conditionChannels: 3, channelOrder: 'rgb', embeddingChannels };
}

/** A header with other names, without the tensors that have none. */
function renamed(
  { tensors, unsupported, ...rest }: SafetensorsHeader,
  nameOf: (name: string) => string | undefined,
): SafetensorsHeader {
  const known = <T>(entries: Map<string, T>): Map<string, T> =>
    new Map(
      [...entries].flatMap(([name, entry]) => {
        const own = nameOf(name);
        return own === undefined ? [] : [[own, entry] as const];
      }),
    );
  return { ...rest, tensors: known(tensors), unsupported: known(unsupported) };
}

function checkFit(path: string, config: ControlNetConfig, { unet, vaeFactor }: ControlPlace): void {
  checkWidth(path, config.unet.crossAttentionDim, unet);
  const found: readonly [string, unknown, unknown][] = [
    ['latents of %d channels', config.unet.inChannels, unet.inChannels],
    ['a UNet of %d channels', config.unet.blockOutChannels.join('-'), unet.blockOutChannels.join('-')],
    ['levels of %d layers', config.unet.layersPerBlock, unet.layersPerBlock],
    ['latent cells of %d pixels', conditionFactor(config), vaeFactor],
  ];
  const wrong = found.find(([, own, needed]) => own !== needed);
  if (!wrong) return;
  const [what, own, needed] = wrong;
  throw otherModel(path, what.replace('%d', String(own)), what.replace('%d', String(needed)));
}

/** Refuses a ControlNet that reads texts of another width, naming the models of both. */
function checkWidth(path: string, width: unknown, { crossAttentionDim: needed }: UNetConfig): void {
  if (typeof width !== 'number' || width === needed) return;
  const of = (channels: number): string => {
    const name = modelOfWidth(channels);
    return `a text encoder of ${channels} channels${name === undefined ? '' : ` (${name})`}`;
  };
  throw otherModel(path, of(width), of(needed));
}

function otherModel(path: string, own: string, needed: string): UsageError {
  return new UsageError(
    `${path}: this ControlNet was made for ${own}, the model has ${needed}; use one that was trained with this kind of model`,
  );
}
