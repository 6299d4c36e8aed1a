// A ControlNet with random weights for a test's checkpoint; its zero convolutions are not zero.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { controlNetConfig } from '../../src/lib/models/config/controlnet.js';
import { readJsonFile } from '../../src/lib/models/config/json-file.js';
import { controlNetWeights } from '../../src/lib/models/networks/network-weights.js';
import { randn } from '../../src/lib/tensor/randn.js';
import { writeSafetensors } from '../../src/lib/tensor/safetensors.js';
import { sizeOf, tensor } from '../../src/lib/tensor/tensor.js';

/** Writes it into `folder` for a checkpoint of 8 pixels a cell, and returns the folder; `config` replaces settings. */
export async function tinyControl(
  checkpoint: string,
  folder: string,
  config: Record<string, unknown> = {},
): Promise<string> {
  mkdirSync(folder);
  const unet = readJsonFile(join(checkpoint, 'unet/config.json')) as Record<string, unknown>;
  const { _class_name, up_block_types, out_channels, ...rest } = unet;
  const json = {
    _class_name: 'ControlNetModel',
    ...rest,
    conditioning_embedding_out_channels: [4, 4, 4, 4],
    ...config,
  };
  writeFileSync(join(folder, 'config.json'), JSON.stringify(json));
  let seed = 0;
  const weights = [...controlNetWeights(controlNetConfig(json, folder))].map(([key, shape]) => {
    // What is seen has to matter beside the latent.
    const gain = key.startsWith('controlnet_cond_embedding') ? 4 : 1;
    const scale = key.endsWith('.bias') ? 0.1 : gain / Math.sqrt(sizeOf(shape.slice(1)));
    return [
      key,
      tensor(
        'float32',
        shape,
        randn(seed++, [sizeOf(shape)]).data.map((value) => scale * value),
      ),
    ];
  });
  await writeSafetensors(join(folder, 'diffusion_pytorch_model.safetensors'), Object.fromEntries(weights));
  return folder;
}
