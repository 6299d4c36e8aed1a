// Names of weights in the original single-file layout (CompVis' latent diffusion), against diffusers': one reversible
// table for UNet, VAE and text encoder, built from the configuration. Files are opened in checkpoint.ts.

import type { UNetConfig, VaeConfig } from '../config/config.js';
import type { Part } from './weight-table.js';

/**
 * A layer in both layouts, or a block with the same names inside. Both names end with a dot; the text encoder is one block.
 */
export interface NamePair {
  readonly part: Part;
  readonly original: string;
  readonly diffusers: string;
}

/** Prefix of the names of each part in a single file. */
export const ORIGINAL_PREFIX: Readonly<Record<Part, string>> = {
  unet: 'model.diffusion_model.',
  vae: 'first_stage_model.',
  text: 'cond_stage_model.transformer.text_model.',
};

/** Every pair of names of a checkpoint with these configurations. */
export function originalNames(unet: UNetConfig, vae: VaeConfig): NamePair[] {
  return [
    ...unetNames(unet).map((pair) => pairOf('unet', pair)),
    ...vaeNames(vae).map((pair) => pairOf('vae', pair)),
    { part: 'text', original: ORIGINAL_PREFIX.text, diffusers: '' },
  ];
}

/** Part and diffusers' name of a name in a single file; undefined for names that the configurations do not have. */
export function fromOriginal(pairs: readonly NamePair[], name: string): { part: Part; name: string } | undefined {
  // Some merged files leave out `text_model.`.
  const full = name.replace(
    /^(cond_stage_model\.transformer\.)(?=(embeddings|encoder|final_layer_norm)\.)/,
    '$1text_model.',
  );
  const pair = pairs.find(({ original }) => full.startsWith(original));
  return pair && { part: pair.part, name: pair.diffusers + full.slice(pair.original.length) };
}

/** The name in a single file of a diffusers name; undefined for names that the configurations do not have. */
export function toOriginal(pairs: readonly NamePair[], part: Part, name: string): string | undefined {
  const pair = pairs.find((each) => each.part === part && name.startsWith(each.diffusers));
  return pair && pair.original + name.slice(pair.diffusers.length);
}

/** A layer's or a block's name in both layouts, without a dot at the end. */
export type Names = [original: string, diffusers: string];

function pairOf(part: Part, [original, diffusers]: Names): NamePair {
  return { part, original: `${ORIGINAL_PREFIX[part]}${original}.`, diffusers: `${diffusers}.` };
}

function within(original: string, diffusers: string, names: readonly Names[]): Names[] {
  return names.map(([a, b]) => [`${original}.${a}`, `${diffusers}.${b}`]);
}

const UNET_RESIDUAL: readonly Names[] = [
  ['in_layers.0', 'norm1'],
  ['in_layers.2', 'conv1'],
  ['emb_layers.1', 'time_emb_proj'],
  ['out_layers.0', 'norm2'],
  ['out_layers.3', 'conv2'],
  ['skip_connection', 'conv_shortcut'],
];

/** The names of a UNet's down blocks and middle, which a ControlNet copies. */
export function downHalfNames({ blockOutChannels, layersPerBlock, downBlocks }: UNetConfig): Names[] {
  const names: Names[] = [
    ['time_embed.0', 'time_embedding.linear_1'],
    ['time_embed.2', 'time_embedding.linear_2'],
    ['input_blocks.0.0', 'conv_in'],
    ...within('middle_block.0', 'mid_block.resnets.0', UNET_RESIDUAL),
    ['middle_block.1', 'mid_block.attentions.0'],
    ...within('middle_block.2', 'mid_block.resnets.1', UNET_RESIDUAL),
  ];
  const last = blockOutChannels.length - 1;
  // The original counts its blocks through all levels: one a layer, and one a downsampling.
  let block = 1;
  downBlocks.forEach((kind, level) => {
    for (let layer = 0; layer < layersPerBlock; layer++, block++) {
      const [at, to] = [`input_blocks.${block}`, `down_blocks.${level}`];
      names.push(...within(`${at}.0`, `${to}.resnets.${layer}`, UNET_RESIDUAL));
      if (kind === 'cross') names.push([`${at}.1`, `${to}.attentions.${layer}`]);
    }
    if (level < last) names.push([`input_blocks.${block++}.0.op`, `down_blocks.${level}.downsamplers.0.conv`]);
  });
  return names;
}

