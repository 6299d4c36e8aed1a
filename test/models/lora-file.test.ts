import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { openCheckpoint, type WeightTable } from '../../src/lib/models/checkpoint/checkpoint.js';
import { originalNames } from '../../src/lib/models/checkpoint/single-file.js';
import { textConfig, vaeConfig } from '../../src/lib/models/config/components.js';
import { unetConfig } from '../../src/lib/models/config/unet.js';
import { type LoraCheckpoint, type LoraFile, type LoraUpdate, readLoraFile } from '../../src/lib/models/lora/file.js';
import type { KnownLayers } from '../../src/lib/models/lora/keys.js';
import type { LoraTensor } from '../../src/lib/models/lora/update.js';
import { networkWeights } from '../../src/lib/models/networks/network-weights.js';
import { toFloat16, toFloat32 } from '../../src/lib/tensor/half.js';
import { readTensor, writeSafetensors } from '../../src/lib/tensor/safetensors.js';
import { sizeOf, type Tensor, tensor } from '../../src/lib/tensor/tensor.js';
import { hasPack, packNote, packPath, VARIANTS } from '../reference/pack.js';
import { TINY } from './tiny-checkpoint.js';

const scratch = mkdtempSync(join(tmpdir(), 'lora-'));
afterAll(() => rmSync(scratch, { recursive: true }));

const [unet, vae] = [unetConfig(TINY.unet, 'unet'), vaeConfig(TINY.vae, 'vae')];
const shapes = networkWeights({ unet, vae, text: textConfig(TINY.text, 'text') });
const layersOf = (weights: Iterable<[string, readonly number[]]>) =>
  new Map(
    [...weights].filter(([n]) => n.endsWith('.weight')).map(([n, shape]) => [n.slice(0, -'.weight'.length), shape]),
  );
const layers: KnownLayers = { unet: layersOf(shapes.unet), text: layersOf(shapes.text) };

const TARGET: LoraCheckpoint = { layers, original: originalNames(unet, vae), contextWidth: 8, generation: '1.x' };

/** A low-rank update. */
function lowRank(update: LoraUpdate): Extract<LoraUpdate, { kind: 'low-rank' }> {
  if (update.kind !== 'low-rank') throw new Error(`${update.path} is ${update.kind}`);
  return update;
}
const values = (side: LoraTensor) => ('data' in side ? side : readTensor(side));

let drawn = 0;
const filled = (...shape: number[]) =>
  tensor(
    'float32',
    shape,
    Float32Array.from({ length: sizeOf(shape) }, () => Math.cos(++drawn)),
  );

let files = 0;
async function read(tensors: Record<string, Tensor>, metadata: Record<string, string> = {}): Promise<LoraFile> {
  const path = join(scratch, `${files++}.safetensors`);
  await writeSafetensors(path, tensors, metadata);
  return readLoraFile({ file: path, config: null, model: null }, TARGET);
}

const QUERY = 'down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q';
const OUT = 'down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_out.0';
const TEXT = 'encoder.layers.1.self_attn.q_proj';
const TEXT_OUT = 'encoder.layers.1.self_attn.out_proj';

