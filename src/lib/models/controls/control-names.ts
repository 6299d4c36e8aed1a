// Names of a ControlNet's weights in the original layout, against diffusers', and what a file of other names is.

import { downHalfNames, type Names } from '../checkpoint/single-file.js';
import type { UNetConfig } from '../config/config.js';

/** Prefix of the names in the original layout, which some files leave out. */
export const CONTROL_PREFIX = 'control_model.';

/** Kinds of files by a name in them, the most specific first. */
const KINDS: readonly (readonly [RegExp, string])[] = [
  [/^lora_controlnet$/, 'a Control-LoRA, which changes another network'],
  [/^difference$/, 'the difference of a ControlNet to its base model'],
  [/^(adapter\.)?body\.\d+\./, 'a T2I-Adapter'],
  [/(^|\.)(label_emb|add_embedding)\./, 'a ControlNet for SDXL'],
  [/^(lora_|.*\.lora_(A|B|up|down)\b)/, 'a LoRA'],
  [/motion_modules|temporal_transformer/, "AnimateDiff's motion modules"],
  [/^(model\.diffusion_model|first_stage_model|cond_stage_model)\./, 'a whole checkpoint'],
  [/^(encoder|decoder)\./, 'an autoencoder'],
  [/^(up_blocks|output_blocks)\./, 'a UNet'],
];

/** The name of what a file of these tensors is; undefined for a ControlNet and for the unknown. */
export function otherKind(names: readonly string[]): string | undefined {
  return KINDS.find(([pattern]) => names.some((name) => pattern.test(name)))?.[1];
}

/**
 * diffusers' name of a name in the original layout, with or without the prefix; undefined for names that a ControlNet of
 * this UNet does not have.
 *
 * @param widths number of widths of the condition embedding
 */
export function fromControlNames(unet: UNetConfig, widths: number): (name: string) => string | undefined {
  const names: Names[] = [
    ...downHalfNames(unet),
    ['middle_block_out.0', 'controlnet_mid_block'],
    ['input_hint_block.0', 'controlnet_cond_embedding.conv_in'],
    // Convolutions and activations alternate.
    ...Array.from(
      { length: 2 * (widths - 1) },
      (_, i): Names => [`input_hint_block.${2 * i + 2}`, `controlnet_cond_embedding.blocks.${i}`],
    ),
    [`input_hint_block.${4 * widths - 2}`, 'controlnet_cond_embedding.conv_out'],
  ];
  return (name) => {
    const bare = name.startsWith(CONTROL_PREFIX) ? name.slice(CONTROL_PREFIX.length) : name;
    const zero = /^zero_convs\.(\d+)\.0(\..*)$/.exec(bare);
    if (zero) return `controlnet_down_blocks.${zero[1]}${zero[2]}`;
    const pair = names.find(([original]) => bare.startsWith(`${original}.`));
    return pair && pair[1] + bare.slice(pair[0].length);
  };
}
