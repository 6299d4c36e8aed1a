// Folders and settings of PEFT, and updates that are not low-rank sums, on a tiny model.

import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openCheckpoint } from '../../src/lib/models/checkpoint/checkpoint.js';
import { readLora } from '../../src/lib/models/lora/lora.js';
import { hashLora } from '../../src/lib/models/lora/source.js';
import { loadModel } from '../../src/lib/models/model.js';
import { toFloat32 } from '../../src/lib/tensor/half.js';
import { readTensor, writeSafetensors } from '../../src/lib/tensor/safetensors.js';
import { sizeOf, type Tensor, tensor } from '../../src/lib/tensor/tensor.js';
import { relativeError } from '../reference/pack.js';
import { writeFolder } from './tiny-checkpoint.js';

const scratch = mkdtempSync(join(tmpdir(), 'peft-'));
afterAll(() => rmSync(scratch, { recursive: true }));

let checkpoint: string;
beforeAll(async () => {
  checkpoint = await writeFolder(join(scratch, 'model'));
});

const QUERY = 'down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q';
const KEY = 'down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_k';
const CONV = 'down_blocks.0.resnets.0.conv1';
const TEXT = 'encoder.layers.1.self_attn.q_proj';

let drawn = 0;
const filled = (...shape: number[]) =>
  tensor(
    'float32',
    shape,
    Float32Array.from({ length: sizeOf(shape) }, () => 0.3 * Math.cos(++drawn * 1.3)),
  );
const pair = (name: string, rank = 4) => ({
  [`${name}.lora_A.weight`]: filled(rank, 8),
  [`${name}.lora_B.weight`]: filled(8, rank),
});

let folders = 0;
async function folderOf(
  tensors: Record<string, Tensor>,
  config: object | null,
  name = 'adapter_model',
): Promise<string> {
  const folder = join(scratch, `${folders++}`);
  mkdirSync(folder);
  await writeSafetensors(join(folder, `${name}.safetensors`), tensors);
  if (config) writeFileSync(join(folder, 'adapter_config.json'), JSON.stringify(config));
  return folder;
}

/** Alpha of each layer of a file. */
async function alphas(path: string): Promise<Record<string, number | null>> {
  const files = await readLora(path, await openCheckpoint(checkpoint));
  return Object.fromEntries(files.flatMap(({ updates }) => updates.map(({ path: at, alpha }) => [at, alpha])));
}