describe('keys', () => {
  // The names of the same four layers in each tool: [prefix of the layer's keys, suffix of down, suffix of up].
  type Naming = Record<'unet' | 'out' | 'text' | 'textOut', string>;
  const namings: [string, Naming, string, string][] = [
    [
      'PEFT and diffusers',
      {
        unet: `unet.${QUERY}`,
        out: `unet.${OUT}`,
        text: `text_encoder.${TEXT}`,
        textOut: `text_encoder.text_model.${TEXT_OUT}`,
      },
      '.lora_A.weight',
      '.lora_B.weight',
    ],
    [
      'PEFT with the name of its adapter',
      {
        unet: `unet.${QUERY}`,
        out: `unet.${OUT}`,
        text: `text_encoder.${TEXT}`,
        textOut: `text_encoder.text_model.${TEXT_OUT}`,
      },
      '.lora_A.default.weight',
      '.lora_B.default.weight',
    ],
    [
      'a UNet by PEFT alone',
      { unet: `base_model.model.${QUERY}`, out: OUT, text: `text_model.${TEXT}`, textOut: TEXT_OUT },
      '.lora_A.weight',
      '.lora_B.weight',
    ],
    [
      'diffusers 0.17 to 0.21',
      {
        unet: `unet.${QUERY}`,
        out: `unet.${OUT}`,
        text: `text_encoder.text_model.${TEXT}`,
        textOut: `text_encoder.text_model.${TEXT_OUT}`,
      },
      '.lora.down.weight',
      '.lora.up.weight',
    ],
    [
      'older diffusers: attention processors',
      {
        unet: `unet.${QUERY.replace('to_q', 'processor.to_q_lora')}`,
        out: OUT.replace('to_out.0', 'processor.to_out_lora'),
        text: `text_encoder.text_model.${TEXT.replace('q_proj', 'to_q_lora')}`,
        textOut: `text_encoder.text_model.${TEXT_OUT.replace('out_proj', 'to_out_lora')}`,
      },
      '.down.weight',
      '.up.weight',
    ],
    [
      'kohya with the blocks of diffusers',
      {
        unet: `lora_unet_${QUERY.replaceAll('.', '_')}`,
        out: `lora_unet_${OUT.replaceAll('.', '_')}`,
        text: `lora_te_text_model_${TEXT.replaceAll('.', '_')}`,
        textOut: `lora_te1_text_model_${TEXT_OUT.replaceAll('.', '_')}`,
      },
      '.lora_down.weight',
      '.lora_up.weight',
    ],
    [
      'kohya with the blocks of the original layout',
      {
        unet: 'lora_unet_input_blocks_1_1_transformer_blocks_0_attn1_to_q',
        out: 'lora_unet_input_blocks_1_1_transformer_blocks_0_attn2_to_out_0',
        text: `lora_te_${TEXT.replaceAll('.', '_')}`,
        textOut: `lora_te_text_model_${TEXT_OUT.replaceAll('.', '_')}`,
      },
      '.lora_down.weight',
      '.lora_up.weight',
    ],
    [
      'text encoders of diffusers 0.21',
      {
        unet: `unet.${QUERY}`,
        out: `unet.${OUT}`,
        text: `text_encoder.text_model.${TEXT}`,
        textOut: `text_encoder.${TEXT_OUT}`,
      },
      '.lora_linear_layer.down.weight',
      '.lora_linear_layer.up.weight',
    ],
  ];
  it.each(namings)('of %s', async (_, names, down, up) => {
    const tensors: Record<string, Tensor> = {};
    for (const name of Object.values(names)) {
      tensors[name + down] = filled(3, 8);
      tensors[name + up] = filled(8, 3);
    }
    const { updates, unmatched } = await read(tensors);
    expect(unmatched).toEqual([]);
    const found = await Promise.all(
      updates.map(lowRank).map(async ({ model, path, rank, alpha, ...sides }) => ({
        at: `${model} ${path}`,
        rank,
        alpha,
        down: await values(sides.down),
        up: await values(sides.up),
      })),
    );
    const expected = (at: string, name: string) => ({
      at,
      rank: 3,
      alpha: null,
      down: tensors[name + down],
      up: tensors[name + up],
    });
    const byPlace = (a: { at: string }, b: { at: string }) => (a.at < b.at ? -1 : 1);
    expect(found.sort(byPlace)).toEqual(
      [
        expected(`unet ${QUERY}`, names.unet),
        expected(`unet ${OUT}`, names.out),
        expected(`text ${TEXT}`, names.text),
        expected(`text ${TEXT_OUT}`, names.textOut),
      ].sort(byPlace),
    );
  });
});

