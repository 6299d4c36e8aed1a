// Graphs on WebGPU, training included, compared with the CPU. Without a graphics card they run on SwiftShader, Chromium's
// software Vulkan driver, where that is installed: vitest.config.ts sets its variables.

import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { compile } from '../../src/lib/engine/compile.js';
import type { Device } from '../../src/lib/engine/devices.js';
import { ops as g } from '../../src/lib/graph/ops.js';
import type { Node } from '../../src/lib/graph/types.js';
import { loadModel } from '../../src/lib/models/model.js';
import { networkWeights } from '../../src/lib/models/networks/network-weights.js';
import { toFloat32 } from '../../src/lib/tensor/half.js';
import { randn } from '../../src/lib/tensor/randn.js';
import { readTensor } from '../../src/lib/tensor/safetensors.js';
import { type Tensor, tensor } from '../../src/lib/tensor/tensor.js';
import { finetune } from '../../src/lib/training/finetune/finetune.js';
import { denoisingProgram } from '../../src/lib/training/loss/denoising-program.js';
import { CASES, withGradients } from '../engine/primitive-cases.js';
import { relativeError } from '../reference/pack.js';
import { SMALLEST, scratchFolder, smallestCheckpoint } from '../sweeps/tiny.js';
import { neonFrame, quick, street } from '../training/tiny-finetune.js';

/** Of the largest value; sines of shaders are exact to 2^-11 only. */
const BOUND = 1e-3;
/** Of the largest value of each tensor: sums that nearly cancel out have the error of their parts. */
const GRADIENT_BOUND = 5e-3;
const DEVICES = ['cpu', 'webgpu'] as const;
const scratch = scratchFolder();
/** One level has the operations of more in fewer shapes, each of which is another program for the device to compile. */
const ONE_LEVEL = {
  unet: {
    ...SMALLEST.unet,
    ...{ block_out_channels: [8], down_block_types: ['CrossAttnDownBlock2D'], up_block_types: ['CrossAttnUpBlock2D'] },
  },
};

/** Why WebGPU does not start here; empty where it does. */
let missing = '';
beforeAll(async () => {
  const x = g.input('x', [2]);
  try {
    await using program = closing(await compile({ y: g.add(x, x) }, new Map(), { device: 'webgpu' }));
    await program.run({ x: tensor('float32', [2], Float32Array.of(1, 2)) });
  } catch (error) {
    missing = (error as Error).message;
  }
});

function closing<P extends { dispose(): Promise<void> }>(program: P): P & AsyncDisposable {
  return Object.assign(program, { [Symbol.asyncDispose]: () => program.dispose() });
}