describe('adapter_config.json', () => {
  const model = 'base_model.model.';
  const tensors = { ...pair(model + QUERY), ...pair(`${model}${KEY}`, 2), ...pair(`${model}text_model.${TEXT}`) };
  const config = {
    peft_type: 'LORA',
    r: 4,
    lora_alpha: 1,
    rank_pattern: { 'attn2.to_k': 2 },
    alpha_pattern: { 'attn2\\.to_k': 6, 'encoder.*q_proj': 3 },
  };

  it('counts for a folder and for a file beside it, with its patterns', async () => {
    const folder = await folderOf(tensors, config);
    for (const path of [folder, join(folder, 'adapter_model.safetensors')]) {
      expect(await alphas(path)).toEqual({ [QUERY]: 1, [KEY]: 6, [TEXT]: 3 });
    }
  });

  it('does not count for a file with names that are not of PEFT, and not over an alpha of its own', async () => {
    const kohya = Object.fromEntries(
      Object.entries(pair(`lora_unet_${QUERY.replaceAll('.', '_')}`)).map(([key, value]) => [
        key.replace('lora_A', 'lora_down').replace('lora_B', 'lora_up'),
        value,
      ]),
    );
    expect(await alphas(await folderOf(kohya, config))).toEqual({ [QUERY]: null });
    const own = { ...pair(model + QUERY), [`${model}${QUERY}.alpha`]: tensor('float32', [], Float32Array.of(7)) };
    expect(await alphas(await folderOf(own, config))).toEqual({ [QUERY]: 7 });
  });

  it('may be of the unet/ and text_encoder/ of a training script', async () => {
    const folder = join(scratch, 'both');
    mkdirSync(folder);
    cpSync(await folderOf(pair(model + QUERY), { ...config, lora_alpha: 2 }), join(folder, 'unet'), {
      recursive: true,
    });
    const text = await folderOf(pair(`${model}text_model.${TEXT}`), { r: 4, lora_alpha: 5, use_rslora: true });
    cpSync(text, join(folder, 'text_encoder'), { recursive: true });
    // Rank-stabilized: 5 / sqrt(4) = 10 / 4.
    expect(await alphas(folder)).toEqual({ [QUERY]: 2, [TEXT]: 10 });
  });

  it('is part of the identity', async () => {
    const folder = await folderOf(tensors, config);
    const names: string[] = [];
    const hash = async (file: string) => String(names.push(file));
    await hashLora(folder, hash);
    expect(names.map((file) => file.slice(folder.length + 1))).toEqual([
      'adapter_model.safetensors',
      'adapter_config.json',
    ]);
    expect(await hashLora(join(checkpoint, 'x.safetensors'), () => 'own')).toBe('own');
  });

  const refused: [string, () => Promise<string>, string][] = [
    [
      'another rank',
      () => folderOf(tensors, { r: 4, lora_alpha: 1 }),
      `PEFT's settings say rank 4 at ${KEY}, its matrices have 2`,
    ],
    ['another kind', () => folderOf(tensors, { peft_type: 'IA3' }), 'this is IA3, which is not supported'],
    ['PiSSA', () => folderOf(tensors, { ...config, init_lora_weights: 'pissa_niter_4' }), 'begun by pissa_niter_4'],
    ['DoRA without magnitudes', () => folderOf(tensors, { ...config, use_dora: true }), 'has no magnitudes'],
    [
      'an expression that never ends',
      () => folderOf(tensors, { r: 4, alpha_pattern: { '(a+)+$': 1 } }),
      'the pattern "(a+)+$" is not read',
    ],
    ['numbers that are none', () => folderOf(tensors, { r: 'four' }), 'r is "four"'],
    ['a folder without an adapter', async () => checkpoint, 'this folder holds no LoRA'],
    [
      'a pickle',
      async () => {
        const folder = join(scratch, 'pickle');
        mkdirSync(folder);
        writeFileSync(join(folder, 'adapter_model.bin'), 'PK');
        return folder;
      },
      'this is a PyTorch pickle',
    ],
  ];
  it.each(refused)('%s is refused', async (_, path, sentence) => {
    await expect(alphas(await path())).rejects.toThrow(sentence);
  });
});