describe('convolutions', () => {
  it('keep their kernels; 1x1 ones may be stored as matrices, and matrices as 1x1 convolutions', async () => {
    const { updates } = await read({
      'lora_unet_down_blocks_0_resnets_0_conv1.lora_down.weight': filled(2, 8, 3, 3),
      'lora_unet_down_blocks_0_resnets_0_conv1.lora_up.weight': filled(8, 2, 1, 1),
      'lora_unet_down_blocks_0_attentions_0_proj_in.lora_down.weight': filled(2, 8),
      'lora_unet_down_blocks_0_attentions_0_proj_in.lora_up.weight': filled(8, 2),
      'lora_unet_input_blocks_3_0_in_layers_2.lora_down.weight': filled(4, 8, 3, 3),
      'lora_unet_input_blocks_3_0_in_layers_2.lora_up.weight': filled(16, 4, 1, 1),
      'lora_unet_mid_block_attentions_0_transformer_blocks_0_attn1_to_k.lora_down.weight': filled(1, 16, 1, 1),
      'lora_unet_mid_block_attentions_0_transformer_blocks_0_attn1_to_k.lora_up.weight': filled(16, 1, 1, 1),
    });
    expect(updates.map(lowRank).map(({ path, rank, down, up }) => [path, rank, down.shape, up.shape])).toEqual(
      expect.arrayContaining([
        ['down_blocks.0.resnets.0.conv1', 2, [2, 8, 3, 3], [8, 2, 1, 1]],
        ['down_blocks.0.attentions.0.proj_in', 2, [2, 8, 1, 1], [8, 2, 1, 1]],
        ['down_blocks.1.resnets.0.conv1', 4, [4, 8, 3, 3], [16, 4, 1, 1]],
        ['mid_block.attentions.0.transformer_blocks.0.attn1.to_k', 1, [1, 16], [16, 1]],
      ]),
    );
    expect(updates).toHaveLength(4);
  });
});

describe('alpha', () => {
  const scalar = (value: number) => tensor('float32', [], Float32Array.of(value));
  const pair = (name: string, rank = 4) => ({
    [`${name}.lora_A.weight`]: filled(rank, 8),
    [`${name}.lora_B.weight`]: filled(8, rank),
  });

  it('is read in any precision, as a scalar or as one element', async () => {
    const kohya = `lora_unet_${QUERY.replaceAll('.', '_')}`;
    for (const alpha of [scalar(2.5), toFloat16(scalar(2.5)), tensor('bfloat16', [1], Uint16Array.of(0x4020))]) {
      const { updates } = await read({
        [`${kohya}.lora_down.weight`]: toFloat16(filled(4, 8)),
        [`${kohya}.lora_up.weight`]: toFloat16(filled(8, 4)),
        [`${kohya}.alpha`]: alpha,
      });
      expect(updates.map(({ rank, alpha }) => ({ rank, alpha }))).toEqual([{ rank: 4, alpha: 2.5 }]);
    }
  });

  it("comes from PEFT's settings where the file has them, its own alpha first", async () => {
    // The format of diffusers' save_lora_weights with unet_lora_adapter_metadata and text_encoder_lora_adapter_metadata.
    const settings = {
      'unet.lora_alpha': 6,
      'unet.alpha_pattern': { 'attn2.to_out.0': 3 },
      'text_encoder.lora_alpha': 5,
      'text_encoder.use_rslora': true,
    };
    const { updates } = await read(
      {
        ...pair(`unet.${QUERY}`),
        ...pair(`unet.${OUT}`),
        ...pair(`text_encoder.${TEXT}`),
        ...pair(`text_encoder.${TEXT_OUT}`),
        [`text_encoder.${TEXT_OUT}.alpha`]: scalar(7),
      },
      { format: 'pt', lora_adapter_metadata: JSON.stringify(settings) },
    );
    expect(Object.fromEntries(updates.map(({ path, alpha }) => [path, alpha]))).toEqual({
      [QUERY]: 6,
      [OUT]: 3,
      // Rank-stabilized: 5 / sqrt(4) = 10 / 4.
      [TEXT]: 10,
      [TEXT_OUT]: 7,
    });
    const { updates: plain } = await read(pair(`unet.${QUERY}`), { lora_adapter_metadata: '{broken' });
    expect(plain[0].alpha).toBeNull();
  });
});

