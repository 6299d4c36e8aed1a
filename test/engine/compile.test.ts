// Sessions over weights in files: mapped or copied, float32, float16 or bfloat16, shared, disposed of.

import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { compile, openSessions } from '../../src/lib/engine/onnx/compile.js';
import { cacheFolder, weightAccess } from '../../src/lib/engine/onnx/weight-files.js';
import { ops as g } from '../../src/lib/graph/ops.js';
import { toBfloat16, toFloat16, toFloat32 } from '../../src/lib/tensor/half.js';
import { readSafetensorsHeader, writeSafetensors } from '../../src/lib/tensor/safetensors.js';
import { type Tensor, tensor } from '../../src/lib/tensor/tensor.js';
import { skipNote } from '../skipped.js';

const SHARED_MEMORY = '/dev/shm';
const x = tensor('float32', [1, 3], Float32Array.of(1, -2, 0.5));
const w = tensor('float32', [2, 3], Float32Array.of(0.1, 0.2, 0.3, -0.4, 0.5, 1 / 3));

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'steadyframe-engine-'));
  process.env.STEADYFRAME_CACHE = join(folder, 'cache');
});
afterEach(() => {
  delete process.env.STEADYFRAME_CACHE;
  rmSync(folder, { recursive: true });
});

const product = () => ({ y: g.matmul(g.input('x', [1, 3]), g.weight('w', [2, 3]), { transposeB: true }) });

async function weightsIn(path: string, value: Tensor = w) {
  await writeSafetensors(path, { w: value });
  return (await readSafetensorsHeader(path)).tensors;
}

function expectProduct(actual: Tensor<'float32'>, weights: Float32Array): void {
  const [a, b, c] = x.data;
  const row = (i: number) => a * weights[3 * i] + b * weights[3 * i + 1] + c * weights[3 * i + 2];
  expect(actual.shape).toEqual([1, 2]);
  expect(actual.data[0]).toBeCloseTo(row(0), 6);
  expect(actual.data[1]).toBeCloseTo(row(1), 6);
}

describe.each([
  ['float32', w],
  ['float16', toFloat16(w)],
  ['bfloat16', toBfloat16(w)],
] as const)('%s weights', (_, stored) => {
  test('are mapped through a hard link that does not outlive the start', async () => {
    const entries = await weightsIn(join(folder, 'weights.safetensors'), stored);
    const program = await compile(product(), entries, { device: 'cpu' });
    expect(program.weights).toEqual({ mapped: true });
    expect(readdirSync(join(cacheFolder(), 'links'))).toEqual([]);
    expect(statSync(join(folder, 'weights.safetensors')).nlink).toBe(1);
    rmSync(join(folder, 'weights.safetensors'));
    expectProduct((await program.run({ x })).y, toFloat32(stored).data);
    await program.dispose();
  });

  test.skipIf(!existsSync(SHARED_MEMORY))(
    `are copied from another file system${skipNote(existsSync(SHARED_MEMORY), 'there is no /dev/shm')}`,
    async () => {
      const elsewhere = mkdtempSync(join(SHARED_MEMORY, 'steadyframe-engine-'));
      try {
        const path = join(elsewhere, 'weights.safetensors');
        const entries = await weightsIn(path, stored);
        const program = await compile(product(), entries, { device: 'cpu' });
        expect(program.weights.mapped).toBe(false);
        expect(program.weights.reason).toMatch(/another file system.*STEADYFRAME_CACHE/);
        expect(await weightAccess(path)).toEqual(program.weights);
        expectProduct((await program.run({ x })).y, toFloat32(stored).data);
        await program.dispose();
      } finally {
        rmSync(elsewhere, { recursive: true });
      }
    },
  );
});

test('a symbolic link to the weights, as model caches have them, is mapped too', async () => {
  await weightsIn(join(folder, 'blob'));
  symlinkSync(join(folder, 'blob'), join(folder, 'weights.safetensors'));
  const { tensors } = await readSafetensorsHeader(join(folder, 'weights.safetensors'));
  const program = await compile(product(), tensors, { device: 'cpu' });
  expect(program.weights).toEqual({ mapped: true });
  expectProduct((await program.run({ x })).y, w.data);
  await program.dispose();
});

test('equal graphs over equal weights share a session, which goes with its last user', async () => {
  const others = openSessions();
  const entries = await weightsIn(join(folder, 'weights.safetensors'));
  const [first, second] = await Promise.all([compile(product(), entries), compile(product(), entries)]);
  expect(openSessions()).toBe(others + 1);
  await first.dispose();
  await first.dispose();
  expect(openSessions()).toBe(others + 1);
  expectProduct((await second.run({ x })).y, w.data);
  await expect(first.run({ x })).rejects.toThrow('was disposed of');
  await second.dispose();
  expect(openSessions()).toBe(others);
});

test('other weights of the same shape are another session', async () => {
  const others = openSessions();
  const other = tensor(
    'float32',
    [2, 3],
    w.data.map((value) => -value),
  );
  const first = await compile(product(), await weightsIn(join(folder, 'a.safetensors')));
  const second = await compile(product(), await weightsIn(join(folder, 'b.safetensors'), other));
  expect(openSessions()).toBe(others + 2);
  expectProduct((await first.run({ x })).y, w.data);
  expectProduct((await second.run({ x })).y, other.data);
  await first.dispose();
  await second.dispose();
});

test('trained weights are given at each run', async () => {
  const program = await compile(product(), new Map(), { trained: new Set(['w']) });
  const twice = tensor(
    'float32',
    [2, 3],
    w.data.map((value) => 2 * value),
  );
  expectProduct((await program.run({ x, w })).y, w.data);
  expectProduct((await program.run({ x, w: twice })).y, twice.data);
  await program.dispose();
});

test('outputs of a program that trains are written where they are wanted and not copied', async () => {
  const length = 2 ** 20;
  const weight = g.weight('w', [length]);
  const double = g.reshape(g.add(weight, weight), [2, length / 2]);
  const program = await compile({ double, sum: g.sum(weight) }, new Map(), { device: 'cpu', trained: new Set(['w']) });
  const given = { w: tensor('float32', [length], new Float32Array(length).fill(0.5)) };
  const into = { double: new Float32Array(length) };
  await program.run(given, into);
  const before = process.memoryUsage().arrayBuffers;
  const { double: found, sum } = await program.run(given, into);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(length);
  expect(found.shape).toEqual([2, length / 2]);
  expect(found.data).toBe(into.double);
  expect(found.data.every((value) => value === 1)).toBe(true);
  expect(sum).toEqual({ dtype: 'float32', shape: [], data: Float32Array.of(length / 2) });
  // Without given arrays, each run returns new ones.
  const results = [await program.run(given), await program.run({ w: { ...given.w, data: into.double } })];
  expect(results.map(({ double: { data } }) => data[length - 1])).toEqual([1, 2]);
  await program.dispose();
});

test('what is missing or mis-shaped is named', async () => {
  await expect(compile(product(), new Map())).rejects.toThrow("the graph needs the weight 'w', which was not given");
  const program = await compile(product(), new Map([['w', w]]));
  await expect(program.run({})).rejects.toThrow("input 'x' [1, 3] is missing");
  await expect(program.run({ x: tensor('float32', [3, 1], x.data) })).rejects.toThrow("'x' must be [1, 3], not [3, 1]");
  await program.dispose();
});
