// Winograd's convolutions: equal to the direct ones, used where they are quicker, their kernels kept in the cache.

import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { compile } from '../../src/lib/engine/onnx/compile.js';
import { quickestTiles } from '../../src/lib/engine/onnx/winograd.js';
import { ops as g } from '../../src/lib/graph/ops.js';
import { toFloat16 } from '../../src/lib/tensor/half.js';
import { randn } from '../../src/lib/tensor/randn.js';
import { readSafetensorsHeader, writeSafetensors } from '../../src/lib/tensor/safetensors.js';
import type { Tensor } from '../../src/lib/tensor/tensor.js';
import { relativeError } from '../reference/pack.js';
import { skipNote } from '../skipped.js';

const SHARED_MEMORY = '/dev/shm';
/** Of the largest value; direct convolutions differ from PyTorch's by 1e-6. */
const BOUND = 3e-6;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'steadyframe-winograd-'));
  vi.stubEnv('STEADYFRAME_CACHE', join(folder, 'cache'));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});
const kernels = (): string[] =>
  existsSync(join(folder, 'cache/winograd')) ? readdirSync(join(folder, 'cache/winograd')) : [];

/** A convolution whose weights are in a file. */
async function convolution(
  [batch, inputs, height, width]: readonly number[],
  outputs: number,
  { place = folder, half = false, bias = true } = {},
) {
  const file = join(place, 'weights.safetensors');
  const w = randn(1, [outputs, inputs, 3, 3]);
  await writeSafetensors(file, { w: half ? toFloat16(w) : w, b: randn(2, [outputs]) });
  const { tensors } = await readSafetensorsHeader(file);
  const x = randn(3, [batch, inputs, height, width]);
  const y = g.conv2d(g.input('x', x.shape), g.weight('w', w.shape), bias ? g.weight('b', [outputs]) : null, {
    padding: 1,
  });
  return async (where: 'everywhere' | 'off' | 'quicker', trained?: ReadonlySet<string>): Promise<Tensor<'float32'>> => {
    vi.stubEnv('STEADYFRAME_WINOGRAD', where);
    const program = await compile({ y }, tensors, { device: 'cpu', ...(trained && { trained }) });
    const result = await program.run({ x, w });
    await program.dispose();
    return result.y;
  };
}

describe('tiles', () => {
  it.each([
    { shape: [1, 8, 8, 8], outputs: 8, of: 'four, that fit' },
    { shape: [2, 12, 9, 7], outputs: 8, of: 'four, cut at the end' },
    { shape: [1, 8, 5, 12], outputs: 6, of: 'two, cut at the end' },
    { shape: [3, 5, 4, 6], outputs: 7, of: 'two, that fit' },
    { shape: [1, 3, 1, 2], outputs: 4, of: 'four, larger than the picture' },
  ])('of $of', async ({ shape, outputs }) => {
    const run = await convolution(shape, outputs);
    const direct = await run('off');
    expect(kernels()).toEqual([]);
    const tiled = await run('everywhere');
    expect(kernels()).toHaveLength(1);
    expect(tiled.shape).toEqual(direct.shape);
    expect(relativeError(tiled.data, direct.data)).toBeLessThan(BOUND);
    expect(tiled.data).not.toEqual(direct.data);
  });

  it('of weights in float16, without bias', async () => {
    const run = await convolution([1, 8, 8, 8], 8, { half: true, bias: false });
    expect(relativeError((await run('everywhere')).data, (await run('off')).data)).toBeLessThan(BOUND);
    expect(kernels()).toHaveLength(1);
  });

  it('are not made of weights that are trained', async () => {
    const run = await convolution([1, 8, 8, 8], 8);
    const trained = new Set(['w']);
    expect((await run('everywhere', trained)).data).toEqual((await run('off', trained)).data);
    expect(kernels()).toEqual([]);
  });
});

describe('where they are quicker', () => {
  it.each([
    [[2, 320, 64, 64], 320, 4],
    [[2, 1280, 32, 32], 640, 4],
    [[2, 1280, 16, 16], 1280, 2],
    [[2, 2560, 8, 8], 1280, null],
    [[1, 512, 64, 64], 512, 4],
    [[1, 256, 256, 256], 256, 4],
    [[1, 128, 512, 512], 128, null],
    [[2, 128, 32, 32], 128, null],
    [[2, 4, 64, 64], 320, null],
    [[2, 320, 64, 64], 4, null],
    // The tiles would take 604 MB.
    [[1, 256, 512, 512], 256, null],
  ] as const)('%j to %i channels: tiles of %j', (shape, outputs, side) => {
    expect(quickestTiles(shape, outputs)).toBe(side);
  });

  it('is what decides, unless the variable says otherwise', async () => {
    const run = await convolution([1, 8, 8, 8], 8);
    expect((await run('quicker')).data).toEqual((await run('off')).data);
    await expect(run('on' as 'off')).rejects.toThrow(
      "STEADYFRAME_WINOGRAD: 'on', expected one of quicker, everywhere, off",
    );
  });
});

describe('transformed kernels', () => {
  it('are computed once, and again where a file is damaged or the weights are others', async () => {
    const run = await convolution([1, 8, 8, 8], 8);
    const first = await run('everywhere');
    const [file] = kernels().map((name) => join(folder, 'cache/winograd', name));
    const { ino } = statSync(file);
    expect(await run('everywhere')).toEqual(first);
    expect(statSync(file).ino).toBe(ino);
    truncateSync(file, 100);
    expect(await run('everywhere')).toEqual(first);
    expect(kernels()).toHaveLength(1);
    const other = await convolution([1, 8, 8, 8], 4);
    await other('everywhere');
    expect(kernels()).toHaveLength(2);
  });

  it('are left out where there is no cache', async () => {
    writeFileSync(join(folder, 'file'), '');
    vi.stubEnv('STEADYFRAME_CACHE', join(folder, 'file'));
    const run = await convolution([1, 8, 8, 8], 8);
    expect((await run('everywhere')).data).toEqual((await run('off')).data);
  });

  it.skipIf(!existsSync(SHARED_MEMORY))(
    `are not made of weights that cannot be mapped${skipNote(existsSync(SHARED_MEMORY), 'there is no /dev/shm')}`,
    async () => {
      const place = mkdtempSync(join(SHARED_MEMORY, 'steadyframe-winograd-'));
      try {
        const run = await convolution([1, 8, 8, 8], 8, { place });
        expect((await run('everywhere')).data).toEqual((await run('off')).data);
        expect(kernels()).toEqual([]);
      } finally {
        rmSync(place, { recursive: true });
      }
    },
  );
});
