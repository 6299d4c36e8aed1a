// Arithmetic with 16-bit floats: the graph, by ONNX Runtime's CPU, which rounds values to 16 bits between its own 32; where it
// is refused; and that results remember it. ../gpu has the arithmetic of a device.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { compile } from '../../src/lib/engine/compile.js';
import { resolvePlace } from '../../src/lib/engine/place.js';
import type { WeightSource } from '../../src/lib/engine/program.js';
import { ops as g } from '../../src/lib/graph/ops.js';
import type { Node } from '../../src/lib/graph/types.js';
import { openCheckpoint } from '../../src/lib/models/checkpoint/checkpoint.js';
import { loadModel } from '../../src/lib/models/model.js';
import { clipText } from '../../src/lib/models/networks/clip-text.js';
import { createScope } from '../../src/lib/models/networks/scope.js';
import { unet } from '../../src/lib/models/networks/unet.js';
import { vaeDecoder, vaeEncoder } from '../../src/lib/models/networks/vae.js';
import { readSweepFile } from '../../src/lib/sweeps/file/read-sweep-file.js';
import { planSweep } from '../../src/lib/sweeps/run-sweep.js';
import { type Tensor, tensor } from '../../src/lib/tensor/tensor.js';
import { expectedTensors, hasPack, packNote, packPath, relativeError, VARIANTS } from '../reference/pack.js';
import { scratchFolder, shot, smallestCheckpoint } from '../sweeps/tiny.js';
import { CASES, withGradients } from './primitive-cases.js';

/** Of the largest value. */
const BOUND = 1e-2;
const scratch = scratchFolder();

async function computed(
  outputs: Readonly<Record<string, Node>>,
  inputs: Readonly<Record<string, Tensor>>,
  weights: WeightSource = new Map(),
): Promise<Record<string, Tensor<'float32'>>> {
  const program = await compile(outputs, weights, { device: 'cpu', precision: 'float16' });
  try {
    return await program.run(inputs);
  } finally {
    await program.dispose();
  }
}

test('every primitive is that of float32, rounded', async () => {
  const outputs: Record<string, Node> = {};
  const inputs: Record<string, Tensor> = {};
  for (const [name, result] of Object.entries(CASES)) {
    if (result.op === 'scatterRows') continue; // in gradients only, which are float32
    outputs[name] = result;
    Object.assign(inputs, withGradients(result).inputs);
  }
  const program = await compile(outputs, new Map(), { device: 'cpu' });
  const expected = await program.run(inputs);
  await program.dispose();
  const found = await computed(outputs, inputs);
  const errors = Object.keys(outputs).map((name) => relativeError(found[name].data, expected[name].data));
  expect(Object.keys(outputs).filter((_, i) => !(errors[i] < BOUND))).toEqual([]);
  expect(Math.max(...errors)).toBeGreaterThan(1e-5); // it is not float32
});

describe.skipIf(!hasPack).each(VARIANTS)(`the networks of %s${packNote}`, (variant) => {
  test('agree with the reference', async () => {
    const checkpoint = await openCheckpoint(packPath(variant));
    const { unet: denoiser, vae, textEncoder } = checkpoint;
    const expected = (await expectedTensors(variant)) as Record<string, Tensor<'float32'>>;
    const { 'unet.sample': sample, 'unet.timestep': timesteps, 'text.last_hidden_state': context } = expected;
    const inputs = {
      sample,
      timesteps: tensor('float32', timesteps.shape, Float32Array.from(timesteps.data)),
      context,
    };
    const nodes = {
      sample: g.input('sample', sample.shape),
      timesteps: g.input('timesteps', timesteps.shape),
      context: g.input('context', context.shape),
    };
    const results = await computed({ y: unet(createScope(), denoiser.config, nodes) }, inputs, denoiser.weights);
    expect(relativeError(results.y.data, expected['unet.out'].data)).toBeLessThan(BOUND);
    const latent = expected['vae.latent'];
    const decoder = vaeDecoder(createScope(), vae.config, g.input('latent', latent.shape));
    const { y } = await computed({ y: decoder }, { latent }, vae.weights);
    expect(relativeError(y.data, expected['vae.decoded'].data)).toBeLessThan(BOUND);
    const image = expected['vae.image'];
    const { mean } = vaeEncoder(createScope(), vae.config, g.input('image', image.shape));
    const encoded = await computed({ mean }, { image }, vae.weights);
    expect(relativeError(encoded.mean.data, expected['vae.mean'].data)).toBeLessThan(BOUND);
    const prompts = ['a photograph of an astronaut riding a horse', ''];
    const { tokenizer } = checkpoint;
    const rows = prompts.flatMap((prompt) => [...tokenizer.encode(prompt).ids]);
    const ids = tensor('int32', [2, tokenizer.modelMaxLength], Int32Array.from(rows));
    const outputs = { hidden: clipText(createScope(), textEncoder.config, g.input('ids', ids.shape, 'int32')) };
    const program = await compile(outputs, textEncoder.weights, { device: 'cpu' });
    const exact = await program.run({ ids });
    await program.dispose();
    const text = await computed(outputs, { ids }, textEncoder.weights);
    expect(relativeError(text.hidden.data, exact.hidden.data)).toBeLessThan(BOUND);
  });
});

test('results remember it; the CPU, TensorFlow.js, trainings and unknown types refuse it', async () => {
  const half = { engine: 'onnx', device: 'webgpu', precision: 'float16' };
  expect(resolvePlace(half)).toEqual({ ...half, runsOn: 'webgpu float16 (approximate)' });
  expect(resolvePlace({ ...half, precision: 'float32' }).runsOn).toBe('webgpu');
  const model = await smallestCheckpoint(scratch);
  await expect(loadModel(model, { device: 'cpu', precision: 'float16' })).rejects.toThrow(
    'precision float16: the CPU computes with float32; choose a device such as webgpu, or leave it out',
  );
  expect(() => resolvePlace({ engine: 'tfjs', precision: 'float16' })).toThrow('only engine onnx has it; leave it out');
  expect(() => resolvePlace({ precision: 'float8' })).toThrow(
    "precision: 'float8' is no type of floats; choose one of float32, float16",
  );
});

test('points of a sweep differ by it, by their identity and their model; those that train refuse it', async () => {
  const [model, video] = [await smallestCheckpoint(scratch), await shot(scratch, 'shot', { frames: 1 })];
  const plan = async (name: string, more: string) => {
    const path = join(scratch, name);
    const head = `method: grid\nvideo: ${video}\nmodel: ${model}\nprompt: night\nsize: 32x32\n`;
    const devices = 'device: {value: webgpu}, precision: {values: [float32, float16]}';
    writeFileSync(path, `${head}parameters: {steps: {value: 1}, strength: {value: 1}, ${devices}${more}}\n`);
    return await planSweep(await readSweepFile(path), { onWarning: () => {} });
  };
  const { points, jobs } = await plan('grid.yaml', '');
  expect(new Set(points.map(({ id }) => id)).size).toBe(2);
  expect(points.map(({ identity }) => identity.device)).toEqual(['webgpu', 'webgpu float16 (approximate)']);
  const rendered = jobs.filter(({ kind }) => kind === 'point');
  expect(new Set(rendered.map((job) => job.model)).size).toBe(2);
  await expect(plan('tuned.yaml', ', iterations: {value: 1}')).rejects.toThrow(
    'finetune: trainings compute with float32; open the model without precision float16',
  );
});
