import { cpSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openCheckpoint, requireWeight, type WeightTable } from '../../src/lib/models/checkpoint/checkpoint.js';
import type { Part } from '../../src/lib/models/checkpoint/weight-table.js';
import { networkWeights } from '../../src/lib/models/networks/network-weights.js';
import { readTensor, writeSafetensors } from '../../src/lib/tensor/safetensors.js';
import { type Tensor, tensor } from '../../src/lib/tensor/tensor.js';
import { hasPack, packNote, packPath } from '../reference/pack.js';
import { TINY, tinyWeights, writeConfigs, writeFolder } from './tiny-checkpoint.js';

const scratch = mkdtempSync(join(tmpdir(), 'checkpoint-'));
afterAll(() => rmSync(scratch, { recursive: true }));

const weights = tinyWeights();
const whole = join(scratch, 'whole');
beforeAll(() => writeFolder(whole, weights));

/** A copy of the whole folder, for tests that change it. */
function copy(name: string): string {
  cpSync(whole, join(scratch, name), { recursive: true });
  return join(scratch, name);
}

/** The tensors of a table. */
async function read(table: WeightTable): Promise<Record<string, Tensor>> {
  return Object.fromEntries(
    await Promise.all([...table].map(async ([name, entry]) => [name, await readTensor(entry)])),
  );
}

describe('a diffusers folder', () => {
  it('opens with its configurations, its tokenizer and every weight', async () => {
    const checkpoint = await openCheckpoint(whole);
    expect(checkpoint).toMatchObject({
      path: whole,
      layout: 'diffusers',
      predictionType: 'epsilon',
      schedule: { trainTimesteps: 1000, betaSchedule: 'scaled_linear', betaStart: 0.00085, betaEnd: 0.012 },
      ignored: [],
    });
    expect(checkpoint.unet.config).toMatchObject({
      blockOutChannels: [8, 16],
      heads: [2, 2],
      downBlocks: ['cross', 'plain'],
    });
    expect(checkpoint.unet.config.raw).toEqual(TINY.unet);
    expect(checkpoint.tokenizer.padId).toBe(401);
    expect(checkpoint.files).toHaveLength(4 + 4 + 3);
    expect(checkpoint.files.filter((file) => !existsSync(file))).toEqual([]);
    expect(await read(checkpoint.unet.weights)).toEqual(weights.unet);
    expect(await read(checkpoint.vae.weights)).toEqual(weights.vae);
    expect(await read(checkpoint.textEncoder.weights)).toEqual(weights.text);
  });

  it('may carry its weights in half precision, under another variant or in shards', async () => {
    const folder = copy('variants');
    const unet = join(folder, 'unet', 'diffusion_pytorch_model');
    renameSync(`${unet}.safetensors`, `${unet}.fp16.safetensors`);
    const vae = join(folder, 'vae', 'diffusion_pytorch_model');
    renameSync(`${vae}.safetensors`, `${vae}.non_ema.safetensors`);
    const text = join(folder, 'text_encoder', 'model');
    rmSync(`${text}.safetensors`);
    const names = Object.keys(weights.text);
    const shard = (name: string) => `model-0000${names.indexOf(name) < 10 ? 1 : 2}-of-00002.safetensors`;
    for (const file of ['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors']) {
      const here = names.filter((name) => shard(name) === file);
      const tensors = Object.fromEntries(here.map((name) => [name, weights.text[name]]));
      await writeSafetensors(join(folder, 'text_encoder', file), tensors);
    }
    const index = { metadata: {}, weight_map: Object.fromEntries(names.map((name) => [name, shard(name)])) };
    writeFileSync(`${text}.safetensors.index.json`, JSON.stringify(index));

    // Variants other than the plain weights are used only on request.
    await expect(openCheckpoint(folder)).rejects.toThrow(
      'the weights are there only as the variant non_ema; choose one with variant',
    );
    await expect(openCheckpoint(folder, { variant: 'bf16' })).rejects.toThrow(
      'there is no variant bf16; there is fp16, non_ema: choose one with variant, or leave it out',
    );
    const checkpoint = await openCheckpoint(folder, { variant: 'non_ema' });
    expect(await read(checkpoint.unet.weights)).toEqual(weights.unet);
    expect(await read(checkpoint.vae.weights)).toEqual(weights.vae);
    expect(await read(checkpoint.textEncoder.weights)).toEqual(weights.text);

    const map = { ...index.weight_map, 'encoder.layers.9.mlp.fc1.weight': 'model-00001-of-00002.safetensors' };
    writeFileSync(`${text}.safetensors.index.json`, JSON.stringify({ weight_map: map }));
    await expect(openCheckpoint(folder, { variant: 'non_ema' })).rejects.toThrow(
      'encoder.layers.9.mlp.fc1.weight is missing though the index lists it',
    );
    writeFileSync(`${text}.safetensors.index.json`, JSON.stringify({ weight_map: { a: '../../secret.safetensors' } }));
    await expect(openCheckpoint(folder, { variant: 'non_ema' })).rejects.toThrow('is not a file of this folder');
    writeFileSync(`${text}.safetensors.index.json`, JSON.stringify(index));
    rmSync(`${text}-00002-of-00002.safetensors`);
    await expect(openCheckpoint(folder, { variant: 'non_ema' })).rejects.toThrow(
      'model-00002-of-00002.safetensors: there is no such file',
    );
  });

  it('may name the text encoder with `text_model.` and carry tensors that nobody uses', async () => {
    const folder = copy('prefixed');
    const prefixed = Object.fromEntries(
      Object.entries(weights.text).map(([name, value]) => [`text_model.${name}`, value]),
    );
    const ids = tensor(
      'int64',
      [1, 24],
      BigInt64Array.from({ length: 24 }, (_, i) => BigInt(i)),
    );
    const extra = {
      'text_model.embeddings.position_ids': ids,
      'text_projection.weight': weights.text['final_layer_norm.bias'],
    };
    await writeSafetensors(join(folder, 'text_encoder', 'model.safetensors'), { ...prefixed, ...extra });
    const checkpoint = await openCheckpoint(folder);
    expect(await read(checkpoint.textEncoder.weights)).toEqual(weights.text);
    expect([...checkpoint.ignored].sort()).toEqual(Object.keys(extra).sort());
  });

  it("may have the VAE's attention under its older names, as 1x1 convolutions", async () => {
    const folder = copy('older');
    const older: Record<string, Tensor> = {};
    const names: Record<string, string> = { to_q: 'query', to_k: 'key', to_v: 'value', 'to_out.0': 'proj_attn' };
    for (const [name, value] of Object.entries(weights.vae)) {
      const old = name.replace(/to_(q|k|v|out\.0)(?=\.)/, (present) => names[present]);
      older[old] = old !== name && value.shape.length === 2 ? { ...value, shape: [...value.shape, 1, 1] } : value;
    }
    expect(Object.keys(older)).toContain('encoder.mid_block.attentions.0.proj_attn.weight');
    await writeSafetensors(join(folder, 'vae', 'diffusion_pytorch_model.safetensors'), older);
    expect(await read((await openCheckpoint(folder)).vae.weights)).toEqual(weights.vae);
  });
});

