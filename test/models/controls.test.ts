// ControlNets of an open model: when they act, what they leave as it is, and what is refused. Numbers are compared with
// diffusers' in test/reference/controlled-model.test.ts.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { anchoredImg2img } from '../../src/lib/diffusion/anchored-img2img.js';
import { type Img2ImgOptions, img2img } from '../../src/lib/diffusion/img2img.js';
import { actsIn, type ControlRequest } from '../../src/lib/models/controls/controls.js';
import { loadModel, type Model } from '../../src/lib/models/model.js';
import { SAMPLERS } from '../../src/lib/settings/table.js';
import { randn } from '../../src/lib/tensor/randn.js';
import { writeSafetensors } from '../../src/lib/tensor/safetensors.js';
import { type Tensor, tensor } from '../../src/lib/tensor/tensor.js';
import { scratchFolder, smallestCheckpoint } from '../sweeps/tiny.js';
import { tinyControl } from './tiny-control.js';

const scratch = scratchFolder();
let checkpoint: string;
let control: string;

const writeControl = (name: string, config: Record<string, unknown> = {}): Promise<string> =>
  tinyControl(checkpoint, join(scratch, name), config);

beforeAll(async () => {
  checkpoint = await smallestCheckpoint(scratch);
  control = await writeControl('control');
});

const open = (...controls: ControlRequest[]): Promise<Model> => loadModel(checkpoint, { device: 'cpu', controls });

/** Two rows of latents, and a picture for each. */
function rowsOf(model: Model): { latent: Tensor<'float32'>; noise: Tensor<'float32'>; condition: Tensor<'float32'> } {
  const { vae, vaeFactor } = model.config;
  const shape = [2, vae.latentChannels, 4, 4];
  const picture = [2, 3, 4 * vaeFactor, 4 * vaeFactor];
  const unit = randn(7, picture).data.map((value) => 1 / (1 + Math.exp(-value)));
  return { latent: randn(1, shape), noise: randn(2, shape), condition: tensor('float32', picture, unit) };
}

async function last(steps: AsyncIterable<{ latent: Tensor<'float32'> }>): Promise<Float32Array> {
  let data = new Float32Array(0);
  for await (const { latent } of steps) data = latent.data as Float32Array<ArrayBuffer>;
  return data;
}

const distance = (a: Float32Array, b: Float32Array): number => Math.max(...a.map((value, i) => Math.abs(value - b[i])));

