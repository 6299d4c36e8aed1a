// @ts-check
// The smallest checkpoint that tests and fuzzing run: two levels of one layer, 8 and 16 channels; a 32x32 frame takes
// milliseconds.

/** Options of `writeRandomCheckpoint`. */
export const SMALLEST = {
  seed: 3,
  unet: {
    block_out_channels: [8, 16],
    layers_per_block: 1,
    down_block_types: ['CrossAttnDownBlock2D', 'DownBlock2D'],
    up_block_types: ['UpBlock2D', 'CrossAttnUpBlock2D'],
    attention_head_dim: 2,
    cross_attention_dim: 8,
    norm_num_groups: 4,
    sample_size: 4,
  },
  vae: { block_out_channels: [4, 4, 4, 4], layers_per_block: 1, norm_num_groups: 2 },
  text: { hidden_size: 8, intermediate_size: 16, num_hidden_layers: 1, num_attention_heads: 2, projection_dim: 8 },
};