describe('what does not match', () => {
  const fits = { [`unet.${QUERY}.lora_A.weight`]: filled(2, 8), [`unet.${QUERY}.lora_B.weight`]: filled(8, 2) };
  const to = (name: string) => `lora_unet_${name.replaceAll('.', '_')}`;
  const cases: [string, Record<string, Tensor>, { key: string; reason: string }][] = [
    [
      'a layer that the checkpoint lacks',
      {
        'unet.down_blocks.7.attentions.0.proj_in.lora_A.weight': filled(2, 8),
        'unet.down_blocks.7.attentions.0.proj_in.lora_B.weight': filled(8, 2),
      },
      { key: 'unet.down_blocks.7.attentions.0.proj_in', reason: 'the checkpoint has no such layer' },
    ],
    [
      'half an update',
      { [`${to(OUT)}.lora_down.weight`]: filled(2, 8) },
      { key: to(OUT), reason: 'its up matrix is missing' },
    ],
    [
      'embeddings',
      {
        'text_encoder.embeddings.token_embedding.lora_A.weight': filled(2, 8),
        'text_encoder.embeddings.token_embedding.lora_B.weight': filled(815, 2),
      },
      { key: 'text_encoder.embeddings.token_embedding', reason: 'a layer of this kind cannot be updated' },
    ],
    [
      'a second name of the same layer',
      { [`${to(QUERY)}.lora_down.weight`]: filled(2, 8), [`${to(QUERY)}.lora_up.weight`]: filled(8, 2) },
      { key: `unet.${QUERY}`, reason: `another entry updates ${QUERY} already` },
    ],
    [
      'anything else',
      { 'bundle_emb.style.string_to_param.*': filled(1) },
      { key: 'bundle_emb.style.string_to_param.*', reason: 'not a key of a LoRA file' },
    ],
  ];
  it.each(cases)('%s is listed with the reason', async (_, tensors, expected) => {
    const { updates, unmatched } = await read({ ...fits, ...tensors });
    expect(unmatched).toEqual([expected]);
    expect(updates.map(({ path }) => path)).toEqual([QUERY]);
  });

  it('is an error where nothing is left', async () => {
    await expect(read({ 'a.lora_A.weight': filled(2, 8), 'a.lora_B.weight': filled(8, 2) })).rejects.toThrow(
      'nothing in this file updates a layer of the checkpoint (a: the checkpoint has no such layer)',
    );
    await expect(read({})).rejects.toThrow('the file is empty');
  });
});

