// @ts-check
// The networks of the benchmarks, as checkpoints of random weights in .cache/bench.

import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The small network (12.6 M weights in its UNet), one like the demo model's (8.6 M), and Stable Diffusion 1.5's. */
export const NETWORKS = {
  small: {
    checkpoint: {
      unet: {
        sample_size: 16,
        block_out_channels: [64, 128, 256],
        layers_per_block: 1,
        down_block_types: ['CrossAttnDownBlock2D', 'CrossAttnDownBlock2D', 'DownBlock2D'],
        up_block_types: ['UpBlock2D', 'CrossAttnUpBlock2D', 'CrossAttnUpBlock2D'],
        cross_attention_dim: 128,
        attention_head_dim: 4,
        norm_num_groups: 32,
      },
      text: { hidden_size: 128, num_attention_heads: 4 },
    },
    latents: [4, 16, 16],
    context: [16, 128],
    batch: 8,
  },
  demo: {
    checkpoint: {
      unet: {
        sample_size: 32,
        block_out_channels: [32, 64, 128, 192],
        layers_per_block: 1,
        down_block_types: ['DownBlock2D', 'CrossAttnDownBlock2D', 'CrossAttnDownBlock2D', 'DownBlock2D'],
        up_block_types: ['UpBlock2D', 'CrossAttnUpBlock2D', 'CrossAttnUpBlock2D', 'UpBlock2D'],
        cross_attention_dim: 128,
        attention_head_dim: 4,
        norm_num_groups: 32,
      },
      text: { hidden_size: 128, num_attention_heads: 4 },
    },
    latents: [4, 32, 32],
    context: [32, 128],
    batch: 16,
  },
  full: { checkpoint: { size: /** @type {const} */ ('full') }, latents: [4, 64, 64], context: [77, 768], batch: 1 },
};

/** The library's built module `path`. @param {string} path */
export const library = (path) => import(new URL(`../build/lib/${path}`, import.meta.url).href);

/** The folder of a network's checkpoint, which is written when it is missing. @param {keyof typeof NETWORKS} name */
export async function checkpointFolder(name) {
  const folder = fileURLToPath(new URL(`../.cache/bench/${name}`, import.meta.url));
  if (existsSync(folder)) return folder;
  console.error(`writing random weights to ${folder} ...`);
  const { writeRandomCheckpoint } = await library('models/checkpoint/random-checkpoint.js');
  await writeRandomCheckpoint(folder, { seed: 0, dtype: 'float32', ...NETWORKS[name].checkpoint });
  return folder;
}