describe('a model under a control', () => {
  test.each(SAMPLERS)('%s: acts in its part of the steps, and leaves the others as they are', async (sampler) => {
    const plain = await open();
    const { latent, noise, condition } = rowsOf(plain);
    const options: Img2ImgOptions = {
      prompt: 'a city',
      strength: 1,
      steps: 4,
      guidanceScale: 2,
      sampler,
      latent,
      noise,
    };
    const conditions = [condition];
    const alone = await last(img2img(plain, options));
    const never = await last(img2img(await open({ path: control, start: 0.99 }), { ...options, conditions }));
    expect(distance(never, alone)).toBeLessThan(1e-6);
    const always = await last(img2img(await open({ path: control }), { ...options, conditions }));
    const late = await last(img2img(await open({ path: control, start: 0.5 }), { ...options, conditions }));
    expect(distance(always, alone)).toBeGreaterThan(1e-3);
    expect(distance(late, alone)).toBeGreaterThan(1e-3);
    expect(distance(late, always)).toBeGreaterThan(1e-3);
  });

  test('each row follows its own picture, alone and with frames that are rendered together', async () => {
    const model = await open({ path: control });
    const { latent, noise, condition } = rowsOf(model);
    const half = ({ shape, data }: Tensor<'float32'>, row: number): Tensor<'float32'> => {
      const size = data.length / 2;
      return tensor('float32', [1, ...shape.slice(1)], data.slice(row * size, (row + 1) * size));
    };
    const options = { prompt: 'a city', strength: 1, steps: 2, guidanceScale: 2 };
    const both = await last(img2img(model, { ...options, latent, noise, conditions: [condition] }));
    const rows: number[] = [];
    for (const row of [0, 1]) {
      const one = { latent: half(latent, row), noise: half(noise, row), conditions: [half(condition, row)] };
      rows.push(...(await last(img2img(model, { ...options, ...one }))));
    }
    expect(distance(Float32Array.from(rows), both)).toBeLessThan(1e-4);
    const swapped = { ...condition, data: condition.data.toReversed() };
    const other = await last(img2img(model, { ...options, latent, noise, conditions: [swapped] }));
    expect(distance(other, both)).toBeGreaterThan(1e-2);
    const shot = { ...options, latent, noise, conditions: [condition], batch: 1 };
    expect(distance(await last(anchoredImg2img(model, shot)), both)).toBeLessThan(1e-4);
    const anchored = await last(anchoredImg2img(model, { ...shot, anchor: 'first-previous' }));
    expect(distance(anchored.subarray(0, both.length / 2), both.subarray(0, both.length / 2))).toBeLessThan(1e-4);
  });

  test('a weight of 0 changes nothing; two controls add up; BGR is RGB in the other order', async () => {
    const plain = await open();
    const { latent, condition } = rowsOf(plain);
    const timesteps = tensor('int32', [2], Int32Array.of(400, 700));
    const context = await plain.encodeText(['a city', 'a street']);
    const predicted = async (conditions: Tensor<'float32'>[], ...controls: ControlRequest[]): Promise<Float32Array> => {
      const model = await open(...controls);
      return (await model.predict(latent, timesteps, context, { conditions })).data;
    };
    const alone = (await plain.predict(latent, timesteps, context)).data;
    expect(distance(await predicted([condition], { path: control, scale: 0 }), alone)).toBeLessThan(1e-6);
    const once = await predicted([condition], { path: control, scale: 0.8 });
    const half = { path: control, scale: 0.4 };
    expect(distance(await predicted([condition, condition], half, half), once)).toBeLessThan(1e-5);
    const plane = condition.data.length / 6;
    const data = condition.data.slice();
    for (const [to, from] of [0, 1, 2, 3, 4, 5].map((to) => [to, to < 3 ? 2 - to : 8 - to])) {
      data.set(condition.data.subarray(from * plane, (from + 1) * plane), to * plane);
    }
    const bgr = await writeControl('bgr', { controlnet_conditioning_channel_order: 'bgr' });
    const reversed = await predicted([tensor('float32', condition.shape, data)], { path: bgr, scale: 0.8 });
    expect(distance(reversed, once)).toBeLessThan(1e-6);
    expect(distance(await predicted([condition], { path: bgr, scale: 0.8 }), once)).toBeGreaterThan(1e-4);
  });
});

test('the steps of a control are those of diffusers', () => {
  const acting = (start: number, end: number): number[] =>
    Array.from({ length: 10 }, (_, i) => i).filter((i) => actsIn({ start, end }, i, 10));
  expect(acting(0.2, 0.8)).toEqual([2, 3, 4, 5, 6, 7]);
  expect(acting(0, 1)).toHaveLength(10);
  expect(acting(0.25, 0.75)).toEqual([3, 4, 5, 6]);
});

