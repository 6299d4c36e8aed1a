// Models on engine `tfjs`, compared with PyTorch's numbers for the reference pack: each network, a trajectory, gradients. The
// rest of test/reference runs on it with STEADYFRAME_ENGINE=tfjs. And what is freed: nothing is left of a hundred renderings.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { img2img } from '../../src/lib/diffusion/img2img.js';
import { compile } from '../../src/lib/engine/compile.js';
import type { CompileOptions } from '../../src/lib/engine/engine.js';
import { findTfjs, openTfjs } from '../../src/lib/engine/tfjs/packages.js';
import { ops as g } from '../../src/lib/graph/ops.js';
import { type LoadModelOptions, loadModel } from '../../src/lib/models/model.js';
import { createScope } from '../../src/lib/models/networks/scope.js';
import { unet } from '../../src/lib/models/networks/unet.js';
import { toFloat32 } from '../../src/lib/tensor/half.js';
import { randn } from '../../src/lib/tensor/randn.js';
import { readTensor } from '../../src/lib/tensor/safetensors.js';
import { type Tensor, tensor } from '../../src/lib/tensor/tensor.js';
import { compileGradients } from '../../src/lib/training/loop/gradient-program.js';
import { weightedLoss } from '../../src/lib/training/loss/objective.js';
import { expectedTensors, hasPack, packPath, relativeError } from '../reference/pack.js';
import { skipNote } from '../skipped.js';
import { scratchFolder, smallestCheckpoint } from '../sweeps/tiny.js';
import { BACKENDS } from './tfjs-backends.js';

const PASS_BOUND = 1e-4;
const TRAJECTORY_BOUND = 1e-3;
const GRADIENT_BOUND = 1e-3;
const PROMPT = 'a abstract painting of a cyberpunk city night, tron robotic, trending on artstation';
const TFJS = { engine: 'tfjs', device: 'cpu' } satisfies LoadModelOptions & CompileOptions;
const scratch = scratchFolder();

type Floats = Record<string, Tensor<'float32'>>;

