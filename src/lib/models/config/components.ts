// Reads the `config.json` of VAE and text encoder as diffusers and transformers write them. Unsupported settings are refused
// here, by file, key and value. Defaults are the published Stable Diffusion 1.x checkpoint.

import { z } from 'zod';
import type { TextConfig, VaeConfig } from './config.js';
import { blocks, count, counts, type Json, layers, mismatch, only, size } from './fields.js';
import { parseJson } from './json-file.js';

/** diffusers' name of the tiny autoencoder. */
const TINY = 'AutoencoderTiny';

const vaeSchema = z.looseObject({
  _class_name: only('AutoencoderKL', TINY),
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

const tinySchema = z.looseObject({
  _class_name: only(TINY),
  in_channels: count.default(3),
  out_channels: count.default(3),
  latent_channels: count.default(4),
  encoder_block_out_channels: counts.default([64, 64, 64, 64]),
  decoder_block_out_channels: counts.default([64, 64, 64, 64]),
  num_encoder_blocks: z.array(layers).default([1, 3, 3, 3]),
  num_decoder_blocks: z.array(layers).default([3, 3, 3, 1]),
  act_fn: only('relu'),
  upsample_fn: only('nearest'),
  upsampling_scaling_factor: only(2),
  scaling_factor: z.number().positive().default(1),
  shift_factor: only(0, null),
});

/** Whether a configuration is that of an autoencoder, full or tiny. */
export function isVae(json: unknown): boolean {
  const name = (json as { _class_name?: unknown } | null)?._class_name;
  return name === 'AutoencoderKL' || name === TINY;
}

/** Reads the `config.json` of a tiny autoencoder; without any, that of the published one. */
export function tinyVaeConfig(json: unknown, where: string): VaeConfig {
  const c = parseJson(json, tinySchema, where);
  const levels = (kind: 'encoder' | 'decoder') => {
    const channels = c[`${kind}_block_out_channels`];
    const blocks = c[`num_${kind}_blocks`];
    if (blocks.length !== channels.length) {
      const expected = `${channels.length} of them, as many as ${kind}_block_out_channels`;
      throw mismatch(where, `num_${kind}_blocks`, blocks, expected);
    }
    return channels.map((width, i) => ({ channels: width, blocks: blocks[i] }));
  };
  const tiny = { encoder: levels('encoder'), decoder: levels('decoder') };
  if (tiny.decoder.length !== tiny.encoder.length) {
    throw mismatch(
      where,
      'num_decoder_blocks',
      c.num_decoder_blocks,
      `${tiny.encoder.length} levels, as the encoder has`,
    );
  }
  return {
    ...{ inChannels: c.in_channels, outChannels: c.out_channels, latentChannels: c.latent_channels },
    ...{ blockOutChannels: c.encoder_block_out_channels, scalingFactor: c.scaling_factor, tiny },
    // What only the full autoencoder has.
    ...{ layersPerBlock: 0, normGroups: 1, midBlockAttention: false, sampleSize: 512 },
    raw: json as Json,
  };
}

/**
 * Reads a VAE's `config.json`; `where` is its path, for errors.
 *
 * @throws UsageError naming file, key and value of what is not supported or does not fit together
 */
export function vaeConfig(json: unknown, where: string): VaeConfig {
  if ((json as Json | null)?._class_name === TINY) return tinyVaeConfig(json, where);
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
