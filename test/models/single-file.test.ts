import { closeSync, ftruncateSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { type Checkpoint, openCheckpoint, requireWeight } from '../../src/lib/models/checkpoint/checkpoint.js';
import { fromOriginal, originalNames, toOriginal } from '../../src/lib/models/checkpoint/single-file.js';
import { stockConfigurations } from '../../src/lib/models/checkpoint/single-file-checkpoint.js';
import type { Part } from '../../src/lib/models/checkpoint/weight-table.js';
import { networkWeights } from '../../src/lib/models/networks/network-weights.js';
import { readTensor, writeSafetensors } from '../../src/lib/tensor/safetensors.js';
import { sizeOf, type Tensor, tensor } from '../../src/lib/tensor/tensor.js';
import { hasPack, packNote, packPath } from '../reference/pack.js';
import { originalTensors, TINY, tinyWeights, writeConfigs } from './tiny-checkpoint.js';

const scratch = mkdtempSync(join(tmpdir(), 'single-file-'));
afterAll(() => rmSync(scratch, { recursive: true }));
const config = writeConfigs(join(scratch, 'config'));
const PARTS = ['unet', 'vae', 'text'] as const;
const tables = (c: Checkpoint) => ({ unet: c.unet.weights, vae: c.vae.weights, text: c.textEncoder.weights });

async function save(name: string, tensors: Record<string, Tensor>): Promise<string> {
  await writeSafetensors(join(scratch, name), tensors);
  return join(scratch, name);
}
const one = tensor('float32', [1], Float32Array.of(1));
const some = (...names: string[]) => Object.fromEntries(names.map((name) => [name, one]));

describe('names of stock Stable Diffusion 1.x', () => {
  const stock = stockConfigurations();
  const pairs = originalNames(stock.unet, stock.vae);
  const shapes = networkWeights(stock);

  it('are those of the published files', () => {
    // Names of v1-5-pruned-emaonly.safetensors and of its diffusers folder.
    const published: [string, Part, string][] = [
      ['model.diffusion_model.time_embed.2.bias', 'unet', 'time_embedding.linear_2.bias'],
      ['model.diffusion_model.input_blocks.0.0.weight', 'unet', 'conv_in.weight'],
      ['model.diffusion_model.input_blocks.3.0.op.weight', 'unet', 'down_blocks.0.downsamplers.0.conv.weight'],
      [
        'model.diffusion_model.input_blocks.4.0.skip_connection.weight',
        'unet',
        'down_blocks.1.resnets.0.conv_shortcut.weight',
      ],
      [
        'model.diffusion_model.input_blocks.8.1.transformer_blocks.0.attn2.to_k.weight',
        'unet',
        'down_blocks.2.attentions.1.transformer_blocks.0.attn2.to_k.weight',
      ],
      [
        'model.diffusion_model.input_blocks.11.0.emb_layers.1.bias',
        'unet',
        'down_blocks.3.resnets.1.time_emb_proj.bias',
      ],
      ['model.diffusion_model.middle_block.1.proj_out.weight', 'unet', 'mid_block.attentions.0.proj_out.weight'],
      ['model.diffusion_model.output_blocks.2.1.conv.weight', 'unet', 'up_blocks.0.upsamplers.0.conv.weight'],
      ['model.diffusion_model.output_blocks.5.2.conv.bias', 'unet', 'up_blocks.1.upsamplers.0.conv.bias'],
      ['model.diffusion_model.output_blocks.11.1.norm.weight', 'unet', 'up_blocks.3.attentions.2.norm.weight'],
      ['model.diffusion_model.out.2.weight', 'unet', 'conv_out.weight'],
      [
        'first_stage_model.encoder.down.2.downsample.conv.bias',
        'vae',
        'encoder.down_blocks.2.downsamplers.0.conv.bias',
      ],
      [
        'first_stage_model.decoder.up.0.block.0.nin_shortcut.weight',
        'vae',
        'decoder.up_blocks.3.resnets.0.conv_shortcut.weight',
      ],
      ['first_stage_model.decoder.mid.attn_1.proj_out.weight', 'vae', 'decoder.mid_block.attentions.0.to_out.0.weight'],
      ['first_stage_model.encoder.norm_out.weight', 'vae', 'encoder.conv_norm_out.weight'],
      ['first_stage_model.post_quant_conv.bias', 'vae', 'post_quant_conv.bias'],
      [
        'cond_stage_model.transformer.text_model.encoder.layers.11.mlp.fc2.weight',
        'text',
        'encoder.layers.11.mlp.fc2.weight',
      ],
    ];
    for (const [original, part, name] of published) {
      expect(fromOriginal(pairs, original)).toEqual({ part, name });
      expect(toOriginal(pairs, part, name)).toBe(original);
      expect(shapes[part].has(name)).toBe(true);
    }
  });

  it('go both ways for every weight', () => {
    // The number of tensors in the published diffusers files.
    expect(PARTS.map((part) => shapes[part].size)).toEqual([686, 248, 196]);
    const originals = new Set<string>();
    for (const part of PARTS) {
      for (const name of shapes[part].keys()) {
        const original = toOriginal(pairs, part, name)!;
        expect(fromOriginal(pairs, original)).toEqual({ part, name });
        originals.add(original);
      }
    }
    expect(originals.size).toBe(686 + 248 + 196);
  });

  it('open without a configuration: it is part of the package', async () => {
    // The whole file as a header and 2 GB of zeros as a sparse file, with the additional tensors of real files.
    const header: Record<string, object> = {};
    let end = 0;
    const put = (name: string, shape: readonly number[], dtype = 'F16', bytes = 2) => {
      header[name] = { dtype, shape, data_offsets: [end, end + bytes * sizeOf(shape)] };
      end += bytes * sizeOf(shape);
    };
    for (const part of PARTS) {
      for (const [name, shape] of shapes[part]) {
        const conv = part === 'vae' && /attentions.*to_.*weight$/.test(name);
        put(toOriginal(pairs, part, name)!, conv ? [...shape, 1, 1] : shape);
      }
    }
    const extra: [string, number[], string, number][] = [
      ['cond_stage_model.transformer.text_model.embeddings.position_ids', [1, 77], 'I64', 8],
      ['model_ema.diffusion_modelinput_blocks00weight', [320, 4, 3, 3], 'F32', 4],
      ['model_ema.num_updates', [], 'I32', 4],
      ['betas', [1000], 'F32', 4],
      ['alphas_cumprod', [1000], 'F64', 8],
      ['cond_stage_model.logit_scale', [], 'F32', 4],
    ];
    for (const [name, shape, dtype, bytes] of extra) put(name, shape, dtype, bytes);
    const json = Buffer.from(JSON.stringify(header));
    const prefix = Buffer.alloc(8);
    prefix.writeBigUInt64LE(BigInt(json.length));
    const path = join(scratch, 'stock.safetensors');
    const file = openSync(path, 'w');
    writeSync(file, Buffer.concat([prefix, json]));
    ftruncateSync(file, 8 + json.length + end);
    closeSync(file);

    const checkpoint = await openCheckpoint(path);
    expect(checkpoint).toMatchObject({ layout: 'single-file', predictionType: 'epsilon', files: [path] });
    expect(checkpoint.tokenizer.vocabSize).toBe(49408);
    for (const part of PARTS) {
      const table = tables(checkpoint)[part];
      expect(table.size).toBe(shapes[part].size);
      for (const [name, shape] of shapes[part]) requireWeight(table, name, shape, part);
    }
    expect([...checkpoint.ignored].sort()).toEqual(extra.map(([name]) => name).sort());
    rmSync(path);
  });
});

describe('a single file that is not stock', () => {
  it('opens with the configuration of a diffusers folder and has the same bytes', async () => {
    const path = await save('tiny.safetensors', {
      ...originalTensors(),
      ...some('model_ema.decay', 'sqrt_alphas_cumprod'),
    });
    const checkpoint = await openCheckpoint(path, { config });
    expect(checkpoint).toMatchObject({ layout: 'single-file', ignored: ['model_ema.decay', 'sqrt_alphas_cumprod'] });
    expect(checkpoint.files[0]).toBe(path);
    const expected = tinyWeights();
    for (const part of PARTS) {
      const table = tables(checkpoint)[part];
      const read = await Promise.all([...table].map(async ([name, entry]) => [name, await readTensor(entry)]));
      expect(Object.fromEntries(read)).toEqual(expected[part]);
    }
  });

  it('may leave out `text_model.`, as merged files do', async () => {
    const merged = Object.entries(originalTensors()).map(([name, value]) => [name.replace('.text_model.', '.'), value]);
    const path = await save('merged.safetensors', Object.fromEntries(merged));
    const checkpoint = await openCheckpoint(path, { config });
    expect([...checkpoint.textEncoder.weights.keys()].sort()).toEqual(Object.keys(tinyWeights().text).sort());
  });

  it('says that it needs a configuration, or another one', async () => {
    const path = await save('other.safetensors', originalTensors());
    await expect(openCheckpoint(path)).rejects.toThrow(
      'this is not a stock Stable Diffusion 1.x file: its model.diffusion_model.',
    );
    await expect(openCheckpoint(path)).rejects.toThrow('pass config, a diffusers folder');
    const with2 = (name: string, configs: Parameters<typeof writeConfigs>[1]) =>
      writeConfigs(join(scratch, name), configs);
    const cases: [string, string][] = [
      [
        with2('wider', { unet: { ...TINY.unet, block_out_channels: [12, 16] } }),
        'the file does not fit config: its model.diffusion_model.input_blocks.0.0.weight is [8, 4, 3, 3] where the configuration in',
      ],
      [
        with2('longer', { text: { ...TINY.text, num_hidden_layers: 3 } }),
        'encoder.layers.2.mlp.fc1.weight is missing where',
      ],
      [
        with2('shorter', { text: { ...TINY.text, num_hidden_layers: 1 } }),
        'its text encoder has more layers than the 1 that',
      ],
      [
        with2('linear', { unet: { ...TINY.unet, use_linear_projection: true } }),
        'input_blocks.1.1.proj_in.weight is [8, 8, 1, 1] where',
      ],
      [
        with2('shallow', { unet: { ...TINY.unet, down_block_types: ['DownBlock2D', 'DownBlock2D'] } }),
        'it has the weight model.diffusion_model.input_blocks.1.1.',
      ],
      [join(scratch, 'nowhere'), 'there is no such folder; config is a diffusers folder'],
      [path, 'there is no such folder; config is a diffusers folder'],
    ];
    for (const [folder, sentence] of cases)
      await expect(openCheckpoint(path, { config: folder })).rejects.toThrow(sentence);
  });

  it('lets a weight that is missing be found', async () => {
    const { 'model.diffusion_model.out.0.bias': _, ...rest } = originalTensors();
    const { unet } = await openCheckpoint(await save('hole.safetensors', rest), { config });
    expect(() => requireWeight(unet.weights, 'conv_norm_out.bias', [8], 'UNet')).toThrow(
      'conv_norm_out.bias [8] is missing',
    );
  });
});

describe('files that are refused', () => {
  const cases: [string, () => Promise<string>, string][] = [
    [
      '2.x',
      () =>
        save(
          'sd2',
          some('model.diffusion_model.out.2.bias', 'cond_stage_model.model.transformer.resblocks.0.ln_1.bias'),
        ),
      'this is a Stable Diffusion 2.x single file, which does not say whether it predicts epsilon or v; use the diffusers folder',
    ],
    [
      'SDXL',
      () =>
        save(
          'xl',
          some(
            'model.diffusion_model.out.2.bias',
            'conditioner.embedders.0.transformer.text_model.final_layer_norm.bias',
          ),
        ),
      'this is an SDXL checkpoint',
    ],
    [
      'Stable Diffusion 3',
      () => save('sd3', some('model.diffusion_model.joint_blocks.0.x_block.attn.qkv.bias')),
      'this is a transformer checkpoint',
    ],
    ['Flux', () => save('flux', some('double_blocks.0.img_attn.qkv.weight')), 'this is a transformer checkpoint'],
    ['ControlNet', () => save('control', some('control_model.input_blocks.0.0.weight')), 'this is a ControlNet'],
    [
      'LoRA by kohya',
      () => save('lora1', some('lora_unet_mid_block_attentions_0_proj_in.lora_down.weight')),
      'this is a LoRA file',
    ],
    [
      'LoRA by diffusers',
      () => save('lora2', some('unet.mid_block.attentions.0.proj_in.lora_A.weight')),
      'this is a LoRA file',
    ],
    [
      'a part of a folder',
      () => save('part', some('down_blocks.0.resnets.0.norm1.weight')),
      'this is one part of a diffusers folder',
    ],
    [
      'a VAE of a folder',
      () => save('vae-part', some('encoder.down_blocks.0.resnets.0.norm1.weight')),
      'this is one part of a diffusers folder',
    ],
    [
      'a file without a VAE',
      () =>
        save(
          'no-vae',
          some('model.diffusion_model.out.2.bias', 'cond_stage_model.transformer.text_model.final_layer_norm.bias'),
        ),
      'the file lacks the VAE (first_stage_model.*)',
    ],
    [
      'something else',
      () => save('else', some('model.embed_tokens.weight')),
      'this is not a Stable Diffusion checkpoint (its first tensor is model.embed_tokens.weight)',
    ],
    [
      'a pickle',
      async () => {
        writeFileSync(join(scratch, 'old.ckpt'), Buffer.from('PK\x03\x04archive/data.pkl'));
        return join(scratch, 'old.ckpt');
      },
      'convert it to .safetensors',
    ],
  ];
  it.each(cases)('%s', async (_, make, sentence) => {
    await expect(openCheckpoint(await make())).rejects.toThrow(sentence);
  });
});

describe.skipIf(!hasPack)(`the reference pack's single file, made by diffusers' own script${packNote}`, () => {
  it('has every weight of the folder, byte for byte', async () => {
    const folder = await openCheckpoint(packPath('sd1'));
    const single = await openCheckpoint(packPath('sd1', 'single-file.safetensors'), { config: packPath('sd1') });
    expect(single.ignored).toEqual([]);
    for (const part of PARTS) {
      const [mine, expected] = [tables(single)[part], tables(folder)[part]];
      expect([...mine.keys()].sort()).toEqual([...expected.keys()].sort());
      for (const [name, entry] of expected) {
        const [a, b] = [await readTensor(mine.get(name)!), await readTensor(entry)];
        expect({ name, dtype: a.dtype, shape: a.shape }).toEqual({ name, dtype: b.dtype, shape: b.shape });
        expect(Buffer.from(a.data.buffer).equals(Buffer.from(b.data.buffer))).toBe(true);
      }
    }
  });

  it('asks for its configuration', async () => {
    await expect(openCheckpoint(packPath('sd1', 'single-file.safetensors'))).rejects.toThrow('pass config');
    const other = openCheckpoint(packPath('sd1', 'single-file.safetensors'), { config: packPath('sd2') });
    await expect(other).rejects.toThrow('the file does not fit config');
  });
});
