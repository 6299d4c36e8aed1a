// Reads LoRA files (Hu et al. 2021) and similar ones for a checkpoint: the updates of layers of UNet and text encoder.
// keys.ts has the names of keys, update.ts the content of an update; the application of updates is elsewhere.

import { UsageError } from '../../base/errors.js';
import { isForeignFloat, readForeignFloats } from '../../tensor/foreign-floats.js';
import { toFloat32 } from '../../tensor/half.js';
import { readSafetensorsHeader, readTensor, type SafetensorsHeader } from '../../tensor/safetensors.js';
import type { NamePair } from '../checkpoint/single-file.js';
import {
  type KnownLayers,
  type LayerFinder,
  type LoraModel,
  type LoraRole,
  layerFinder,
  parseLoraKey,
} from './keys.js';
import { type LoraTarget, refuseOtherOrigin } from './origin.js';
import { type PeftSettings, peftMetadata, readPeftConfig } from './peft-settings.js';
import type { LoraSource } from './source.js';
import { type LoraTensor, type LoraUpdate, loraUpdate } from './update.js';

export type { LoraUpdate } from './update.js';

/** The updates that fit the checkpoint, and the skipped layers or keys of the file with the reasons. */
export interface LoraFile {
  readonly updates: readonly LoraUpdate[];
  readonly unmatched: readonly Unmatched[];
}

/** A skipped layer or key. */
export interface Unmatched {
  readonly key: string;
  readonly reason: string;
}

/** The checkpoint that a file must fit. */
export interface LoraCheckpoint extends LoraTarget {
  readonly layers: KnownLayers;
  /** The checkpoint's names in the single-file layout (`originalNames`), which some files use for the UNet's layers. */
  readonly original: readonly NamePair[];
}

interface Found {
  tensors: Partial<Record<LoraRole, LoraTensor>>;
  peft: boolean;
  reason?: string;
}

/**
 * Reads a file for a checkpoint.
 *
 * @throws UsageError when the file cannot be read, was made for another model, has an unsupported kind of update, or no
 *   update that fits: it is applied as a whole or not at all
 */
export async function readLoraFile({ file, config, model }: LoraSource, checkpoint: LoraCheckpoint): Promise<LoraFile> {
  const header = await readSafetensorsHeader(file);
  const { found, unmatched, refused } = await collect(header);
  const find = findIn(layerFinder(checkpoint.layers, checkpoint.original), model);
  const unknownLayers = [...found.keys()].filter((layer) => find(layer) === undefined);
  refuseOtherOrigin({ file, unknownLayers, metadata: header.metadata }, checkpoint);
  if (refused !== undefined) {
    throw new UsageError(`${file}: holds ${refused}, which is not supported; use a file of LoRA, DoRA or LoHa`);
  }
  const peft = peftOf(file, header, config, found);
  const updates = new Map<string, LoraUpdate>();
  for (const [name, { tensors, reason, ...layer }] of found) {
    const at = find(name);
    if (reason !== undefined || !at) {
      unmatched.push({ key: name, reason: reason ?? 'the checkpoint has no such layer' });
      continue;
    }
    const { alpha, ...factors } = tensors;
    const parts = { ...factors, ...(alpha && { alpha: await scalarOf(file, name, alpha) }) };
    const shape = checkpoint.layers[at.model].get(at.path)!;
    const settings = (rank: number) => (layer.peft && peft ? peft(at.model, at.path, rank) : NO_SETTINGS);
    const update = loraUpdate({ file, ...at, shape, target: checkpoint, peft: settings }, parts);
    const id = `${at.model} ${at.path}`;
    if (typeof update === 'string') unmatched.push({ key: name, reason: update });
    else if (updates.has(id)) unmatched.push({ key: name, reason: `another entry updates ${update.path} already` });
    else updates.set(id, update);
  }
  if (updates.size === 0) throw nothingFits(file, unmatched);
  return { updates: [...updates.values()], unmatched };
}

const NO_SETTINGS = { rank: null, alpha: null, dora: false } as const;

/** The tensors of each layer by its name in the file; `refused` is an unsupported kind of update. */
async function collect(header: SafetensorsHeader) {
  const found = new Map<string, Found>();
  const unmatched: Unmatched[] = [];
  let refused: string | undefined;
  for (const key of [...header.tensors.keys(), ...header.foreign.keys()]) {
    const parsed = parseLoraKey(key);
    if (!parsed) {
      unmatched.push({ key, reason: 'not a key of a LoRA file' });
      continue;
    }
    const { role } = parsed;
    const layer = found.get(parsed.layer) ?? { tensors: {}, peft: false };
    found.set(parsed.layer, layer);
    layer.peft ||= parsed.peft;
    if (typeof role === 'object') {
      refused ??= role.kind;
      continue;
    }
    if (layer.tensors[role]) layer.reason = `its ${role} is given twice`;
    else {
      const entry = await tensorOf(header, key);
      if (entry) layer.tensors[role] = entry;
      else layer.reason = `the element type ${header.unsupported.get(key)} is not supported`;
    }
  }
  return { found, unmatched, refused };
}

/** A tensor's place in the file; for element types that no engine maps its numbers, undefined if they cannot be read. */
async function tensorOf(header: SafetensorsHeader, key: string): Promise<LoraTensor | undefined> {
  const entry = header.tensors.get(key);
  if (entry) return entry;
  const foreign = header.foreign.get(key)!;
  return isForeignFloat(foreign.type) ? readForeignFloats(foreign) : undefined;
}

async function scalarOf(file: string, layer: string, entry: LoraTensor): Promise<number> {
  const { data } = toFloat32('data' in entry ? entry : await readTensor(entry));
  if (data.length === 1 && Number.isFinite(data[0])) return data[0];
  throw new UsageError(
    `${file}: the alpha of ${layer} is ${data.length === 1 ? data[0] : `${data.length} numbers`}, expected a number; use the original file`,
  );
}

/** A finder restricted to one model, if the file's folder names it. */
function findIn(find: LayerFinder, model: LoraModel | null): LayerFinder {
  return (layer) => {
    const at = find(layer);
    return model === null || at?.model === model ? at : undefined;
  };
}

/** PEFT's settings: those in the file, else those beside it if the file has names of PEFT. */
function peftOf(
  file: string,
  { metadata }: SafetensorsHeader,
  config: string | null,
  found: ReadonlyMap<string, Found>,
): PeftSettings | null {
  const own = peftMetadata(metadata, file);
  if (own) return own;
  return config !== null && [...found.values()].some(({ peft }) => peft) ? readPeftConfig(config) : null;
}

function nothingFits(file: string, unmatched: readonly Unmatched[]): UsageError {
  const [first] = unmatched;
  const example = first ? `${first.key}: ${first.reason}` : 'the file is empty';
  return new UsageError(
    `${file}: nothing in this file updates a layer of the checkpoint (${example}); use a LoRA file for Stable Diffusion 1.x or 2.x that fits the checkpoint`,
  );
}
