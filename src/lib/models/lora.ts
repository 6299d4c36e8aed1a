// Applies LoRA files to a checkpoint: which layers they update, with which weights, at which scale.

import type { WeightSource } from '../engine/program.js';
import type { TensorEntry } from '../tensor/safetensors.js';
import type { Checkpoint } from './checkpoint.js';
import { readLoraFile } from './lora-file.js';
import type { Adapter } from './scope.js';
import { originalNames } from './single-file.js';

/** A LoRA file and how strongly it is applied; 1, as it was trained, by default. */
export interface LoraRequest {
  /** Path of the safetensors file. */
  file: string;
  /** Factor of the update; 1 by default. */
  scale?: number;
}

/** The low-rank updates of all files, by layer, and where their weights lie. */
export interface Loras {
  readonly unet: ReadonlyMap<string, readonly Adapter[]>;
  readonly text: ReadonlyMap<string, readonly Adapter[]>;
  readonly weights: WeightSource;
}

/**
 * Reads LoRA files for a checkpoint; several add up. Layers that the checkpoint does not have are reported and left out.
 *
 * @throws UsageError when a file cannot be read, or updates no layer of this checkpoint
 */
export async function openLoras(
  requests: readonly LoraRequest[],
  checkpoint: Checkpoint,
  onWarning: (message: string) => void,
): Promise<Loras> {
  const found = { unet: new Map<string, Adapter[]>(), text: new Map<string, Adapter[]>() };
  const weights = new Map<string, TensorEntry>();
  const layers = { unet: layersOf(checkpoint.unet.weights), text: layersOf(checkpoint.textEncoder.weights) };
  const names = originalNames(checkpoint.unet.config, checkpoint.vae.config);
  for (const [index, { file, scale = 1 }] of requests.entries()) {
    const { updates, unmatched } = await readLoraFile(file, layers, names);
    if (unmatched.length > 0) {
      const list = unmatched.map(({ key, reason }) => `${key} (${reason})`).join(', ');
      onWarning(`${file}: ${unmatched.length} entries match no layer and were left out: ${list}`);
    }
    for (const { model, path, down, up, rank, alpha } of updates) {
      const name = (side: string): string => `lora.${index}.${model}.${path}.${side}`;
      weights.set(name('down'), down).set(name('up'), up);
      const adapter: Adapter = {
        down: { name: name('down'), shape: down.shape },
        up: { name: name('up'), shape: up.shape },
        scale: (scale * (alpha ?? rank)) / rank,
      };
      found[model].set(path, [...(found[model].get(path) ?? []), adapter]);
    }
  }
  return { ...found, weights };
}

/** Layers that have a weight matrix, by path, with its shape. */
function layersOf(table: ReadonlyMap<string, TensorEntry>): ReadonlyMap<string, readonly number[]> {
  const layers = new Map<string, readonly number[]>();
  for (const [name, { shape }] of table) {
    if (name.endsWith('.weight')) layers.set(name.slice(0, -'.weight'.length), shape);
  }
  return layers;
}
