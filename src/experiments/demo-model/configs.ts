// The configuration of the demo model: the parts of Stable Diffusion 1.x at a size that 2 cores can train and run, for
// pictures of 128x128.

import { tokenIds } from '../../lib/models/checkpoint/write-checkpoint.js';
import type { Json } from '../../lib/models/config/fields.js';
import type { Vocabulary } from '../../lib/models/text/clip-bpe.js';
import { reduceVocabulary } from '../../lib/models/text/reduced-vocabulary.js';
import { clipVocabulary } from '../../lib/models/text/tokenizer.js';
import { CAPTION_WORDS } from '../../lib/world/sampling/captions.js';

/** Downsampling by 4, so that a car of 30 pixels stays visible; 0.8 M weights. */
export const VAE: Json = {
  _class_name: 'AutoencoderKL',
  act_fn: 'silu',
  in_channels: 3,
  out_channels: 3,
  latent_channels: 4,
  block_out_channels: [24, 48, 64],
  layers_per_block: 1,
  norm_num_groups: 8,
  down_block_types: ['DownEncoderBlock2D', 'DownEncoderBlock2D', 'DownEncoderBlock2D'],
  up_block_types: ['UpDecoderBlock2D', 'UpDecoderBlock2D', 'UpDecoderBlock2D'],
  sample_size: 128,
};

/** Tokens per prompt; the longest caption has 20. */
export const TOKENS = 32;
const CONTEXT = 128;

/** Attention at 16x16 cells and fewer. */
export const UNET: Json = {
  _class_name: 'UNet2DConditionModel',
  act_fn: 'silu',
  sample_size: 32,
  in_channels: 4,
  out_channels: 4,
  block_out_channels: [32, 64, 128, 192],
  layers_per_block: 1,
  down_block_types: ['DownBlock2D', 'CrossAttnDownBlock2D', 'CrossAttnDownBlock2D', 'DownBlock2D'],
  up_block_types: ['UpBlock2D', 'CrossAttnUpBlock2D', 'CrossAttnUpBlock2D', 'UpBlock2D'],
  cross_attention_dim: CONTEXT,
  attention_head_dim: 4,
  norm_num_groups: 16,
  norm_eps: 1e-5,
  flip_sin_to_cos: true,
  freq_shift: 0,
  downsample_padding: 1,
  mid_block_scale_factor: 1,
  center_input_sample: false,
};

/** Edges to residuals for that network: its down half, and a condition embedding for pictures of 4 pixels a cell. */
export const CONTROLNET: Json = {
  _class_name: 'ControlNetModel',
  ...Object.fromEntries(
    Object.entries(UNET).filter(
      ([key]) => !['_class_name', 'sample_size', 'out_channels', 'up_block_types', 'center_input_sample'].includes(key),
    ),
  ),
  conditioning_channels: 3,
  conditioning_embedding_out_channels: [16, 32, 96],
  controlnet_conditioning_channel_order: 'rgb',
  global_pool_conditions: false,
};

let reduced: Vocabulary | undefined;

/** The part of CLIP's byte-pair vocabulary that the captions of the world need; made when it is first asked for. */
export function vocabulary(): Vocabulary {
  reduced ??= reduceVocabulary(clipVocabulary(), CAPTION_WORDS);
  return reduced;
}

/** The configuration of the text encoder. */
export const textEncoder = (): Json => ({
  architectures: ['CLIPTextModel'],
  model_type: 'clip_text_model',
  hidden_size: CONTEXT,
  intermediate_size: 2 * CONTEXT,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  max_position_embeddings: TOKENS,
  projection_dim: CONTEXT,
  hidden_act: 'quick_gelu',
  layer_norm_eps: 1e-5,
  initializer_range: 0.02,
  ...tokenIds(vocabulary()),
});

/** The noise schedule of Stable Diffusion 1.x, and DDIM's steps. */
export const SCHEDULER: Json = {
  _class_name: 'DDIMScheduler',
  beta_start: 0.00085,
  beta_end: 0.012,
  beta_schedule: 'scaled_linear',
  num_train_timesteps: 1000,
  prediction_type: 'epsilon',
  clip_sample: false,
  set_alpha_to_one: false,
  steps_offset: 1,
};
