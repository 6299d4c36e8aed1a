// Applies LoRA files to a checkpoint: the updated layers, their weights and scales.

import type { WeightSource } from '../../engine/program.js';
import type { TensorEntry } from '../../tensor/safetensors.js';
import type { Tensor } from '../../tensor/tensor.js';
import type { Checkpoint } from '../checkpoint/checkpoint.js';
import { originalNames } from '../checkpoint/single-file.js';
import type { Adapter, NamedWeight } from '../networks/scope.js';
import { type LoraCheckpoint, type LoraFile, readLoraFile } from './file.js';
import { loraSources } from './source.js';
import type { LoraTensor, LoraUpdate } from './update.js';

/**
 * A LoRA and its strength; 1, as trained, by default.
 *
 * @inline
 */
export interface LoraRequest {
  /** Path of the safetensors file, or of the folder that PEFT or diffusers wrote. */
  file: string;
  /** Factor of the update; 1 by default. */
  scale?: number;
}

/** The updates of all files by layer, and the places of their weights. */
export interface Loras {
  readonly unet: ReadonlyMap<string, readonly Adapter[]>;
  readonly text: ReadonlyMap<string, readonly Adapter[]>;
  readonly weights: WeightSource;
}

/** Most unmatched layers that a warning names. */
const NAMED = 3;

/**
 * Reads LoRA files for a checkpoint; several add up. Layers that the checkpoint lacks are reported and skipped.
 *
 * @throws UsageError when a file cannot be read, was made for another model, or updates no layer of this checkpoint
 */
export async function openLoras(
  requests: readonly LoraRequest[],
  checkpoint: Checkpoint,
  onWarning: (message: string) => void,
): Promise<Loras> {
  const found = { unet: new Map<string, Adapter[]>(), text: new Map<string, Adapter[]>() };
  const weights = new Map<string, TensorEntry | Tensor>();
  for (const [index, { file, scale = 1 }] of requests.entries()) {
    for (const { updates, unmatched } of await readLora(file, checkpoint)) {
      if (unmatched.length > 0) {
        const names = unmatched.slice(0, NAMED).map(({ key, reason }) => `${key} (${reason})`);
        const more = unmatched.length > NAMED ? ` and ${unmatched.length - NAMED} more` : '';
        onWarning(
          `${file}: ${unmatched.length} of its layers match nothing and were left out: ${names.join(', ')}${more}; 'steadyframe info ${file} --model MODEL' lists all`,
        );
      }
      for (const update of updates) {
        const place = `lora.${index}.${update.model}.${update.path}`;
        const named = (side: string, value: LoraTensor): NamedWeight => {
          weights.set(`${place}.${side}`, value);
          return { name: `${place}.${side}`, shape: value.shape };
        };
        const before = found[update.model].get(update.path) ?? [];
        found[update.model].set(update.path, [...before, adapterOf(update, scale, named)]);
      }
    }
  }
  return { ...found, weights };
}

/**
 * The updates of a LoRA's file, or of both files of a folder.
 *
 * @throws UsageError as `openLoras`
 */
export async function readLora(path: string, checkpoint: Checkpoint): Promise<LoraFile[]> {
  const { unet, vae, textEncoder } = checkpoint;
  const known: LoraCheckpoint = {
    layers: { unet: layersOf(unet.weights), text: layersOf(textEncoder.weights) },
    original: originalNames(unet.config, vae.config),
    contextWidth: textEncoder.config.hiddenSize,
    generation: unet.config.linearProjection ? '2.x' : '1.x',
  };
  const files: LoraFile[] = [];
  for (const source of loraSources(path)) files.push(await readLoraFile(source, known));
  return files;
}

function adapterOf(
  update: LoraUpdate,
  strength: number,
  named: (side: string, value: LoraTensor) => NamedWeight,
): Adapter {
  const { rank, alpha, magnitude } = update;
  const scale = (alpha ?? rank) / rank;
  const isPlain = update.kind === 'low-rank' && magnitude === null;
  if (isPlain)
    return { down: named('down', update.down), up: named('up', update.up), scale: (strength * (alpha ?? rank)) / rank };
  const pairs =
    update.kind === 'low-rank'
      ? [[named('up', update.up), named('down', update.down)] as const]
      : ([0, 2] as const).map(
          (i) => [named(`${i}`, update.factors[i]), named(`${i + 1}`, update.factors[i + 1])] as const,
        );
  return { pairs, scale, strength, magnitude: magnitude && named('magnitude', magnitude) };
}

/** Layers that have a weight matrix, by path, with its shape. */
function layersOf(table: ReadonlyMap<string, TensorEntry>): ReadonlyMap<string, readonly number[]> {
  const layers = new Map<string, readonly number[]>();
  for (const [name, { shape }] of table) {
    if (name.endsWith('.weight')) layers.set(name.slice(0, -'.weight'.length), shape);
  }
  return layers;
}
