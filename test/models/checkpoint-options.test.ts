// Options of a checkpoint, given by the caller or its files: prediction type, autoencoder, variant.

import { cpSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sha256File } from '../../src/lib/base/hash.js';
import { openCheckpoint, type WeightTable } from '../../src/lib/models/checkpoint/checkpoint.js';
import { chosenParts, hashModel } from '../../src/lib/models/checkpoint/hash-model.js';
import { type LoadModelOptions, loadModel } from '../../src/lib/models/model.js';
import { readTensor, writeSafetensors } from '../../src/lib/tensor/safetensors.js';
import { type Tensor, tensor } from '../../src/lib/tensor/tensor.js';
import { stopAfter } from '../stop-after.js';
import { originalTensors, TINY, tinyWeights, writeConfigs, writeFolder } from './tiny-checkpoint.js';

const scratch = mkdtempSync(join(tmpdir(), 'checkpoint-options-'));
afterAll(() => rmSync(scratch, { recursive: true }));
const weights = tinyWeights();
const config = writeConfigs(join(scratch, 'config'));
const whole = join(scratch, 'whole');
beforeAll(() => writeFolder(whole, weights));

const one = tensor('float32', [1], Float32Array.of(1));
let files = 0;

/** A single file with additional tensors and metadata. */
async function single(extra: Record<string, Tensor> = {}, metadata: Record<string, string> = {}): Promise<string> {
  const path = join(scratch, `single-${files++}.safetensors`);
  await writeSafetensors(path, { ...originalTensors(weights), ...extra }, metadata);
  return path;
}

async function read(table: WeightTable): Promise<Record<string, Tensor>> {
  return Object.fromEntries(await Promise.all([...table].map(async ([name, each]) => [name, await readTensor(each)])));
}

it('loading reports its three parts, and stops between them', async () => {
  const { heard, ...hooks } = stopAfter();
  await (await loadModel(whole, hooks)).dispose();
  expect(heard).toEqual([1, 2, 3].map((done) => ({ done, total: 3, label: 'opening the model' })));
  const stopped = stopAfter(1);
  await expect(loadModel(whole, stopped)).rejects.toThrow('enough');
  expect(stopped.heard).toHaveLength(1);
});

describe('what a single file says of its prediction', () => {
  const says = async (path: string, options: Parameters<typeof openCheckpoint>[1] = {}) => {
    const { schedule, predictionType, files: read } = await openCheckpoint(path, { config, ...options });
    expect(schedule.predictionType).toBe(predictionType);
    return { predictionType, zeroSnr: schedule.rescaleZeroSnr ?? false, raw: schedule.raw, files: read };
  };

  it('counts, wherever it stands; nothing said is epsilon', async () => {
    expect(await says(await single())).toMatchObject({ predictionType: 'epsilon', zeroSnr: false });
    const v = { predictionType: 'v_prediction', zeroSnr: false };
    expect(await says(await single({}, { 'modelspec.prediction_type': 'v' }))).toMatchObject(v);
    expect(await says(await single({}, { 'modelspec.prediction_type': 'epsilon' }))).toMatchObject({
      predictionType: 'epsilon',
    });
    expect(await says(await single({ v_pred: one }))).toMatchObject(v);
    const zero = await says(await single({ v_pred: one, ztsnr: one }));
    expect(zero).toMatchObject({ predictionType: 'v_prediction', zeroSnr: true });
    // Files with trained weights state the same.
    expect(zero.raw).toMatchObject({ prediction_type: 'v_prediction', rescale_betas_zero_snr: true });
  });

  it('may stand in a yaml of the same name, which is one of the files', async () => {
    const path = await single({}, { 'modelspec.prediction_type': 'epsilon' });
    const yaml = path.replace('.safetensors', '.yaml');
    writeFileSync(
      yaml,
      'model:\n  target: ldm.models.diffusion.ddpm.LatentDiffusion\n  params:\n    parameterization: "v"\n',
    );
    const stated = await says(path);
    expect(stated.predictionType).toBe('v_prediction');
    expect(stated.files).toContain(yaml);
    writeFileSync(yaml, 'model:\n  params:\n    parameterization: x0\n');
    await expect(says(path)).rejects.toThrow(`${yaml}: parameterization: prediction is "x0"; expected epsilon or v`);
    writeFileSync(yaml, 'model: [');
    await expect(says(path)).rejects.toThrow(`${yaml}: stands beside the checkpoint and is not YAML`);
    // A sweep file of this name is ignored.
    writeFileSync(yaml, 'method: grid\nmodel: x.safetensors\n');
    expect(await says(path)).toMatchObject({ predictionType: 'epsilon' });
  });

  it('is overruled by the caller', async () => {
    const marked = await single({ v_pred: one, ztsnr: one });
    expect(await says(marked, { prediction: 'epsilon' })).toMatchObject({ predictionType: 'epsilon', zeroSnr: false });
    expect(await says(marked, { prediction: 'v' })).toMatchObject({ predictionType: 'v_prediction', zeroSnr: true });
    expect(await says(await single(), { prediction: 'v' })).toMatchObject({
      predictionType: 'v_prediction',
      zeroSnr: false,
    });
    expect((await openCheckpoint(whole, { prediction: 'v' })).predictionType).toBe('v_prediction');
    await expect(openCheckpoint(whole, { prediction: 'x0' as 'v' })).rejects.toThrow('expected epsilon or v');
  });
});