describe('webgpu', () => {
  test('every primitive and its gradients are those of the CPU, and none falls back to it', async (context) => {
    if (missing) context.skip(missing);
    const outputs: Record<string, Node> = {};
    const inputs: Record<string, Tensor> = {};
    for (const [name, result] of Object.entries(CASES)) {
      const made = withGradients(result);
      for (const [key, node] of Object.entries(made.outputs)) outputs[`${name}: ${key}`] = node;
      Object.assign(inputs, made.inputs);
    }
    const found = [];
    for (const device of DEVICES) {
      await using program = closing(await compile(outputs, new Map(), { device }));
      found.push(await program.run(inputs));
      if (device === 'webgpu') expect(program.placement?.onCpu).toEqual({});
    }
    const [expected, results] = found;
    const wrong = Object.keys(outputs).filter((key) => !(relativeError(results[key].data, expected[key].data) < BOUND));
    expect(wrong).toEqual([]);
  });

  test('the gradients of all weights of a UNet are those of the CPU', async (context) => {
    if (missing) context.skip(missing);
    await using model = await loadModel(await smallestCheckpoint(scratch, ONE_LEVEL), { device: 'cpu' });
    const { config, weights: table } = model.checkpoint.unet;
    const trained = [...networkWeights(model.config).unet.keys()];
    const weights: [string, Tensor<'float32'>][] = [];
    for (const name of trained) weights.push([name, toFloat32(await readTensor(table.get(name)!))]);
    const [latentShape, contextShape] = [
      [4, 4, 4],
      [77, config.crossAttentionDim],
    ];
    const inputs = {
      sample: randn(1, [2, ...latentShape]),
      timesteps: tensor('float32', [2], Float32Array.of(7, 930)),
      context: randn(2, [2, ...contextShape]),
      target: randn(3, [2, ...latentShape]),
      weights: tensor('float32', [2], Float32Array.of(1, 0.5)),
    };
    const found = [];
    for (const device of DEVICES) {
      const shapes = { latentShape, contextShape, batch: 2 };
      await using program = closing(
        await denoisingProgram({ config, frozen: table, adapters: new Map(), trained, ...shapes }, { device }),
      );
      found.push(await program.run(inputs, new Map(weights)));
    }
    const [expected, result] = found;
    expect(Math.abs(result.loss - expected.loss)).toBeLessThan(BOUND * expected.loss);
    const largest = (name: string) => Math.max(...expected.gradients.get(name)!.data.map(Math.abs));
    const scale = Math.max(...trained.map(largest));
    // What is 0 but for rounding, such as the gradient of a key's bias, has no digits to compare.
    const wrong = trained.filter((name) => {
      const error = relativeError(result.gradients.get(name)!.data, expected.gradients.get(name)!.data);
      return !(error * largest(name) < GRADIENT_BOUND * Math.max(largest(name), 1e-3 * scale));
    });
    expect(wrong).toEqual([]);
  });

  test('a finetuning has the losses of the CPU, strictly', async (context) => {
    if (missing) context.skip(missing);
    const folder = await smallestCheckpoint(scratch, ONE_LEVEL);
    const run = async (device: Device) => {
      await using model = await loadModel(folder, { device, strict: true });
      const options = { track: false, iterations: 3, heldAsidePrompts: [] };
      return await finetune(model, street(), quick(join(scratch, device), [await neonFrame(1)], options));
    };
    const [expected, result] = [await run('cpu'), await run('webgpu')];
    expect(result.losses).toHaveLength(3);
    expect(relativeError(result.losses, expected.losses)).toBeLessThan(BOUND);
    expect(relativeError(result.gradientNorms, expected.gradientNorms)).toBeLessThan(BOUND);
  });

  test('strict names what would fall back to the CPU', async (context) => {
    if (missing) context.skip(missing);
    const outputs = { y: g.toFloat(g.input('i', [3], 'int64')) };
    await using program = closing(await compile(outputs, new Map(), { device: 'webgpu' }));
    await program.run({ i: tensor('int64', [3], BigInt64Array.of(1n, 2n, 3n)) });
    expect(program.placement).toEqual({ nodes: 1, onCpu: { Cast: 1 }, weightBytes: 0 });
    await expect(compile(outputs, new Map(), { device: 'webgpu', strict: true })).rejects.toThrow(
      'device webgpu: some nodes would fall back to the CPU (Cast 1), which strict forbids; drop strict, or use cpu',
    );
  });

  test('float16 agrees within 1e-2 and is named, or is refused where the adapter has none', async (context) => {
    if (missing) context.skip(missing);
    const folder = await smallestCheckpoint(scratch);
    await using exact = await loadModel(folder, { device: 'cpu' });
    await using model = await loadModel(folder, { device: 'webgpu', precision: 'float16' });
    expect(model.runsOn).toBe('webgpu float16 (approximate)');
    await expect(async () => finetune(model, street(), quick(scratch, [await neonFrame(1)]))).rejects.toThrow(
      'finetune: trainings compute with float32; open the model without precision float16',
    );
    const latent = randn(1, [1, 4, 4, 4]);
    const found = await model.decodeLatent(latent).catch((error: Error) => error.message);
    if (typeof found === 'string') {
      expect(found).toMatch(
        /^device webgpu does not compute with float16 \(shader-f16.*\); choose precision float32 \(/,
      );
      return;
    }
    expect(relativeError(found.data, (await exact.decodeLatent(latent)).data)).toBeLessThan(1e-2);
  });
});
