// Finds out which model a LoRA was made for, from its names, metadata and widths, and refuses files made for another one.

import { UsageError } from '../../base/errors.js';
import type { LoraModel } from './keys.js';

/** The checkpoint that a file must fit. */
export interface LoraTarget {
  /** Width of the text encoder's hidden states. */
  readonly contextWidth: number;
  readonly generation: '1.x' | '2.x';
}

const TRANSFORMER = 'a transformer model (Flux, Stable Diffusion 3 or the like)';

/**
 * Names of layers that only other models have. `transformer_blocks` of one UNet level are numbered beyond 0 in SDXL only.
 */
const FOREIGN: readonly (readonly [RegExp, string])[] = [
  [/(^|[._])(double|single)_blocks[._]|single_transformer_blocks/, 'Flux'],
  [/(^|[._])joint_blocks[._]|^lora_te3_|^text_encoder_3\./, 'Stable Diffusion 3'],
  [/^(lora_)?transformer[._]|^diffusion_model\.(blocks|layers)\.|^lora_unet_(blocks|layers)_\d/, TRANSFORMER],
  [/motion_modules|temporal_transformer/, "AnimateDiff's motion modules"],
  [/^lora_te2_|^text_encoder_2\.|(^|[._])(add_embedding|label_emb)[._]/, 'SDXL'],
  [/(input_blocks_\d+_\d+|output_blocks_\d+_\d+|middle_block_\d+|attentions_\d+)_transformer_blocks_[1-9]/, 'SDXL'],
  [
    /(attentions\.\d+|input_blocks\.\d+\.\d+|output_blocks\.\d+\.\d+|middle_block\.\d+)\.transformer_blocks\.[1-9]/,
    'SDXL',
  ],
];

/** Spellings of the base model in the metadata of trainers. */
const METADATA: readonly (readonly [RegExp, string])[] = [
  [/sdxl|stable-diffusion-xl/i, 'SDXL'],
  [/flux/i, 'Flux'],
  [/sd3|stable-diffusion-3|stable-diffusion-v3/i, 'Stable Diffusion 3'],
  [/^sd_?v?2|stable-diffusion-v?2/i, '2.x'],
  [/^sd_?v?1|stable-diffusion-v?1/i, '1.x'],
];
const METADATA_KEYS = ['modelspec.architecture', 'ss_base_model_version'] as const;

/** Models by the width of their text context. */
const WIDTHS: Readonly<Record<number, string>> = { 768: '1.x', 1024: '2.x', 1280: 'the refiner of SDXL', 2048: 'SDXL' };

/** The name of the published models with this width of the text context, if there are any. */
export function modelOfWidth(width: number): string | undefined {
  return WIDTHS[width] && nameOf(WIDTHS[width]);
}

const nameOf = (origin: string): string => (/^\d/.test(origin) ? `Stable Diffusion ${origin}` : origin);

/** The evidence of a file's origin. */
export interface LoraEvidence {
  readonly file: string;
  /** Names of layers that the checkpoint does not have. */
  readonly unknownLayers: Iterable<string>;
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * Refuses a file that names layers of another model, or whose metadata name one.
 *
 * @throws UsageError naming the model
 */
export function refuseOtherOrigin({ file, unknownLayers, metadata }: LoraEvidence, { generation }: LoraTarget): void {
  for (const layer of unknownLayers) {
    const foreign = FOREIGN.find(([pattern]) => pattern.test(layer));
    if (foreign) throw madeFor(file, foreign[1], generation);
  }
  const said = METADATA_KEYS.map((key) => metadata[key] ?? '').find((text) => text !== '');
  const origin = METADATA.find(([pattern]) => pattern.test(said ?? ''))?.[1];
  if (origin !== undefined && origin !== generation) throw madeFor(file, origin, generation);
}

/** A layer that a file updates. */
export interface UpdatedLayer {
  readonly file: string;
  readonly model: LoraModel;
  readonly path: string;
  readonly target: LoraTarget;
}

/**
 * The error about an update that does not fit its layer.
 *
 * @param what the sizes that do not fit, as part of the sentence
 * @param inputs width of the update's input, where it is known
 */
export function otherSizes({ file, model, path, target }: UpdatedLayer, what: string, inputs?: number): UsageError {
  const { contextWidth, generation } = target;
  const attends = model === 'unet' && /\.attn2\.to_[kv]$/.test(path);
  const isText = model === 'text' && !path.endsWith('fc2');
  const origin = inputs !== undefined && inputs !== contextWidth && (attends || isText) ? WIDTHS[inputs] : undefined;
  if (origin !== undefined && origin !== generation) return madeFor(file, origin, generation);
  return new UsageError(
    `${file}: this LoRA was made for another model than this checkpoint: at ${path} ${what}; use one that fits the checkpoint`,
  );
}

function madeFor(file: string, origin: string, generation: LoraTarget['generation']): UsageError {
  return new UsageError(
    `${file}: this LoRA was made for ${nameOf(origin)}, the checkpoint is Stable Diffusion ${generation}; use a LoRA for ${generation}`,
  );
}