describe('an autoencoder in place of the own one', () => {
  /** The tiny checkpoint's weights with one layer changed. */
  const other = { ...weights.vae, 'decoder.conv_out.bias': tensor('float32', [3], Float32Array.of(1, 2, 3)) };
  const replaced = async (vae: string, path = whole) => {
    const checkpoint = await openCheckpoint(path, { vae, ...(path !== whole && { config }) });
    expect(await read(checkpoint.vae.weights)).toEqual(other);
    expect(await read(checkpoint.unet.weights)).toEqual(weights.unet);
    return checkpoint.files;
  };

  it('may be a folder, a folder with vae in it, or a file in any layout', async () => {
    const folder = join(scratch, 'other', 'vae');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'config.json'), JSON.stringify(TINY.vae));
    await writeSafetensors(join(folder, 'diffusion_pytorch_model.safetensors'), other);
    const names = ['config.json', 'diffusion_pytorch_model.safetensors'].map((name) => join(folder, name));
    const read = await replaced(folder);
    expect(read).toEqual(expect.arrayContaining(names));
    expect(read.filter((file) => file.startsWith(join(whole, 'vae')))).toEqual([]);
    await replaced(join(scratch, 'other'));
    await replaced(names[1]);

    const original = Object.entries(originalTensors({ ...weights, vae: other }));
    const prefix = 'first_stage_model.';
    const own = original.filter(([name]) => name.startsWith(prefix));
    const cases: [string, Record<string, Tensor>][] = [
      ['whole.safetensors', Object.fromEntries(original)],
      ['prefixed.safetensors', Object.fromEntries(own)],
      [
        'bare.safetensors',
        { ...Object.fromEntries(own.map(([name, value]) => [name.slice(prefix.length), value])), 'loss.logvar': one },
      ],
      ['diffusers.safetensors', other],
    ];
    for (const [name, tensors] of cases) {
      await writeSafetensors(join(scratch, name), tensors);
      await replaced(join(scratch, name));
      await replaced(join(scratch, name), await single());
    }
  });

  it('must have the latents of the UNet', async () => {
    const vae = (name: string, changes: object): string => {
      const folder = join(scratch, name);
      cpSync(join(whole, 'vae'), folder, { recursive: true });
      writeFileSync(join(folder, 'config.json'), JSON.stringify({ ...TINY.vae, ...changes }));
      return folder;
    };
    const twoLevels = {
      ...{ encoder_block_out_channels: [8, 8], decoder_block_out_channels: [8, 8] },
      ...{ num_encoder_blocks: [1, 1], num_decoder_blocks: [1, 1] },
    };
    const cases: [string, string][] = [
      [
        vae('xl', { scaling_factor: 0.13025 }),
        "has latents scaled by 0.13025 where the checkpoint's UNet was trained on latents scaled by 0.18215",
      ],
      [vae('sixteen', { latent_channels: 16 }), 'has latents of 16 channels where'],
      [vae('deep', { block_out_channels: [4, 8, 8] }), 'has latent cells of 4 pixels where'],
      [vae('wide', { block_out_channels: [8, 8] }), 'VAE: the weight encoder.conv_in.weight is [4, 3, 3, 3]'],
      [vae('dc', { _class_name: 'AutoencoderDC' }), '_class_name is "AutoencoderDC"'],
      [vae('taesd', { _class_name: 'AutoencoderTiny' }), 'has latent cells of 8 pixels where'],
      [vae('tiny', { _class_name: 'AutoencoderTiny', ...twoLevels }), 'VAE: the weight encoder.layers.0.weight'],
      [join(whole, 'unet'), '_class_name is "UNet2DConditionModel"'],
      [scratch, 'there is no autoencoder (config.json, or vae/config.json)'],
      [join(whole, 'unet', 'diffusion_pytorch_model.safetensors'), 'there is no autoencoder of Stable Diffusion in it'],
      [join(scratch, 'none.safetensors'), 'there is no such file or folder'],
    ];
    for (const [path, sentence] of cases) await expect(openCheckpoint(whole, { vae: path })).rejects.toThrow(sentence);
  });
});

