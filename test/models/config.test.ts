import { describe, expect, it } from 'vitest';
import { stockConfigurations } from '../../src/lib/models/checkpoint/single-file-checkpoint.js';
import { textConfig, vaeConfig } from '../../src/lib/models/config/components.js';
import { schedulerConfig } from '../../src/lib/models/config/scheduler.js';
import { unetConfig } from '../../src/lib/models/config/unet.js';

const withoutRaw = <T extends { raw: unknown }>({ raw: _, ...rest }: T) => rest;

describe('defaults', () => {
  it('are the published Stable Diffusion 1.x checkpoint, whose files are part of the package', () => {
    const stock = stockConfigurations();
    expect(withoutRaw(unetConfig({}, 'unet'))).toEqual(withoutRaw(stock.unet));
    expect(withoutRaw(vaeConfig({}, 'vae'))).toEqual(withoutRaw(stock.vae));
    expect(withoutRaw(textConfig({}, 'text'))).toEqual(withoutRaw(stock.text));
    expect(withoutRaw(schedulerConfig({}, 'scheduler'))).toEqual(withoutRaw(stock.schedule));
    expect(withoutRaw(stock.unet)).toEqual({
      inChannels: 4,
      outChannels: 4,
      blockOutChannels: [320, 640, 1280, 1280],
      layersPerBlock: 2,
      downBlocks: ['cross', 'cross', 'cross', 'plain'],
      upBlocks: ['plain', 'cross', 'cross', 'cross'],
      crossAttentionDim: 768,
      heads: [8, 8, 8, 8],
      normGroups: 32,
      normEps: 1e-5,
      linearProjection: false,
      sampleSize: 64,
      flipSinToCos: true,
      freqShift: 0,
    });
  });
});

describe('a UNet configuration', () => {
  it('takes one head count a level, block types, linear projections and null for what is not set', () => {
    const config = unetConfig(
      {
        attention_head_dim: [5, 10, 20, 20],
        cross_attention_dim: 1024,
        use_linear_projection: true,
        layers_per_block: [2, 2, 2, 2],
        sample_size: [96, 96],
        num_attention_heads: null,
        dual_cross_attention: false,
        upcast_attention: true,
        only_cross_attention: [false, false, false, false],
        transformer_layers_per_block: [1, 1, 1, 1],
        _diffusers_version: '0.8.0',
        some_future_key: 7,
      },
      'unet/config.json',
    );
    expect(config).toMatchObject({ heads: [5, 10, 20, 20], linearProjection: true, layersPerBlock: 2, sampleSize: 96 });
    expect(config.raw.some_future_key).toBe(7);
  });

  const refused: [object, string][] = [
    [
      { addition_embed_type: 'text_time' },
      'unet/config.json: addition_embed_type is "text_time" (expected null), which is not supported; use a Stable Diffusion 1.x or 2.x checkpoint',
    ],
    [{ class_embed_type: 'timestep' }, 'class_embed_type is "timestep"'],
    [{ num_class_embeds: 1000 }, 'num_class_embeds is 1000'],
    [{ dual_cross_attention: true }, 'dual_cross_attention is true (expected false)'],
    [
      { only_cross_attention: [true, true, true, false] },
      'only_cross_attention is [true,true,true,false] (expected false)',
    ],
    [{ time_cond_proj_dim: 255 }, 'time_cond_proj_dim is 255, expected an even number from 4 on'],
    [{ transformer_layers_per_block: [1, 2, 10, 10] }, 'transformer_layers_per_block is [1,2,10,10] (expected 1)'],
    [{ num_attention_heads: 8 }, 'num_attention_heads is 8'],
    [{ resnet_time_scale_shift: 'scale_shift' }, 'resnet_time_scale_shift is "scale_shift"'],
    [{ mid_block_type: 'UNetMidBlock2DSimpleCrossAttn' }, 'mid_block_type is "UNetMidBlock2DSimpleCrossAttn"'],
    [
      { down_block_types: ['AttnDownBlock2D', 'DownBlock2D', 'DownBlock2D', 'DownBlock2D'] },
      'down_block_types.0 is "AttnDownBlock2D" (expected CrossAttnDownBlock2D or DownBlock2D)',
    ],
    [{ down_block_types: ['DownBlock2D'] }, 'down_block_types is ["DownBlock2D"], expected 4 of them'],
    [{ layers_per_block: [1, 2, 2, 2] }, 'layers_per_block is [1,2,2,2], expected the same number on every level'],
    [{ attention_head_dim: [8, 8] }, 'attention_head_dim is [8,8], expected 4 head counts'],
    [{ attention_head_dim: 7 }, 'attention_head_dim is 7, expected a divisor of 320'],
    [{ norm_num_groups: 33 }, 'norm_num_groups is 33, expected a divisor of 320'],
    [{ cross_attention_dim: [768, 768] }, 'cross_attention_dim is [768,768] (expected number)'],
    [{ in_channels: 0 }, 'in_channels is 0'],
  ];
  it.each(refused)('refuses %j', (json, sentence) => {
    expect(() => unetConfig(json, 'unet/config.json')).toThrow(sentence);
  });
});

