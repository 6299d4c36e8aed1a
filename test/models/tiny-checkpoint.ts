// A complete checkpoint of a few kilobytes with all different weights, written into a folder by tests.

import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { originalNames, toOriginal } from '../../src/lib/models/checkpoint/single-file.js';
import type { Part } from '../../src/lib/models/checkpoint/weight-table.js';
import { textConfig, vaeConfig } from '../../src/lib/models/config/components.js';
import { unetConfig } from '../../src/lib/models/config/unet.js';
import { networkWeights } from '../../src/lib/models/networks/network-weights.js';
import { toFloat16 } from '../../src/lib/tensor/half.js';
import { writeSafetensors } from '../../src/lib/tensor/safetensors.js';
import { sizeOf, type Tensor, tensor } from '../../src/lib/tensor/tensor.js';

/** The configuration files of the tiny checkpoint. */
export const TINY = {
  unet: {
    _class_name: 'UNet2DConditionModel',
    block_out_channels: [8, 16],
    layers_per_block: 1,
    down_block_types: ['CrossAttnDownBlock2D', 'DownBlock2D'],
    up_block_types: ['UpBlock2D', 'CrossAttnUpBlock2D'],
    cross_attention_dim: 8,
    attention_head_dim: 2,
    norm_num_groups: 4,
    sample_size: 4,
  },
  vae: {
    _class_name: 'AutoencoderKL',
    block_out_channels: [4, 8],
    layers_per_block: 1,
    norm_num_groups: 4,
    sample_size: 8,
  },
  text: {
    model_type: 'clip_text_model',
    vocab_size: 815,
    hidden_size: 8,
    intermediate_size: 16,
    num_hidden_layers: 2,
    num_attention_heads: 2,
    max_position_embeddings: 24,
  },
  scheduler: { _class_name: 'DDIMScheduler', beta_schedule: 'scaled_linear', prediction_type: 'epsilon' },
};

/** The tiny checkpoint's weights: float16, no two tensors alike. */
export function tinyWeights(): Record<Part, Record<string, Tensor>> {
  const shapes = networkWeights({
    ...{ unet: unetConfig(TINY.unet, 'unet'), vae: vaeConfig(TINY.vae, 'vae') },
    text: textConfig(TINY.text, 'text'),
  });
  let drawn = 0;
  const fill = (part: Part) =>
    Object.fromEntries(
      [...shapes[part]].map(([name, shape]) => {
        const values = Float32Array.from({ length: sizeOf(shape) }, () => Math.sin(++drawn * 1.7));
        return [name, toFloat16(tensor('float32', shape, values))];
      }),
    );
  return { unet: fill('unet'), vae: fill('vae'), text: fill('text') };
}

/** Writes the configurations and the tokenizer of a diffusers folder, without weights. */
export function writeConfigs(folder: string, configs: Partial<Record<keyof typeof TINY, object>> = {}): string {
  const { unet, vae, text, scheduler } = { ...TINY, ...configs };
  const files = { unet, vae, text_encoder: text };
  for (const [name, config] of Object.entries(files)) {
    mkdirSync(join(folder, name), { recursive: true });
    writeFileSync(join(folder, name, 'config.json'), JSON.stringify(config));
  }
  mkdirSync(join(folder, 'scheduler'), { recursive: true });
  writeFileSync(join(folder, 'scheduler', 'scheduler_config.json'), JSON.stringify(scheduler));
  writeFileSync(join(folder, 'model_index.json'), '{"_class_name": "StableDiffusionPipeline"}');
  cpSync(fileURLToPath(new URL('./fixtures/small-tokenizer', import.meta.url)), join(folder, 'tokenizer'), {
    recursive: true,
  });
  return folder;
}

/** Writes the whole tiny checkpoint as a diffusers folder. */
export async function writeFolder(folder: string, weights = tinyWeights()): Promise<string> {
  writeConfigs(folder);
  await writeSafetensors(join(folder, 'unet', 'diffusion_pytorch_model.safetensors'), weights.unet, { format: 'pt' });
  await writeSafetensors(join(folder, 'vae', 'diffusion_pytorch_model.safetensors'), weights.vae, { format: 'pt' });
  await writeSafetensors(join(folder, 'text_encoder', 'model.safetensors'), weights.text, { format: 'pt' });
  return folder;
}

/** The tiny checkpoint's tensors with the names of the single-file layout, the VAE's attention as 1x1 convolutions. */
export function originalTensors(weights = tinyWeights()): Record<string, Tensor> {
  const pairs = originalNames(unetConfig(TINY.unet, 'unet'), vaeConfig(TINY.vae, 'vae'));
  const out: Record<string, Tensor> = {};
  for (const part of ['unet', 'vae', 'text'] as const) {
    for (const [name, value] of Object.entries(weights[part])) {
      const conv = part === 'vae' && /attentions.*to_.*weight$/.test(name);
      out[toOriginal(pairs, part, name)!] = conv ? { ...value, shape: [...value.shape, 1, 1] } : value;
    }
  }
  return out;
}