describe('results of two of them are distinguished', () => {
  it('by prediction, autoencoder and variant', async () => {
    const hashes = async (options: LoadModelOptions = {}) => {
      const model = await loadModel(whole, { device: 'cpu', ...options });
      try {
        return { hashes: await hashModel(model), chosen: chosenParts(model) };
      } finally {
        await model.dispose();
      }
    };
    const plain = await hashes();
    expect(plain.chosen).toEqual({});
    expect(await hashes({ prediction: 'v' })).toEqual({
      hashes: { ...plain.hashes, prediction: 'v_prediction' },
      chosen: { prediction: 'v_prediction' },
    });
    const vae = join(scratch, 'changed.safetensors');
    const changed = { ...weights.vae, 'decoder.conv_out.bias': tensor('float32', [3], Float32Array.of(1, 2, 3)) };
    await writeSafetensors(vae, changed);
    const replaced = await hashes({ vae });
    expect(replaced.chosen).toEqual({ vae: 'changed.safetensors' });
    expect(replaced.hashes.model).not.toEqual(plain.hashes.model);
    expect(replaced.hashes.model).toContain(await sha256File(vae));
    // The unused autoencoder is ignored.
    expect(replaced.hashes.model).not.toContain(
      await sha256File(join(whole, 'vae', 'diffusion_pytorch_model.safetensors')),
    );
  });
});

describe('weights in variants only', () => {
  it('are named, and chosen', async () => {
    const folder = join(scratch, 'variants');
    cpSync(whole, folder, { recursive: true });
    const unet = join(folder, 'unet', 'diffusion_pytorch_model');
    const changed = { ...weights.unet, 'conv_out.bias': tensor('float32', [4], new Float32Array(4)) };
    await writeSafetensors(`${unet}.non_ema.safetensors`, changed);
    // With plain weights present, nothing changes.
    expect(await read((await openCheckpoint(folder)).unet.weights)).toEqual(weights.unet);
    renameSync(`${unet}.safetensors`, `${unet}.bf16.safetensors`);
    await expect(openCheckpoint(folder)).rejects.toThrow(
      'unet: the weights are there only as the variants bf16, non_ema; choose one with variant',
    );
    // Parts without this variant use their plain weights.
    expect(await read((await openCheckpoint(folder, { variant: 'bf16' })).unet.weights)).toEqual(weights.unet);
    expect(await read((await openCheckpoint(folder, { variant: 'non_ema' })).unet.weights)).toEqual(changed);
    await expect(openCheckpoint(folder, { variant: 'ema' })).rejects.toThrow(
      'there is no variant ema; there is bf16, non_ema',
    );
    await expect(openCheckpoint(whole, { variant: 'bf16' })).rejects.toThrow('there are only plain weights');
    await expect(openCheckpoint(await single(), { config, variant: 'bf16' })).rejects.toThrow(
      'a single file has no variants',
    );
  });

  it('may be sharded', async () => {
    const folder = join(scratch, 'sharded');
    cpSync(whole, folder, { recursive: true });
    const stem = join(folder, 'unet', 'diffusion_pytorch_model');
    rmSync(`${stem}.safetensors`);
    const names = Object.keys(weights.unet);
    const halves = [names.slice(0, 20), names.slice(20)];
    const map: Record<string, string> = {};
    for (const [i, half] of halves.entries()) {
      const file = `diffusion_pytorch_model.bf16-0000${i + 1}-of-00002.safetensors`;
      await writeSafetensors(
        join(folder, 'unet', file),
        Object.fromEntries(half.map((name) => [name, weights.unet[name]])),
      );
      for (const name of half) map[name] = file;
    }
    await expect(openCheckpoint(folder)).rejects.toThrow('there are shards of weights but no index');
    writeFileSync(`${stem}.safetensors.index.bf16.json`, JSON.stringify({ weight_map: map }));
    await expect(openCheckpoint(folder)).rejects.toThrow('only as the variant bf16');
    expect(await read((await openCheckpoint(folder, { variant: 'bf16' })).unet.weights)).toEqual(weights.unet);
  });
});