describe('what is refused as a whole', () => {
  const fits = { [`unet.${QUERY}.lora_A.weight`]: filled(2, 8), [`unet.${QUERY}.lora_B.weight`]: filled(8, 2) };
  const to = (name: string) => `lora_unet_${name.replaceAll('.', '_')}`;
  const pair = (name: string, inputs = 8, outputs = 8) => ({
    [`${name}.lora_down.weight`]: filled(2, inputs),
    [`${name}.lora_up.weight`]: filled(outputs, 2),
  });
  const kinds: [string, Record<string, Tensor>, string][] = [
    ['LoKr', { [`${to(OUT)}.lokr_w1`]: filled(2, 2), [`${to(OUT)}.lokr_w2_a`]: filled(4, 2) }, 'holds LoKr,'],
    ['IA3', { [`${to(OUT)}.weight`]: filled(8), [`${to(OUT)}.on_input`]: filled(1) }, 'holds IA3,'],
    ['GLoRA', { [`${to(OUT)}.a1.weight`]: filled(2, 8) }, 'holds GLoRA,'],
    ['OFT', { [`${to(OUT)}.oft_blocks`]: filled(2, 4, 4) }, 'holds OFT,'],
    ['BOFT of PEFT', { [`unet.${OUT}.boft_R`]: filled(2, 4, 4) }, 'holds BOFT,'],
    ['whole differences', { [`${to(OUT)}.diff_b`]: filled(8) }, 'holds a difference of whole weights (diff),'],
    ['three factors', { ...pair(to(OUT)), [`${to(OUT)}.lora_mid.weight`]: filled(2, 2, 3, 3) }, '(lora_mid),'],
    ['three factors of LoHa', { [`${to(OUT)}.hada_t1`]: filled(2, 2, 3, 3) }, 'holds LoHa in three factors'],
    ['SDXL by its second text encoder', pair('lora_te2_text_model_encoder_layers_0_mlp_fc1'), 'was made for SDXL,'],
    ['SDXL by its depth', pair('lora_unet_input_blocks_4_1_transformer_blocks_1_attn1_to_q'), 'was made for SDXL,'],
    [
      'SDXL as diffusers names it',
      pair('unet.down_blocks.2.attentions.0.transformer_blocks.9.attn1.to_q'),
      'was made for SDXL,',
    ],
    ['Flux', pair('lora_unet_double_blocks_0_img_attn_proj'), 'was made for Flux,'],
    ['Flux as diffusers names it', pair('transformer.single_transformer_blocks.0.attn.to_q'), 'was made for Flux,'],
    ['Stable Diffusion 3', pair('lora_unet_joint_blocks_0_x_block_attn_qkv'), 'was made for Stable Diffusion 3,'],
    [
      '2.x by its width',
      pair(`${to(QUERY).replace('attn1', 'attn2').replace('to_q', 'to_k')}`, 1024),
      'for Stable Diffusion 2.x,',
    ],
    [
      'another width',
      pair(to(OUT), 320, 320),
      `was made for another model than this checkpoint: at ${OUT} its float32 [2, 320] and float32 [320, 2] do not fit the layer's [8, 8]`,
    ],
    [
      'an alpha that is none',
      { ...pair(to(OUT)), [`${to(OUT)}.alpha`]: tensor('float32', [], Float32Array.of(Number.NaN)) },
      'is NaN',
    ],
  ];
  it.each(kinds)('%s, beside a layer that fits', async (_, tensors, sentence) => {
    await expect(read({ ...fits, ...tensors })).rejects.toThrow(sentence);
  });

  it.each([
    ['modelspec.architecture', 'stable-diffusion-xl-v1-base/lora', 'SDXL'],
    ['ss_base_model_version', 'sdxl_base_v1-0', 'SDXL'],
    ['ss_base_model_version', 'sd_v2_768_v', 'Stable Diffusion 2.x'],
    ['modelspec.architecture', 'stable-diffusion-v2-512/lora', 'Stable Diffusion 2.x'],
    ['modelspec.architecture', 'flux-1-dev/lora', 'Flux'],
  ])('what its metadata say: %s %s', async (key, value, model) => {
    await expect(read(fits, { [key]: value })).rejects.toThrow(
      `this LoRA was made for ${model}, the checkpoint is Stable Diffusion 1.x`,
    );
  });

  it.each(['stable-diffusion-v1/lora', 'unknown', ''])('but not %j', async (value) => {
    expect((await read(fits, { 'modelspec.architecture': value })).updates).toHaveLength(1);
  });
});

describe.skipIf(!hasPack).each(VARIANTS)(`%s of the reference pack${packNote}`, (variant) => {
  const table = (weights: WeightTable) => layersOf([...weights].map(([name, { shape }]) => [name, shape]));

  it('both namings update the same layers by the same amount', async () => {
    const checkpoint = await openCheckpoint(packPath(variant));
    const known = { unet: table(checkpoint.unet.weights), text: table(checkpoint.textEncoder.weights) };
    const target: LoraCheckpoint = { layers: known, original: [], contextWidth: 1, generation: '1.x' };
    const open = (name: string) => readLoraFile({ file: packPath(variant, name), config: null, model: null }, target);
    const diffusers = await open('lora.safetensors');
    const kohya = await open('lora-kohya.safetensors');
    expect([diffusers.unmatched, kohya.unmatched]).toEqual([[], []]);
    // Every attention projection of the UNet: 4 per attention, 2 attentions per transformer.
    const attentions = [...known.unet.keys()].filter((path) => /\.to_(q|k|v|out\.0)$/.test(path));
    const byPath = new Map(kohya.updates.map((update) => [update.path, update]));
    expect(diffusers.updates.map(({ path }) => path).sort()).toEqual(attentions.sort());
    expect([...byPath.keys()].sort()).toEqual(attentions);
    for (const update of diffusers.updates.map(lowRank)) {
      const other = lowRank(byPath.get(update.path)!);
      expect(update).toMatchObject({ model: 'unet', rank: 4, alpha: null });
      expect(other).toMatchObject({ model: 'unet', rank: 4, alpha: 8 });
      expect(await values(other.down)).toEqual(await values(update.down));
      // Half the matrix at alpha / rank = 2.
      const half = toFloat32(await values(update.up)).data.map((value) => value / 2);
      expect(toFloat32(await values(other.up)).data).toEqual(half);
    }
  });
});