function unetNames(config: UNetConfig): Names[] {
  const { blockOutChannels, layersPerBlock, upBlocks } = config;
  const names: Names[] = [...downHalfNames(config), ['out.0', 'conv_norm_out'], ['out.2', 'conv_out']];
  const last = blockOutChannels.length - 1;
  // On the way up the upsampling belongs to the last layer's block, after its transformer if it has one.
  let block = 0;
  upBlocks.forEach((kind, level) => {
    for (let layer = 0; layer <= layersPerBlock; layer++, block++) {
      const [at, to] = [`output_blocks.${block}`, `up_blocks.${level}`];
      names.push(...within(`${at}.0`, `${to}.resnets.${layer}`, UNET_RESIDUAL));
      if (kind === 'cross') names.push([`${at}.1`, `${to}.attentions.${layer}`]);
      if (level < last && layer === layersPerBlock) {
        names.push([`${at}.${kind === 'cross' ? 2 : 1}.conv`, `${to}.upsamplers.0.conv`]);
      }
    }
  });
  return names;
}

const VAE_RESIDUAL: readonly Names[] = [
  ['norm1', 'norm1'],
  ['conv1', 'conv1'],
  ['norm2', 'norm2'],
  ['conv2', 'conv2'],
  ['nin_shortcut', 'conv_shortcut'],
];
const VAE_MIDDLE: readonly Names[] = [
  ...within('block_1', 'resnets.0', VAE_RESIDUAL),
  ['attn_1.norm', 'attentions.0.group_norm'],
  ['attn_1.q', 'attentions.0.to_q'],
  ['attn_1.k', 'attentions.0.to_k'],
  ['attn_1.v', 'attentions.0.to_v'],
  ['attn_1.proj_out', 'attentions.0.to_out.0'],
  ...within('block_2', 'resnets.1', VAE_RESIDUAL),
];

function vaeNames({ blockOutChannels, layersPerBlock }: VaeConfig): Names[] {
  const names: Names[] = [
    ['quant_conv', 'quant_conv'],
    ['post_quant_conv', 'post_quant_conv'],
  ];
  for (const side of ['encoder', 'decoder']) {
    names.push([`${side}.conv_in`, `${side}.conv_in`]);
    names.push(...within(`${side}.mid`, `${side}.mid_block`, VAE_MIDDLE));
    names.push([`${side}.norm_out`, `${side}.conv_norm_out`]);
    names.push([`${side}.conv_out`, `${side}.conv_out`]);
  }
  const last = blockOutChannels.length - 1;
  for (let level = 0; level <= last; level++) {
    const [down, up] = [`encoder.down_blocks.${level}`, `decoder.up_blocks.${level}`];
    // The original numbers the decoder's levels by resolution, diffusers by their order.
    const [downAt, upAt] = [`encoder.down.${level}`, `decoder.up.${last - level}`];
    for (let layer = 0; layer < layersPerBlock; layer++) {
      names.push(...within(`${downAt}.block.${layer}`, `${down}.resnets.${layer}`, VAE_RESIDUAL));
    }
    for (let layer = 0; layer <= layersPerBlock; layer++) {
      names.push(...within(`${upAt}.block.${layer}`, `${up}.resnets.${layer}`, VAE_RESIDUAL));
    }
    if (level < last) {
      names.push([`${downAt}.downsample.conv`, `${down}.downsamplers.0.conv`]);
      names.push([`${upAt}.upsample.conv`, `${up}.upsamplers.0.conv`]);
    }
  }
  return names;
}