describe('tensors that no model uses', () => {
  it('are left aside whatever their element type', async () => {
    const folder = join(scratch, 'strays');
    cpSync(whole, folder, { recursive: true });
    const strays: [string, string, number][] = [
      ['scaled_fp8', 'F8_E4M3', 1],
      ['flag', 'BOOL', 1],
      ['steps', 'I64', 8],
      ['conv_in.weight_scale', 'F64', 8],
    ];
    for (const [part, file] of [
      ['unet', 'diffusion_pytorch_model'],
      ['vae', 'diffusion_pytorch_model'],
      ['text_encoder', 'model'],
    ]) {
      addStrays(join(folder, part, `${file}.safetensors`), strays);
    }
    const checkpoint = await openCheckpoint(folder);
    expect(await read(checkpoint.unet.weights)).toEqual(weights.unet);
    expect([...checkpoint.ignored].sort()).toEqual(strays.flatMap(([name]) => [name, name, name]).sort());

    const path = await single();
    const inFile: typeof strays = [
      ['model.diffusion_model.v_pred_steps', 'I64', 8],
      ['first_stage_model.encoder.conv_in.scale', 'F8_E5M2', 1],
      ['cond_stage_model.transformer.text_model.embeddings.position_ids', 'U64', 8],
    ];
    addStrays(path, inFile);
    const opened = await openCheckpoint(path, { config });
    expect([...opened.ignored].sort()).toEqual(inFile.map(([name]) => name).sort());
  });
});

describe('checkpoints of another kind', () => {
  it.each([
    [9, 'this is an inpainting checkpoint'],
    [8, 'this is an InstructPix2Pix checkpoint'],
    [5, 'this is a depth-to-image checkpoint'],
  ])('a UNet that takes %i channels is named', async (channels, sentence) => {
    const name = 'model.diffusion_model.input_blocks.0.0.weight';
    const path = await single({ [name]: tensor('float32', [8, channels, 3, 3], new Float32Array(72 * channels)) });
    await expect(openCheckpoint(path)).rejects.toThrow(sentence);
    await expect(openCheckpoint(path, { config })).rejects.toThrow(sentence);
  });
});

/** Appends tensors of one element to a file. */
function addStrays(path: string, strays: readonly (readonly [string, string, number])[]): void {
  const bytes = readFileSync(path);
  const length = Number(bytes.readBigUInt64LE(0));
  const header = JSON.parse(bytes.toString('utf8', 8, 8 + length));
  let end = bytes.length - 8 - length;
  for (const [name, dtype, size] of strays) {
    header[name] = { dtype, shape: [1], data_offsets: [end, end + size] };
    end += size;
  }
  const json = Buffer.from(JSON.stringify(header));
  const prefix = Buffer.alloc(8);
  prefix.writeBigUInt64LE(BigInt(json.length));
  const added = Buffer.alloc(strays.reduce((sum, [, , size]) => sum + size, 0));
  writeFileSync(path, Buffer.concat([prefix, json, bytes.subarray(8 + length), added]));
}
