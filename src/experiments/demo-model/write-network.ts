// A trained network as a folder for diffusers and transformers: its configuration, and its weights as float16.

import { join } from 'node:path';
import { writeFileAtomic } from '../../lib/base/atomic-file.js';
import { makeFolder } from '../../lib/base/atomic-folder.js';
import { UsageError } from '../../lib/base/errors.js';
import { readJsonFile } from '../../lib/models/config/json-file.js';
import { toFloat16, toFloat32 } from '../../lib/tensor/half.js';
import { readSafetensors, writeSafetensors } from '../../lib/tensor/safetensors.js';
import type { Tensor } from '../../lib/tensor/tensor.js';
import type { Weights } from '../../lib/training/loop/adamw.js';

/** Names of the weights' file in diffusers and in transformers. */
export type WeightsFile = 'diffusion_pytorch_model.safetensors' | 'model.safetensors';

/** Writes `config.json` and the weights into `folder`, which is created. */
export async function writeNetwork(
  folder: string,
  config: Readonly<Record<string, unknown>>,
  weights: Weights,
  file: WeightsFile = 'diffusion_pytorch_model.safetensors',
): Promise<void> {
  await makeFolder(folder);
  const halves: Record<string, Tensor> = {};
  for (const [name, value] of weights) halves[name] = toFloat16(value);
  await writeSafetensors(join(folder, file), halves, { format: 'pt' });
  await writeFileAtomic(join(folder, 'config.json'), `${JSON.stringify(config, null, 2)}\n`);
}

/**
 * Reads such a folder, with weights as float32, to continue training.
 *
 * @throws UsageError when the folder does not exist
 */
export async function readNetwork(
  folder: string,
  file: WeightsFile = 'diffusion_pytorch_model.safetensors',
): Promise<{ config: Record<string, unknown>; weights: Weights }> {
  const config = readJsonFile(join(folder, 'config.json'));
  if (typeof config !== 'object' || config === null) throw new UsageError(`${folder}: config.json is not an object`);
  const tensors = await readSafetensors(join(folder, file));
  return {
    config: config as Record<string, unknown>,
    weights: new Map(Object.entries(tensors).map(([name, value]) => [name, toFloat32(value)])),
  };
}