describe('a change of the whole weight', () => {
  const kohya = (path: string) => `lora_unet_${path.replaceAll('.', '_')}`;
  async function output(loras: { file: string; scale?: number }[]): Promise<Float32Array> {
    const model = await loadModel(checkpoint, { device: 'cpu', loras });
    const context = await model.encodeText(['a']);
    drawn = 1000;
    const out = await model.predict(filled(1, 4, 4, 4), tensor('int32', [1], Int32Array.of(400)), context);
    await model.dispose();
    return out.data;
  }
  async function file(tensors: Record<string, Tensor>): Promise<string> {
    return join(await folderOf(tensors, null, 'x'), 'x.safetensors');
  }
  const factors = (path: string, down: Tensor, up: Tensor) => ({
    [`${kohya(path)}.lora_down.weight`]: down,
    [`${kohya(path)}.lora_up.weight`]: up,
    [`${kohya(path)}.alpha`]: tensor('float32', [], Float32Array.of(1)),
  });

  it.each([
    ['a linear layer', QUERY.replace('to_q', 'to_v'), [8, 8]],
    ['a convolution', CONV, [8, 8, 3, 3]],
  ])('DoRA of %s whose magnitudes are those of W + D is the plain update; so is its part', async (_, path, shape) => {
    const strong = (side: Tensor<'float32'>) => ({ ...side, data: side.data.map((value) => 8 * value) });
    const [down, up] = [filled(2, ...shape.slice(1)), strong(filled(8, 2, ...shape.slice(2).map(() => 1)))];
    const { unet } = await openCheckpoint(checkpoint);
    const weight = toFloat32(await readTensor(unet.weights.get(`${path}.weight`)!)).data;
    const columns = weight.length / 8;
    const norms = (along: 'rows' | 'columns') => {
      const sums = new Float64Array(8);
      for (let o = 0; o < 8; o++) {
        for (let c = 0; c < columns; c++) {
          const d = up.data[2 * o] * down.data[c] + up.data[2 * o + 1] * down.data[columns + c];
          sums[along === 'rows' ? o : Math.floor((c * 8) / columns)] += (weight[o * columns + c] + d / 2) ** 2;
        }
      }
      return Float32Array.from(sums, Math.sqrt);
    };
    const ones = shape.slice(2).map(() => 1);
    const plain = await file(factors(path, down, up));
    const rows = tensor('float32', [8, 1, ...ones], norms('rows'));
    const dora = await file({ ...factors(path, down, up), [`${kohya(path)}.dora_scale`]: rows });
    const byInput = tensor('float32', [1, 8, ...ones], norms('columns'));
    const older = await file({ ...factors(path, down, up), [`${kohya(path)}.dora_scale`]: byInput });
    for (const scale of [1, 0.4]) {
      const expected = await output([{ file: plain, scale }]);
      expect(relativeError(expected, await output([]))).toBeGreaterThan(2e-4);
      for (const each of [dora, older]) {
        expect(relativeError(await output([{ file: each, scale }]), expected)).toBeLessThan(2e-5);
      }
    }
  });

  it('LoHa whose second product is 1 everywhere is the plain update; files add up', async () => {
    const [down, up] = [filled(2, 8, 3, 3), filled(8, 2, 1, 1)];
    const halves = (...shape: number[]) => tensor('float32', shape, new Float32Array(sizeOf(shape)).fill(Math.SQRT1_2));
    const plain = await file(factors(CONV, down, up));
    const loha = await file({
      [`${kohya(CONV)}.hada_w1_a`]: { ...up, shape: [8, 2] },
      [`${kohya(CONV)}.hada_w1_b`]: { ...down, shape: [2, 72] },
      [`${kohya(CONV)}.hada_w2_a`]: halves(8, 2),
      [`${kohya(CONV)}.hada_w2_b`]: halves(2, 72),
      [`${kohya(CONV)}.alpha`]: tensor('float32', [], Float32Array.of(1)),
    });
    expect(
      relativeError(await output([{ file: loha, scale: 0.7 }]), await output([{ file: plain, scale: 0.7 }])),
    ).toBeLessThan(2e-5);
    const both = await output([{ file: loha }, { file: plain, scale: 0.5 }]);
    expect(relativeError(both, await output([{ file: plain, scale: 1.5 }]))).toBeLessThan(2e-5);
  });

  it('warns of layers that match nothing by a count, three names and where to see all', async () => {
    const foreign = Object.assign(
      {},
      ...[0, 1, 2, 3, 4].map((i) => pair(`unet.down_blocks.7.attentions.${i}.proj_in`)),
    );
    const path = await file({ ...pair(`unet.${QUERY}`), ...foreign });
    const warnings: string[] = [];
    const model = await loadModel(checkpoint, {
      device: 'cpu',
      loras: [{ file: path }],
      onWarning: (w) => warnings.push(w),
    });
    await model.dispose();
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain('5 of its layers match nothing');
    expect(warnings[0].match(/down_blocks\.7/g)).toHaveLength(3);
    expect(warnings[0]).toContain(`and 2 more; 'steadyframe info ${path} --model MODEL' lists all`);
  });
});
