// Reads the `config.json` of VAE and text encoder as diffusers and transformers write them. Unsupported settings are refused
// here, by file, key and value. Defaults are the published Stable Diffusion 1.x checkpoint.

import { z } from 'zod';
import type { TextConfig, VaeConfig } from './config.js';
import { blocks, count, counts, type Json, layers, mismatch, only, size } from './fields.js';
import { parseJson } from './json-file.js';

const vaeSchema = z.looseObject({
  _class_name: only('AutoencoderKL'),
  in_channels: count.default(3),
  out_channels: count.default(3),
  latent_channels: count.default(4),
  block_out_channels: counts.default([128, 256, 512, 512]),
  layers_per_block: layers.default(2),
  norm_num_groups: count.default(32),
  scaling_factor: z.number().positive().default(0.18215),
  mid_block_add_attention: z.boolean().default(true),
  sample_size: size.nullish().transform((side) => side ?? 512),
  down_block_types: blocks({ DownEncoderBlock2D: 'plain' }).optional(),
  up_block_types: blocks({ UpDecoderBlock2D: 'plain' }).optional(),
  act_fn: only('silu', 'swish'),
  latents_mean: only(null),
  latents_std: only(null),
  shift_factor: only(null),
  use_post_quant_conv: only(true),
  use_quant_conv: only(true),
});

/**
 * Reads a VAE's `config.json`; `where` is its path, for errors.
 *
 * @throws UsageError naming file, key and value of what is not supported or does not fit together
 */
export function vaeConfig(json: unknown, where: string): VaeConfig {
  const c = parseJson(json, vaeSchema, where);
  const channels = c.block_out_channels;
  const wrong = (key: string, expected: string) => mismatch(where, key, (json as Json)[key], expected);
  for (const key of ['down_block_types', 'up_block_types'] as const) {
    if (c[key] && c[key].length !== channels.length)
      throw wrong(key, `${channels.length} of them, as many as block_out_channels`);
  }
  const odd = channels.find((width) => width % c.norm_num_groups !== 0);
  if (odd !== undefined) throw wrong('norm_num_groups', `a divisor of ${odd}, the channels of a level`);
  return {
    inChannels: c.in_channels,
    outChannels: c.out_channels,
    latentChannels: c.latent_channels,
    blockOutChannels: channels,
    layersPerBlock: c.layers_per_block,
    normGroups: c.norm_num_groups,
    scalingFactor: c.scaling_factor,
    midBlockAttention: c.mid_block_add_attention,
    sampleSize: c.sample_size,
    raw: json as Json,
  };
}

const textSchema = z.looseObject({
  model_type: only('clip_text_model'),
  vocab_size: count.default(49408),
  hidden_size: count.default(768),
  intermediate_size: count.default(3072),
  num_hidden_layers: layers.default(12),
  num_attention_heads: count.default(12),
  max_position_embeddings: count.default(77),
  hidden_act: z.enum(['quick_gelu', 'gelu'], { error: () => 'expected "quick_gelu" or "gelu"' }).default('quick_gelu'),
  layer_norm_eps: z.number().positive().default(1e-5),
});

/**
 * Reads a text encoder's `config.json`; `where` is its path, for errors.
 *
 * @throws UsageError naming file, key and value of what is not supported or does not fit together
 */
export function textConfig(json: unknown, where: string): TextConfig {
  const c = parseJson(json, textSchema, where);
  if (c.hidden_size % c.num_attention_heads !== 0) {
    throw mismatch(where, 'num_attention_heads', c.num_attention_heads, `a divisor of hidden_size, ${c.hidden_size}`);
  }
  return {
    vocabSize: c.vocab_size,
    hiddenSize: c.hidden_size,
    intermediateSize: c.intermediate_size,
    layers: c.num_hidden_layers,
    heads: c.num_attention_heads,
    maxPositions: c.max_position_embeddings,
    activation: c.hidden_act,
    layerNormEps: c.layer_norm_eps,
    raw: json as Json,
  };
}
