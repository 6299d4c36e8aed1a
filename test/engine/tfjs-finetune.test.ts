// A finetuning and a command on engine `tfjs`: the same losses as ONNX Runtime's, and results that remember the engine.

import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadModel } from '../../src/lib/models/model.js';
import { finetune } from '../../src/lib/training/finetune/finetune.js';
import { steadyframe } from '../cli/run-command.js';
import { relativeError } from '../reference/pack.js';
import { scratchFolder, shot, smallestCheckpoint } from '../sweeps/tiny.js';
import { neonFrame, quick, street } from '../training/tiny-finetune.js';

const scratch = scratchFolder();
beforeAll(() => {
  process.env.STEADYFRAME_TEST_TFJS = '@tensorflow/tfjs-backend-wasm';
});
afterAll(() => {
  delete process.env.STEADYFRAME_TEST_TFJS;
});

test.each(['lora', 'all'] as const)('a finetuning of %s has the losses of ONNX Runtime', async (train) => {
  const folder = await smallestCheckpoint(scratch);
  const results = [];
  for (const engine of ['onnx', 'tfjs'] as const) {
    const out = join(scratch, `${train}-${engine}`);
    await using model = await loadModel(folder, { engine, device: 'cpu' });
    const result = await finetune(
      model,
      street(),
      quick(out, [await neonFrame(1)], { train, track: false, iterations: 3 }),
    );
    results.push(result.losses);
    await using trained = await result.model();
    expect(trained.engine).toBe(engine);
    expect(trained.runsOn).toBe(engine === 'onnx' ? 'cpu' : 'tfjs-backend-wasm');
  }
  expect(results[1].length).toBe(3);
  expect(relativeError(results[1], results[0])).toBeLessThan(1e-3);
});

test('--engine tfjs says which package computes, and refuses a device that it does not have', async () => {
  const folder = await smallestCheckpoint(scratch);
  const video = await shot(scratch, 'shot', { frames: 1 });
  const made = (...more: string[]) => {
    const picture = [
      '--at',
      '0',
      '--seeds',
      '1',
      '--strengths',
      '0.5',
      '--size',
      '32',
      '--steps',
      '2',
      '--prompt',
      'a street',
    ];
    const out = ['-o', join(scratch, 'made'), '--no-track', '--engine', 'tfjs'];
    return steadyframe(['frame', video, '--model', folder, ...picture, ...out, ...more]);
  };
  const outcome = await made();
  expect(outcome.err).toContain('steadyframe: engine tfjs: tfjs-backend-wasm\n');
  expect(outcome.code).toBe(0);
  const refused = await made('--device', 'coreml');
  expect(refused.code).toBe(2);
  expect(refused.err).toContain(
    'steadyframe: engine tfjs has no device coreml; choose one of cuda, cpu, webgpu, or engine onnx\n',
  );
});