describe('other configurations', () => {
  const refused: [() => unknown, string][] = [
    [
      () => vaeConfig({ shift_factor: 0.0609 }, 'vae/config.json'),
      'vae/config.json: shift_factor is 0.0609 (expected null)',
    ],
    [() => vaeConfig({ latents_mean: [0] }, 'v'), 'latents_mean is [0]'],
    [() => vaeConfig({ _class_name: 'AutoencoderDC' }, 'v'), '_class_name is "AutoencoderDC"'],
    [
      () => vaeConfig({ _class_name: 'AutoencoderTiny', num_encoder_blocks: [1] }, 'v'),
      'num_encoder_blocks is [1], expected 4 of them, as many as encoder_block_out_channels',
    ],
    [() => vaeConfig({ _class_name: 'AutoencoderTiny', act_fn: 'silu' }, 'v'), 'act_fn is "silu"'],
    [() => vaeConfig({ use_quant_conv: false }, 'v'), 'use_quant_conv is false (expected true)'],
    [
      () => vaeConfig({ down_block_types: ['AttnDownEncoderBlock2D'] }, 'v'),
      'down_block_types.0 is "AttnDownEncoderBlock2D"',
    ],
    [
      () => textConfig({ hidden_act: 'gelu_new' }, 'text_encoder/config.json'),
      'hidden_act is "gelu_new" (expected "quick_gelu" or "gelu")',
    ],
    [() => textConfig({ model_type: 't5' }, 't'), 'model_type is "t5"'],
    [
      () => textConfig({ num_attention_heads: 5 }, 't'),
      'num_attention_heads is 5, expected a divisor of hidden_size, 768',
    ],
    [() => textConfig([], 't'), 't: its content is []'],
    [() => schedulerConfig({ prediction_type: 'sample' }, 's'), 'prediction_type is "sample"'],
    [
      () => schedulerConfig({ beta_schedule: 'laplace' }, 's'),
      's: beta_schedule is "laplace" (expected "scaled_linear", "linear", "squaredcos_cap_v2" or "sigmoid")',
    ],
    [
      () => schedulerConfig({ _class_name: 'FlowMatchEulerDiscreteScheduler', shift: 3 }, 's/scheduler_config.json'),
      's/scheduler_config.json: FlowMatchEulerDiscreteScheduler samples models that were trained by flow matching, which is not supported; use',
    ],
    [() => schedulerConfig({ _class_name: 'EDMEulerScheduler' }, 's'), 's: EDMEulerScheduler is of another kind'],
    [() => schedulerConfig({ _class_name: 'constructor' }, 's'), 's: constructor is of another kind of training'],
    [
      () => schedulerConfig({ _class_name: 'UniPCMultistepScheduler', use_flow_sigmas: true }, 's'),
      'use_flow_sigmas is true (expected false',
    ],
    [
      () => schedulerConfig({ timestep_spacing: 'karras' }, 's'),
      'timestep_spacing is "karras" (expected "leading", "t',
    ],
    [() => schedulerConfig({ steps_offset: -1 }, 's'), 'steps_offset is -1'],
    [() => schedulerConfig({ num_train_timesteps: 1e9 }, 's'), 'num_train_timesteps is 1000000000'],
    [() => schedulerConfig({ trained_betas: [0.1, 1.5] }, 's'), 'trained_betas.1 is 1.5'],
    [() => schedulerConfig(null, 's'), 's: its content is null'],
  ];
  it.each(refused)('refuse what is not supported: %s', (read, sentence) => {
    expect(read).toThrow(sentence);
  });

  it('read what is', () => {
    expect(vaeConfig({ shift_factor: null, latents_mean: null, scaling_factor: 0.2 }, 'v').scalingFactor).toBe(0.2);
    expect(textConfig({ hidden_act: 'gelu', num_hidden_layers: 23 }, 't')).toMatchObject({
      activation: 'gelu',
      layers: 23,
    });
    const json = { trained_betas: [0.1, 0.2], prediction_type: 'v_prediction', rescale_betas_zero_snr: true };
    expect(schedulerConfig(json, 's')).toMatchObject({
      trainTimesteps: 2,
      trainedBetas: [0.1, 0.2],
      predictionType: 'v_prediction',
      rescaleZeroSnr: true,
    });
    const stated = { timestep_spacing: 'trailing', steps_offset: 0, set_alpha_to_one: true };
    expect(schedulerConfig(stated, 's')).toMatchObject({ spacing: 'trailing', stepsOffset: 0, setAlphaToOne: true });
    // Classes of other samplers for the same training.
    for (const name of ['PNDM', 'EulerAncestralDiscrete', 'LCM', 'UniPCMultistep', 'KDPM2Discrete', 'FlaxDDIM']) {
      expect(schedulerConfig({ _class_name: `${name}Scheduler` }, 's').predictionType).toBe('epsilon');
    }
  });
});
