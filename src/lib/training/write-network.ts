// A trained network as a folder that diffusers opens: its configuration, and its weights as float16.

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { writeError, writeFileAtomic } from '../base/atomic-file.js';
import { toFloat16 } from '../tensor/half.js';
import { writeSafetensors } from '../tensor/safetensors.js';
import type { Tensor } from '../tensor/tensor.js';
import type { Weights } from './adamw.js';

/** Writes `config.json` and `diffusion_pytorch_model.safetensors` into `folder`, which is created. */
export async function writeNetwork(
  folder: string,
  config: Readonly<Record<string, unknown>>,
  weights: Weights,
): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
  } catch (error) {
    throw writeError(folder, error);
  }
  const halves: Record<string, Tensor> = {};
  for (const [name, value] of weights) halves[name] = toFloat16(value);
  await writeSafetensors(join(folder, 'diffusion_pytorch_model.safetensors'), halves, { format: 'pt' });
  await writeFileAtomic(join(folder, 'config.json'), `${JSON.stringify(config, null, 2)}\n`);
}
