// Names of tensors in LoRA files: which layer of which model each belongs to, and as what. Covers what diffusers, PEFT
// and kohya's trainer write, older forms included. Reads no files.

import { type NamePair, ORIGINAL_PREFIX } from './single-file.js';

/** The models that a LoRA file can update. */
export type LoraModel = 'unet' | 'text';

/** Layers that can be updated, by path, with the shape of their weight. */
export type KnownLayers = Readonly<Record<LoraModel, ReadonlyMap<string, readonly number[]>>>;

/** What a tensor is to its layer: output + scale up(down(x)), or something that is not applied, for a reason. */
export type LoraRole = 'down' | 'up' | 'alpha' | { readonly reason: string };

/** A key taken apart; `layer` is the layer's name as the file spells it. */
export interface LoraKey {
  readonly layer: string;
  readonly role: LoraRole;
}

const NOT_APPLIED = (kind: string) => ({ reason: `${kind} is not supported` });

/** Ends of keys. The first that matches counts; what precedes it names the layer. */
const ROLES: readonly (readonly [RegExp, LoraRole])[] = [
  [/(\.lora_A(\.[^.]+)?|\.lora_down|\.lora\.down|\.lora_linear_layer\.down|_lora\.down)\.weight$/, 'down'],
  [/(\.lora_B(\.[^.]+)?|\.lora_up|\.lora\.up|\.lora_linear_layer\.up|_lora\.up)\.weight$/, 'up'],
  [/\.alpha$/, 'alpha'],
  [/\.(dora_scale|lora_magnitude_vector(\.[^.]+)*)$/, NOT_APPLIED('DoRA')],
  [/\.hada_[^.]+$/, NOT_APPLIED('LoHa')],
  [/\.lokr_[^.]+$/, NOT_APPLIED('LoKr')],
  [/\.(oft_[^.]+|oft_blocks)$/, NOT_APPLIED('OFT')],
  [/\.(a1|a2|b1|b2)\.weight$/, NOT_APPLIED('GLoRA')],
  [/\.lora_mid\.weight$/, NOT_APPLIED('a convolution in three factors (lora_mid)')],
  [
    /\.(diff|diff_b|w_norm|b_norm|on_input|lora_B(\.[^.]+)?\.bias)$/,
    NOT_APPLIED('a change of weights that is not of low rank'),
  ],
];

/** Takes a key apart; undefined when it is none of a LoRA file's. */
export function parseLoraKey(key: string): LoraKey | undefined {
  for (const [end, role] of ROLES) {
    const match = end.exec(key);
    if (match) return { layer: key.slice(0, match.index), role };
  }
  return undefined;
}

/** Finds layers by the names that LoRA files give them. */
export type LayerFinder = (layer: string) => { model: LoraModel; path: string } | undefined;

/**
 * Makes a finder for the layers of a checkpoint. Names with underscores for dots are resolved against the known layers,
 * so nothing is guessed; `original` adds the UNet's names in the single-file layout.
 */
export function layerFinder(known: KnownLayers, original: readonly NamePair[] = []): LayerFinder {
  const underscored = new Map<string, { model: LoraModel; path: string }>();
  const flat = (path: string) => path.replaceAll('.', '_');
  for (const path of known.unet.keys()) {
    underscored.set(`lora_unet_${flat(path)}`, { model: 'unet', path });
    const pair = original.find(({ part, diffusers }) => part === 'unet' && `${path}.`.startsWith(diffusers));
    if (!pair) continue;
    const inFile = pair.original.slice(ORIGINAL_PREFIX.unet.length) + `${path}.`.slice(pair.diffusers.length);
    underscored.set(`lora_unet_${flat(inFile.slice(0, -1))}`, { model: 'unet', path });
  }
  for (const path of known.text.keys()) {
    for (const prefix of ['lora_te_text_model_', 'lora_te1_text_model_', 'lora_te_']) {
      underscored.set(prefix + flat(path), { model: 'text', path });
    }
  }
  return (layer) => {
    const kohya = underscored.get(layer);
    if (kohya) return kohya;
    const name = layer.replace(/^base_model\.model\./, '');
    const [, prefix, rest] = /^(unet\.|text_encoder\.)?(.*)$/s.exec(name)!;
    if (prefix !== 'text_encoder.') {
      const path = rest.replace(/\.processor\.to_/, '.to_').replace(/\.to_out$/, '.to_out.0');
      if (known.unet.has(path)) return { model: 'unet', path };
    }
    if (prefix !== 'unet.') {
      const path = rest
        .replace(/^text_model\./, '')
        .replace(/\.self_attn\.to_([qkv])$/, '.self_attn.$1_proj')
        .replace(/\.self_attn\.to_out$/, '.self_attn.out_proj');
      if (known.text.has(path)) return { model: 'text', path };
    }
    return undefined;
  };
}