const suites = BACKENDS.map((backend) => [backend.title, backend] as const);
describe.each(suites)('%s', (_, { name, skipped }) => {
  beforeAll(() => {
    process.env.STEADYFRAME_TEST_TFJS = name;
  });
  afterAll(() => {
    delete process.env.STEADYFRAME_TEST_TFJS;
  });
  // JavaScript takes seconds for what the others do in milliseconds.
  const isSlow = name.endsWith('-cpu');
  const isWhole = (variant: string): boolean => !isSlow && variant === 'sd1';
  const variants = isSlow ? ['sd1'] : ['sd1', 'sd2'];

  describe.skipIf(skipped || !hasPack).each(variants)(
    `%s${skipNote(hasPack, '../shared/reference is not there')}`,
    (variant) => {
      const load = async () => (await expectedTensors(variant)) as Floats;

      test('each network', async () => {
        const expected = await load();
        await using model = await loadModel(packPath(variant), TFJS);
        expect(name).toMatch(new RegExp(`${model.runsOn}$`));
        const { 'unet.sample': sample, 'unet.timestep': timesteps, 'text.last_hidden_state': context } = expected;
        const found: Record<string, Tensor<'float32'>> = {
          'unet.out': await model.predict(sample, timesteps, context),
          'vae.mean': (await model.encodeImage(expected['vae.image'])).mean,
          'vae.decoded': await model.decodeLatent(expected['vae.latent']),
        };
        for (const [key, { shape, data }] of Object.entries(found)) {
          expect(shape, key).toEqual(expected[key].shape);
          expect(relativeError(data, expected[key].data), key).toBeLessThan(PASS_BOUND);
        }
      });

      test.runIf(isWhole(variant))('a trajectory under guidance', async () => {
        const expected = await load();
        await using model = await loadModel(packPath(variant), TFJS);
        const { spacing: _, ...schedule } = model.config.schedule;
        const spaced = { ...model, config: { ...model.config, schedule } };
        const { 'img2img.z0': latent, 'img2img.noise': noise } = expected;
        const options = { prompt: PROMPT, strength: 0.58, steps: 10, sampler: 'dpmpp-2m', guidanceScale: 7.5 } as const;
        let last = latent;
        for await (const step of img2img(spaced, { ...options, latent, noise })) last = step.latent;
        const stored = expected['img2img.dpmpp-2m.10.0.58.latent'].data;
        expect(relativeError(last.data, stored)).toBeLessThan(TRAJECTORY_BOUND);
      });

      test.runIf(isWhole(variant))('the loss of a training step, and its gradients', async () => {
        const expected = await load();
        await using model = await loadModel(packPath(variant), TFJS);
        const { 'train.x_t': x, 'train.context': context, 'train.target': target } = expected;
        const scope = createScope();
        const inputs = {
          sample: g.input('x', x.shape),
          timesteps: g.input('t', [2]),
          context: g.input('context', context.shape),
        };
        const output = unet(scope, model.config.unet, inputs);
        const loss = weightedLoss(output, g.input('target', x.shape), g.input('weights', [2]));
        const weights = new Map<string, Tensor<'float32'>>();
        for (const [key, entry] of model.checkpoint.unet.weights) weights.set(key, toFloat32(await readTensor(entry)));
        const t = tensor('float32', [2], Float32Array.from(expected['train.timestep'].data));
        const given = { x, t, context, target, weights: tensor('float32', [2], Float32Array.of(1, 1)) };
        const trained = [...scope.weights.keys()];
        const results = [];
        for (const engine of ['onnx', 'tfjs'] as const) {
          const program = await compileGradients(loss, scope, { trained }, { engine, device: 'cpu' });
          results.push(await program.run(given, weights));
          await program.dispose();
        }
        const [onnx, tfjs] = results;
        expect(relativeError([tfjs.loss], expected['train.adamw.loss0'].data)).toBeLessThan(PASS_BOUND);
        // Gradients that are 0 but for rounding are compared on the scale of all.
        const size = (values: Float32Array): number =>
          values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
        const scale = Math.max(...[...onnx.gradients.values()].map(({ data }) => size(data)));
        const wrong = trained.filter((key) => {
          const [own, other] = [tfjs, onnx].map(({ gradients }) => gradients.get(key)!.data);
          return !(relativeError(own, other) * size(other) < GRADIENT_BOUND * Math.max(size(other), 1e-3 * scale));
        });
        expect(wrong).toEqual([]);
      });
    },
  );

  test.skipIf(skipped)('nothing is left of a hundred renderings, and of a model that is closed', async () => {
    const folder = await smallestCheckpoint(scratch);
    const tf = await openTfjs(findTfjs('cpu'));
    const atFirst = tf.memory().numTensors;
    const model = await loadModel(folder, TFJS);
    const latent = randn(1, [1, 4, 4, 4]);
    const options = {
      prompt: 'a street',
      strength: 1,
      steps: 2,
      guidanceScale: 1,
      latent,
      noise: randn(2, latent.shape),
    };
    const counts = new Set<number>();
    for (let i = 0; i < (isSlow ? 10 : 100); i++) {
      for await (const _ of img2img(model, options));
      counts.add(tf.memory().numTensors);
    }
    expect(counts.size).toBe(1);
    expect([...counts][0]).toBeGreaterThan(atFirst);
    await model.dispose();
    expect(tf.memory().numTensors).toBe(atFirst);
  });

  test.skipIf(skipped)('two programs share their weights, which go with the last', async () => {
    const tf = await openTfjs(findTfjs('cpu'));
    const atFirst = tf.memory().numTensors;
    const weights = new Map([['w', randn(1, [5, 3])]]);
    const product = (rows: number) => ({
      y: g.matmul(g.input('x', [rows, 3]), g.weight('w', [5, 3]), { transposeB: true }),
    });
    const programs = await Promise.all([1, 2].map((rows) => compile(product(rows), weights, TFJS)));
    const shared = tf.memory().numTensors - atFirst;
    expect(shared).toBe(1);
    await programs[0].dispose();
    expect(tf.memory().numTensors - atFirst).toBe(1);
    expect((await programs[1].run({ x: randn(3, [2, 3]) })).y.shape).toEqual([2, 5]);
    await programs[1].dispose();
    expect(tf.memory().numTensors).toBe(atFirst);
  });
});
