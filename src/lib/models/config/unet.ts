// Reads a UNet's `config.json` as diffusers writes it. Unsupported settings are refused here, by file, key and value.
// Defaults are the published Stable Diffusion 1.x checkpoint.

import { z } from 'zod';
import { given } from '../../base/given.js';
import type { BlockKind, UNetConfig } from './config.js';
import { blocks, count, counts, type Json, layers, mismatch, only, size } from './fields.js';
import { parseJson } from './json-file.js';

const unetSchema = z.looseObject({
  _class_name: only('UNet2DConditionModel'),
  in_channels: count.default(4),
  out_channels: count.default(4),
  block_out_channels: counts.default([320, 640, 1280, 1280]),
  layers_per_block: z.union([layers, z.array(layers).min(1)]).default(2),
  down_block_types: blocks<BlockKind>({ CrossAttnDownBlock2D: 'cross', DownBlock2D: 'plain' }).default([
    'cross',
    'cross',
    'cross',
    'plain',
  ]),
  mid_block_type: only('UNetMidBlock2DCrossAttn'),
  up_block_types: blocks<BlockKind>({ CrossAttnUpBlock2D: 'cross', UpBlock2D: 'plain' }).default([
    'plain',
    'cross',
    'cross',
    'cross',
  ]),
  cross_attention_dim: count.default(768),
  attention_head_dim: z.union([count, counts]).default(8),
  norm_num_groups: count.default(32),
  norm_eps: z.number().positive().default(1e-5),
  use_linear_projection: z.boolean().default(false),
  sample_size: size.nullish().transform((side) => side ?? 64),
  flip_sin_to_cos: z.boolean().default(true),
  freq_shift: z.number().default(0),
  time_cond_proj_dim: count.nullish(),
  // The following settings belong to other architectures.
  act_fn: only('silu', 'swish'),
  addition_embed_type: only(null),
  attention_type: only('default'),
  center_input_sample: only(false),
  class_embed_type: only(null),
  class_embeddings_concat: only(false),
  conv_in_kernel: only(3),
  conv_out_kernel: only(3),
  cross_attention_norm: only(null),
  downsample_padding: only(1),
  dual_cross_attention: only(false),
  encoder_hid_dim: only(null),
  encoder_hid_dim_type: only(null),
  mid_block_only_cross_attention: only(null, false),
  mid_block_scale_factor: only(1),
  num_attention_heads: only(null),
  num_class_embeds: only(null),
  only_cross_attention: z.union([only(false), z.array(z.literal(false))], { error: () => 'expected false' }),
  projection_class_embeddings_input_dim: only(null),
  resnet_out_scale_factor: only(1),
  resnet_skip_time_act: only(false),
  resnet_time_scale_shift: only('default'),
  reverse_transformer_layers_per_block: only(null),
  time_embedding_act_fn: only(null),
  time_embedding_dim: only(null),
  time_embedding_type: only('positional'),
  timestep_post_act: only(null),
  transformer_layers_per_block: z.union([only(1), z.array(z.literal(1))], { error: () => 'expected 1' }),
});

/**
 * Reads a UNet's `config.json`; `where` is its path, for errors.
 *
 * @throws UsageError naming file, key and value of what is not supported or does not fit together
 */
export function unetConfig(json: unknown, where: string): UNetConfig {
  const c = parseJson(json, unetSchema, where);
  const channels = c.block_out_channels;
  const wrong = (key: string, expected: string) => mismatch(where, key, (json as Json)[key], expected);
  for (const key of ['down_block_types', 'up_block_types'] as const) {
    if (c[key].length !== channels.length)
      throw wrong(key, `${channels.length} of them, as many as block_out_channels`);
  }
  const guidanceDim = c.time_cond_proj_dim ?? undefined;
  if (guidanceDim !== undefined && (guidanceDim < 4 || guidanceDim % 2 !== 0)) {
    throw wrong('time_cond_proj_dim', 'an even number from 4 on');
  }
  const perBlock = same(c.layers_per_block);
  if (perBlock === undefined) throw wrong('layers_per_block', 'the same number on every level');
  const heads =
    typeof c.attention_head_dim === 'number'
      ? channels.map(() => c.attention_head_dim as number)
      : c.attention_head_dim;
  if (heads.length !== channels.length)
    throw wrong('attention_head_dim', `${channels.length} head counts, as many as levels`);
  channels.forEach((width, level) => {
    if (width % c.norm_num_groups !== 0)
      throw wrong('norm_num_groups', `a divisor of ${width}, the channels of level ${level}`);
    const attends =
      c.down_block_types[level] === 'cross' ||
      c.up_block_types[channels.length - 1 - level] === 'cross' ||
      level === channels.length - 1;
    if (attends && width % heads[level] !== 0)
      throw wrong('attention_head_dim', `a divisor of ${width}, the channels of level ${level}`);
  });
  return {
    inChannels: c.in_channels,
    outChannels: c.out_channels,
    blockOutChannels: channels,
    layersPerBlock: perBlock,
    downBlocks: c.down_block_types,
    upBlocks: c.up_block_types,
    crossAttentionDim: c.cross_attention_dim,
    heads,
    normGroups: c.norm_num_groups,
    normEps: c.norm_eps,
    linearProjection: c.use_linear_projection,
    sampleSize: c.sample_size,
    flipSinToCos: c.flip_sin_to_cos,
    freqShift: c.freq_shift,
    ...given({ guidanceDim }),
    raw: json as Json,
  };
}

/** The one value of a number or of a list of equal numbers. */
function same(value: number | readonly number[]): number | undefined {
  if (typeof value === 'number') return value;
  return value.every((each) => each === value[0]) ? value[0] : undefined;
}
