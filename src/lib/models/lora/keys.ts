// Names of tensors in LoRA files: the layer and model of each, and its role. Covers the names of diffusers, PEFT and kohya's
// trainer, older forms included. Reads no files.

import { type NamePair, ORIGINAL_PREFIX } from '../checkpoint/single-file.js';

/** The models that a LoRA file can update. */
export type LoraModel = 'unet' | 'text';

/** Layers that can be updated, by path, with the shape of their weight. */
export type KnownLayers = Readonly<Record<LoraModel, ReadonlyMap<string, readonly number[]>>>;

/** The role of a tensor in its layer's update: a factor, a number or magnitudes. See update.ts. */
export type LoraRole = 'down' | 'up' | 'alpha' | 'w1a' | 'w1b' | 'w2a' | 'w2b' | 'magnitude' | 'rowMagnitude';

/** A parsed key; `layer` is the layer's name in the file, `peft` whether the key is PEFT's. */
export interface LoraKey {
  readonly layer: string;
  /** Its role, or the name of an unsupported kind of update. */
  readonly role: LoraRole | { readonly kind: string };
  readonly peft: boolean;
}

const other = (kind: string): { readonly kind: string } => ({ kind });

/** Suffixes of keys. The first match counts; the text before it names the layer. */
const ROLES: readonly (readonly [RegExp, LoraKey['role']])[] = [
  [/(\.lora_A(\.[^.]+)?|\.lora_down|\.lora\.down|\.lora_linear_layer\.down|_lora\.down)\.weight$/, 'down'],
  [/(\.lora_B(\.[^.]+)?|\.lora_up|\.lora\.up|\.lora_linear_layer\.up|_lora\.up)\.weight$/, 'up'],
  [/\.alpha$/, 'alpha'],
  [/\.hada_w1_a(\.[^.]+)?$/, 'w1a'],
  [/\.hada_w1_b(\.[^.]+)?$/, 'w1b'],
  [/\.hada_w2_a(\.[^.]+)?$/, 'w2a'],
  [/\.hada_w2_b(\.[^.]+)?$/, 'w2b'],
  [/\.dora_scale$/, 'magnitude'],
  [/\.lora_magnitude_vector(\.[^.]+)*$/, 'rowMagnitude'],
  [/\.hada_t[12](\.[^.]+)?$/, other('LoHa in three factors (hada_t1)')],
  [/\.lokr_[^.]+(\.[^.]+)?$/, other('LoKr')],
  [/\.(oft_[^.]+|oft_blocks)(\.[^.]+)*$/, other('OFT')],
  [/\.boft_[^.]+(\.[^.]+)*$/, other('BOFT')],
  [/\.(a1|a2|b1|b2)\.weight$/, other('GLoRA')],
  [/\.(on_input|ia3_l(\.[^.]+)?)$/, other('IA3')],
  [/\.vera_lambda_[^.]+(\.[^.]+)?$/, other('VeRA')],
  [/\.lora_mid\.weight$/, other('LoRA in three factors (lora_mid)')],
  [/\.(diff|diff_b|w_norm|b_norm|set_weight)$/, other('a difference of whole weights (diff)')],
  [/\.lora_B(\.[^.]+)?\.bias$/, other('LoRA with biases (lora_bias)')],
];

const OF_PEFT = /\.(lora_(A|B|magnitude_vector)|hada_w[12]_[ab])(\.|$)/;

/** Parses a key; undefined when it is no key of a LoRA file. */
export function parseLoraKey(key: string): LoraKey | undefined {
  for (const [end, role] of ROLES) {
    const match = end.exec(key);
    if (match) return { layer: key.slice(0, match.index), role, peft: OF_PEFT.test(key) && !/^lora_/.test(key) };
  }
  return undefined;
}

/** Finds layers by their names in LoRA files. */
export type LayerFinder = (layer: string) => { model: LoraModel; path: string } | undefined;

/**
 * Creates a finder for the layers of a checkpoint. Names with underscores for dots are resolved by the known layers, without
 * guessing; `original` adds the UNet's names in the single-file layout.
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
