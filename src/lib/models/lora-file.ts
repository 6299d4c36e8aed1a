// Reads LoRA files (Hu et al. 2021): low-rank updates of the layers of UNet and text encoder. How keys are named is in
// lora-keys.ts; how updates are applied is not decided here.

import { z } from 'zod';
import { UsageError } from '../base/errors.js';
import { toFloat32 } from '../tensor/half.js';
import { readSafetensorsHeader, readTensor, type SafetensorsHeader, type TensorEntry } from '../tensor/safetensors.js';
import { type KnownLayers, type LoraModel, type LoraRole, layerFinder, parseLoraKey } from './lora-keys.js';
import type { NamePair } from './single-file.js';

/**
 * The update of one layer: W + (alpha ?? rank) / rank * scale * up down. `down` is [rank, I] or [rank, I, k, k], `up`
 * [O, rank] or [O, rank, 1, 1], as many axes as the layer's own weight has.
 */
export interface LoraUpdate {
  readonly model: LoraModel;
  readonly path: string;
  readonly rank: number;
  readonly down: TensorEntry;
  readonly up: TensorEntry;
  readonly alpha: number | null;
}

/**
 * The updates that fit the checkpoint, and what else the file holds: layers (or single keys) that are left out, with
 * the reason.
 */
export interface LoraFile {
  readonly updates: readonly LoraUpdate[];
  readonly unmatched: readonly { readonly key: string; readonly reason: string }[];
}

interface Found {
  down?: TensorEntry;
  up?: TensorEntry;
  alpha?: TensorEntry;
  reason?: string;
}

/**
 * Reads a LoRA file for a checkpoint with these layers.
 *
 * @param original the checkpoint's names in the single-file layout (`originalNames`): some files call the UNet's layers
 * by them
 * @throws UsageError when the file cannot be read, or holds no update that fits
 */
export async function readLoraFile(
  file: string,
  layers: KnownLayers,
  original: readonly NamePair[] = [],
): Promise<LoraFile> {
  const header = await readSafetensorsHeader(file);
  const found = new Map<string, Found>();
  const unmatched: { key: string; reason: string }[] = [];
  for (const key of [...header.tensors.keys(), ...header.unsupported.keys()]) {
    const parsed = parseLoraKey(key);
    if (!parsed) {
      unmatched.push({ key, reason: 'not a key of a LoRA file' });
      continue;
    }
    const layer = found.get(parsed.layer) ?? {};
    found.set(parsed.layer, layer);
    place(layer, parsed.role, header, key);
  }
  const find = layerFinder(layers, original);
  const peft = peftSettings(header);
  const updates = new Map<string, LoraUpdate>();
  for (const [name, layer] of found) {
    const at = find(name);
    const reason = layer.reason ?? (at ? undefined : 'the checkpoint has no such layer');
    const update = at && !reason ? await updateOf(at.model, at.path, layer, layers, peft) : (reason ?? '');
    const id = `${at?.model} ${at?.path}`;
    if (typeof update === 'string') unmatched.push({ key: name, reason: update });
    else if (updates.has(id)) unmatched.push({ key: name, reason: `another entry updates ${update.path} already` });
    else updates.set(id, update);
  }
  if (updates.size === 0) throw nothingFits(file, unmatched);
  return { updates: [...updates.values()], unmatched };
}

function place(layer: Found, role: LoraRole, { tensors, unsupported }: SafetensorsHeader, key: string): void {
  const entry = tensors.get(key);
  if (typeof role === 'object') layer.reason = role.reason;
  else if (!entry) layer.reason = `the element type ${unsupported.get(key)} is not supported`;
  else if (layer[role]) layer.reason = `its ${role} is given twice`;
  else layer[role] = entry;
}

/** The update, or why there is none. */
async function updateOf(
  model: LoraModel,
  path: string,
  { down, up, alpha }: Found,
  layers: KnownLayers,
  peft: PeftSettings,
): Promise<LoraUpdate | string> {
  if (!down || !up) return `its ${down ? 'up' : 'down'} matrix is missing`;
  const shape = layers[model].get(path)!;
  const [outputs, inputs, ...kernel] = shape;
  const [rank] = down.shape;
  const ones = kernel.map(() => 1);
  const fittedDown = reshaped(down, [rank, inputs, ...kernel]);
  const fittedUp = reshaped(up, [outputs, rank, ...ones]);
  // An embedding is a look-up: a product with its input would be something else.
  if (shape.length < 2 || path.startsWith('embeddings.')) return 'a layer of this kind cannot be updated';
  if (!fittedDown || !fittedUp || !/float/.test(down.dtype) || !/float/.test(up.dtype)) {
    return `its ${down.dtype} [${down.shape.join(', ')}] and ${up.dtype} [${up.shape.join(', ')}] do not fit the layer's [${shape.join(', ')}]`;
  }
  const own = alpha && toFloat32(await readTensor(alpha)).data[0];
  return { model, path, rank, down: fittedDown, up: fittedUp, alpha: own ?? peft(model, path, rank) };
}

/** The entry with that shape if it differs at most in trailing sides of 1. */
function reshaped(entry: TensorEntry, shape: readonly number[]): TensorEntry | undefined {
  const core = (sides: readonly number[]) => sides.join().replace(/(,1)+$/, '');
  return entry.shape.length <= 4 && core(entry.shape) === core(shape) ? { ...entry, shape } : undefined;
}

/** Alpha by model, path and rank, as PEFT's settings in the file's metadata give it; null where they do not. */
type PeftSettings = (model: LoraModel, path: string, rank: number) => number | null;

const METADATA_KEY = 'lora_adapter_metadata';
const alphas = z.record(z.string(), z.number()).nullish();

function peftSettings({ metadata }: SafetensorsHeader): PeftSettings {
  let json: unknown = {};
  try {
    json = JSON.parse(metadata[METADATA_KEY] ?? '{}');
  } catch {
    // Not PEFT's: the matrices themselves say enough.
  }
  const settings = z.record(z.string(), z.unknown()).catch({}).parse(json);
  return (model, path, rank) => {
    const of = (key: string): unknown => settings[`${model === 'unet' ? 'unet' : 'text_encoder'}.${key}`];
    const pattern = Object.entries(alphas.catch({}).parse(of('alpha_pattern')) ?? {});
    const alpha = pattern.find(([end]) => path === end || path.endsWith(`.${end}`))?.[1] ?? of('lora_alpha');
    if (typeof alpha !== 'number') return null;
    // "Rank-stabilized" files mean alpha / sqrt(rank).
    return of('use_rslora') === true ? alpha * Math.sqrt(rank) : alpha;
  };
}

function nothingFits(file: string, unmatched: readonly { key: string; reason: string }[]): UsageError {
  if (unmatched.some(({ key }) => /^lora_te2_|^text_encoder_2\./.test(key))) {
    return new UsageError(
      `${file}: this LoRA file is for SDXL (it updates a second text encoder); use one for this checkpoint's model`,
    );
  }
  const [first] = unmatched;
  const example = first ? `${first.key}: ${first.reason}` : 'the file is empty';
  return new UsageError(
    `${file}: nothing in this file updates a layer of the checkpoint (${example}); use a LoRA file for Stable Diffusion 1.x or 2.x that fits the checkpoint`,
  );
}