describe('folders that are refused', () => {
  const config = (name: string, configs: Parameters<typeof writeConfigs>[1]) => writeConfigs(copy(name), configs);
  const changed = (name: string, change: (folder: string) => unknown) => {
    const folder = copy(name);
    change(folder);
    return folder;
  };
  const unetFile = 'unet/diffusion_pytorch_model.safetensors';
  const cases: [string, () => string, string][] = [
    ['nothing there', () => join(scratch, 'none'), 'there is no such file or folder'],
    [
      'a part missing',
      () =>
        changed('partial', (f) => [
          rmSync(join(f, 'vae'), { recursive: true }),
          rmSync(join(f, 'tokenizer'), { recursive: true }),
        ]),
      'not a whole diffusers folder, it lacks vae/config.json, tokenizer; copy or download the whole checkpoint',
    ],
    [
      'weights missing',
      () => changed('empty', (f) => rmSync(join(f, unetFile))),
      'there are no weights (diffusion_pytorch_model.safetensors',
    ],
    [
      'weights only as a pickle',
      () => changed('bin', (f) => renameSync(join(f, unetFile), join(f, 'unet/diffusion_pytorch_model.bin'))),
      'only as a PyTorch pickle (diffusion_pytorch_model.bin)',
    ],
    ['weights truncated', () => changed('cut', (f) => truncateSync(join(f, unetFile), 30_000)), 'truncated or damaged'],
    [
      'weights not fetched by Git LFS',
      () =>
        changed('lfs', (f) =>
          writeFileSync(join(f, unetFile), 'version https://git-lfs.github.com/spec/v1\noid sha256:0\n'),
        ),
      'run `git lfs pull`',
    ],
    [
      'a configuration not fetched by Git LFS',
      () =>
        changed('lfs-json', (f) =>
          writeFileSync(join(f, 'vae/config.json'), 'version https://git-lfs.github.com/spec/v1\n'),
        ),
      'run `git lfs pull`',
    ],
    [
      'a configuration that is no JSON',
      () => changed('json', (f) => writeFileSync(join(f, 'unet/config.json'), '{')),
      'is not JSON',
    ],
    [
      'SDXL',
      () => changed('xl', (f) => mkdirSync(join(f, 'text_encoder_2'))),
      'this is an SDXL checkpoint (two text encoders)',
    ],
    [
      'SDXL by its name',
      () =>
        changed('xl-name', (f) =>
          writeFileSync(join(f, 'model_index.json'), '{"_class_name": "StableDiffusionXLImg2ImgPipeline"}'),
        ),
      'this is an SDXL checkpoint',
    ],
    [
      'a transformer',
      () =>
        changed('flux', (f) => [
          renameSync(join(f, 'unet'), join(f, 'transformer')),
          writeFileSync(join(f, 'model_index.json'), '{"_class_name": "FluxPipeline"}'),
        ]),
      'this is a FluxPipeline checkpoint, which is not supported',
    ],
    [
      'one part alone',
      () => join(whole, 'unet'),
      'this folder holds one model alone (UNet2DConditionModel); name the checkpoint',
    ],
    [
      'a folder of single files',
      () =>
        changed('files', (f) => [
          rmSync(f, { recursive: true }),
          mkdirSync(f),
          writeFileSync(join(f, 'v1-5.safetensors'), ''),
        ]),
      'to open a single file, name it (v1-5.safetensors)',
    ],
    [
      'inpainting',
      () => config('inpaint', { unet: { ...TINY.unet, in_channels: 9 } }),
      'this is an inpainting checkpoint (its UNet takes a mask and a masked latent beside the latent: 9 channels), which is not',
    ],
    [
      'parts that do not fit',
      () => config('width', { unet: { ...TINY.unet, cross_attention_dim: 16 } }),
      'the UNet attends to 16 channels but the text encoder gives 8',
    ],
    [
      'a vocabulary that is too large',
      () => config('vocab', { text: { ...TINY.text, vocab_size: 800 } }),
      'the tokenizer gives 24 ids below 815, the text encoder takes 24 below 800',
    ],
    [
      'what the models cannot do',
      () => config('key', { unet: { ...TINY.unet, class_embed_type: 'timestep' } }),
      'unet/config.json: class_embed_type is "timestep" (expected null)',
    ],
  ];
  it.each(cases)('%s', async (_, make, sentence) => {
    await expect(openCheckpoint(make())).rejects.toThrow(sentence);
  });

  it('a tensor whose element type cannot be held', async () => {
    const folder = copy('double');
    const header = JSON.stringify({ 'conv_in.weight': { dtype: 'F64', shape: [1], data_offsets: [0, 8] } });
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(header.length));
    writeFileSync(join(folder, unetFile), Buffer.concat([length, Buffer.from(header), Buffer.alloc(8)]));
    await expect(openCheckpoint(folder)).rejects.toThrow('tensor conv_in.weight has the element type F64');
  });

  it('a folder with a configuration from elsewhere', async () => {
    await expect(openCheckpoint(whole, { config: whole })).rejects.toThrow('config (');
  });
});