describe('what is refused, in one sentence', () => {
  const named = async (file: string, ...names: string[]): Promise<string> => {
    const one = tensor('float32', [1], new Float32Array(1));
    await writeSafetensors(join(scratch, file), Object.fromEntries(names.map((name) => [name, one])));
    return join(scratch, file);
  };
  test.each([
    ['lora_unet_down_blocks_0.lora_up.weight', 'this is a LoRA'],
    ['adapter.body.0.in_conv.weight', 'this is a T2I-Adapter'],
    ['lora_controlnet', 'this is a Control-LoRA'],
    ['model.diffusion_model.input_blocks.0.0.weight', 'this is a whole checkpoint'],
    ['weight', 'this is no ControlNet (its first tensor is weight)'],
  ])('a file with %s', async (name, sentence) => {
    const path = await named(`${name}.safetensors`, name);
    await expect(open({ path })).rejects.toThrow(`${path}: ${sentence}`);
  });

  test('a path that is none, a folder of something else, and another kind of model', async () => {
    await expect(open({ path: 'no/where' })).rejects.toThrow('no/where');
    await expect(open({ path: join(checkpoint, 'unet') })).rejects.toThrow('_class_name');
    const wide = await writeControl('wide', { cross_attention_dim: 64 });
    await expect(open({ path: wide })).rejects.toThrow(
      /wide: this ControlNet was made for a text encoder of 64 channels/,
    );
    const sdxl = join(scratch, 'sdxl');
    mkdirSync(sdxl);
    const config = { _class_name: 'ControlNetModel', cross_attention_dim: 2048, addition_embed_type: 'text_time' };
    writeFileSync(join(sdxl, 'config.json'), JSON.stringify(config));
    const both = 'made for a text encoder of 2048 channels (SDXL), the model has a text encoder of 8 channels; use one';
    await expect(open({ path: sdxl })).rejects.toThrow(`${sdxl}: this ControlNet was ${both}`);
    const file = join(scratch, 'sdxl.safetensors');
    await writeSafetensors(file, {
      'input_hint_block.0.weight': tensor('float32', [1], new Float32Array(1)),
      'label_emb.0.0.weight': tensor('float32', [1], new Float32Array(1)),
      'input_blocks.4.1.transformer_blocks.0.attn2.to_k.weight': tensor('float32', [1, 2048], new Float32Array(2048)),
    });
    await expect(open({ path: file })).rejects.toThrow(`${file}: this ControlNet was ${both}`);
    const coarse = await writeControl('coarse', { conditioning_embedding_out_channels: [4, 4] });
    await expect(open({ path: coarse })).rejects.toThrow('latent cells of 2 pixels');
  });

  test.each([
    [{ scale: Number.NaN }, "the control's weight is NaN, expected a number from 0 to 10; 0.5 to 1 is usual"],
    [{ scale: -0.5 }, "the control's weight is -0.5"],
    [{ scale: 11 }, "the control's weight is 11"],
    [{ start: 0.5, end: 0.5 }, 'the control acts from 0.5 to 0.5'],
    [{ end: 1.5 }, 'the control acts from 0 to 1.5'],
    [{ kind: 'depth' }, 'depth is made by a network of its own; give what it made of the video'],
    [{ kind: 'depth', map: 'no/where.mp4' }, 'no/where.mp4: there is no such file or folder; the map of a control is'],
    [{ kind: 'previous', map: scratch }, 'the condition previous is what was rendered before; leave out its map'],
  ] as const)('%o', async (more, sentence) => {
    await expect(open({ path: control, ...more })).rejects.toThrow(sentence);
  });

  test('pictures that do not fit the controls', async () => {
    const model = await open({ path: control });
    const { latent, noise, condition } = rowsOf(model);
    const options = { prompt: '', strength: 1, steps: 1, latent, noise };
    await expect(last(img2img(model, options))).rejects.toThrow("no pictures were given for the model's 1 controls");
    const two = { ...options, conditions: [condition, condition] };
    await expect(last(img2img(model, two))).rejects.toThrow("2 pictures were given for the model's 1 controls");
    const small = { ...condition, shape: [2, 3, condition.shape[2] / 2, 2 * condition.shape[3]] };
    await expect(last(img2img(model, { ...options, conditions: [small] }))).rejects.toThrow(
      `the picture for ${control}`,
    );
    await expect(last(img2img(await open(), { ...options, conditions: [condition] }))).rejects.toThrow(
      "1 pictures were given for the model's 0 controls",
    );
  });
});
