// Which engine computes, where: options, environment variables, installed packages, and what is refused.

import { afterEach, expect, test } from 'vitest';
import { compile } from '../../src/lib/engine/compile.js';
import { resolveEngine } from '../../src/lib/engine/engine.js';
import { resolvePlace } from '../../src/lib/engine/place.js';
import { findTfjs, PACKAGES } from '../../src/lib/engine/tfjs/packages.js';
import { ops as g } from '../../src/lib/graph/ops.js';
import { tensor } from '../../src/lib/tensor/tensor.js';

const VARIABLES = ['STEADYFRAME_ENGINE', 'STEADYFRAME_DEVICE', 'STEADYFRAME_TEST_TFJS'] as const;
const before = VARIABLES.map((name) => [name, process.env[name]] as const);
afterEach(() => {
  for (const [name, value] of before) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
});

test('the engine comes from the option, else the environment, else it is ONNX Runtime', () => {
  delete process.env.STEADYFRAME_ENGINE;
  expect(resolveEngine()).toBe('onnx');
  process.env.STEADYFRAME_ENGINE = 'tfjs';
  expect(resolveEngine()).toBe('tfjs');
  expect(resolveEngine('onnx')).toBe('onnx');
  process.env.STEADYFRAME_ENGINE = 'torch';
  expect(() => resolveEngine()).toThrow("STEADYFRAME_ENGINE: 'torch' is not an engine; choose one of onnx, tfjs");
  expect(() => resolveEngine('torch')).toThrow("engine: 'torch' is not an engine; choose one of onnx, tfjs");
});

test('the first installed package is taken, for a device the first that computes there', () => {
  delete process.env.STEADYFRAME_TEST_TFJS;
  delete process.env.STEADYFRAME_DEVICE;
  expect(resolvePlace({})).toEqual({ engine: 'onnx', device: 'cpu', precision: 'float32', runsOn: 'cpu' });
  const installed = { engine: 'tfjs', device: 'cpu', precision: 'float32', runsOn: 'tfjs-backend-wasm' };
  expect(resolvePlace({ engine: 'tfjs' })).toEqual(installed);
  expect(resolvePlace({ engine: 'tfjs', device: 'cpu' })).toEqual(installed);
  const all = (name: string): boolean => name !== '';
  expect(findTfjs(undefined, all)).toEqual(PACKAGES[0]);
  expect(findTfjs('cpu', all).name).toBe('@tensorflow/tfjs-node');
  expect(findTfjs('webgpu', all).name).toBe('@tensorflow/tfjs-backend-webgpu');
});

test('what cannot be is refused in one sentence with the remedy', () => {
  delete process.env.STEADYFRAME_TEST_TFJS;
  expect(() => findTfjs(undefined, () => false)).toThrow(
    'engine tfjs needs a package of TensorFlow.js, and none is installed: npm install @tensorflow/tfjs-backend-wasm ' +
      '(@tensorflow/tfjs-node-gpu, @tensorflow/tfjs-node, @tensorflow/tfjs-backend-wasm, @tensorflow/tfjs-backend-webgpu, @tensorflow/tfjs are taken, in this order)',
  );
  expect(() => resolvePlace({ engine: 'tfjs', device: 'cuda' })).toThrow(
    'engine tfjs on device cuda needs @tensorflow/tfjs-node-gpu, which is not installed: npm install @tensorflow/tfjs-node-gpu',
  );
  process.env.STEADYFRAME_DEVICE = 'dml';
  expect(() => resolvePlace({ engine: 'tfjs' })).toThrow(
    'engine tfjs has no device dml; choose one of cuda, cpu, webgpu, or engine onnx',
  );
});

test('both engines take the same programs, and say the same of what is missing or disposed of', async () => {
  process.env.STEADYFRAME_TEST_TFJS = '@tensorflow/tfjs-backend-wasm';
  const x = tensor('float32', [1, 3], Float32Array.of(1, -2, 0.5));
  const w = tensor('float32', [2, 3], Float32Array.of(1, 2, 3, 4, 5, 6));
  const results = { y: g.reshape(g.matmul(g.input('x', [1, 3]), g.weight('w', [2, 3]), { transposeB: true }), [2]) };
  for (const engine of ['onnx', 'tfjs'] as const) {
    const options = { engine, device: 'cpu' } as const;
    await expect(compile(results, new Map(), options)).rejects.toThrow("needs the weight 'w', which was not given");
    const program = await compile(results, new Map([['w', w]]), options);
    expect((await program.run({ x })).y).toEqual({ dtype: 'float32', shape: [2], data: Float32Array.of(-1.5, -3) });
    await expect(program.run({})).rejects.toThrow("input 'x' [1, 3] is missing");
    const turned = tensor('float32', [3, 1], x.data);
    await expect(program.run({ x: turned })).rejects.toThrow("'x' must be [1, 3], not [3, 1]");
    await program.dispose();
    await program.dispose();
    await expect(program.run({ x })).rejects.toThrow('was disposed of');
    const training = await compile(results, new Map(), { ...options, trained: new Set(['w']) });
    const into = { y: new Float32Array(2) };
    expect((await training.run({ x, w }, into)).y.data).toBe(into.y);
    expect(into.y).toEqual(Float32Array.of(-1.5, -3));
    await training.dispose();
  }
});