describe('requireWeight', () => {
  it('gives the place of a weight, or says what is wrong with it', async () => {
    const { unet } = await openCheckpoint(whole);
    const where = `${whole}: UNet`;
    expect(requireWeight(unet.weights, 'conv_in.weight', [8, 4, 3, 3], where)).toBe(unet.weights.get('conv_in.weight'));
    expect(() => requireWeight(unet.weights, 'conv_in.gain', [8], where)).toThrow(
      `${whole}: UNet: the weight conv_in.gain [8] is missing; the file is incomplete`,
    );
    expect(() => requireWeight(unet.weights, 'conv_in.weight', [8, 9, 3, 3], where)).toThrow(
      /UNet: the weight conv_in\.weight is \[8, 4, 3, 3\] in .*safetensors, expected \[8, 9, 3, 3\]; weights and configuration/,
    );
    const whole8 = new Map([['q', { ...unet.weights.get('conv_in.bias')!, dtype: 'uint8' as const }]]);
    expect(() => requireWeight(whole8, 'q', [8], where)).toThrow('the weight q is uint8');
  });
});

describe.skipIf(!hasPack)(`the reference pack${packNote}`, () => {
  it.each(['sd1', 'sd2'])('%s opens, and has exactly the weights that the models ask for', async (variant) => {
    const checkpoint = await openCheckpoint(packPath(variant));
    expect(checkpoint.predictionType).toBe(variant === 'sd1' ? 'epsilon' : 'v_prediction');
    expect(checkpoint.unet.config).toMatchObject(
      variant === 'sd1'
        ? { heads: [4, 4, 4], layersPerBlock: 2, linearProjection: false, crossAttentionDim: 32 }
        : { heads: [2, 4, 4], layersPerBlock: 1, linearProjection: true, crossAttentionDim: 48 },
    );
    expect(checkpoint.textEncoder.config.activation).toBe(variant === 'sd1' ? 'quick_gelu' : 'gelu');
    expect(checkpoint.ignored).toEqual([]);
    const shapes = networkWeights({
      ...{ unet: checkpoint.unet.config, vae: checkpoint.vae.config, text: checkpoint.textEncoder.config },
    });
    const tables: Record<Part, WeightTable> = {
      unet: checkpoint.unet.weights,
      vae: checkpoint.vae.weights,
      text: checkpoint.textEncoder.weights,
    };
    for (const part of ['unet', 'vae', 'text'] as const) {
      for (const [name, shape] of shapes[part]) requireWeight(tables[part], name, shape, part);
      expect([...tables[part].keys()].sort()).toEqual([...shapes[part].keys()].sort());
    }
  });
});
