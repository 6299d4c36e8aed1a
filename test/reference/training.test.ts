// Paired targets, their weighted loss, and three AdamW steps, compared with PyTorch (../shared/reference).

import { describe, expect, test } from 'vitest';
import { levelAt, noiseSchedule } from '../../src/lib/diffusion/noise-schedule.js';
import { compile } from '../../src/lib/engine/compile.js';
import { ops as g } from '../../src/lib/graph/ops.js';
import { openCheckpoint } from '../../src/lib/models/checkpoint/checkpoint.js';
import { createScope } from '../../src/lib/models/networks/scope.js';
import { unet } from '../../src/lib/models/networks/unet.js';
import { toFloat32 } from '../../src/lib/tensor/half.js';
import { readTensor } from '../../src/lib/tensor/safetensors.js';
import { type Tensor, tensor } from '../../src/lib/tensor/tensor.js';
import { adamw } from '../../src/lib/training/loop/adamw.js';
import { compileGradients } from '../../src/lib/training/loop/gradient-program.js';
import { pairedTarget, weightedLoss } from '../../src/lib/training/loss/objective.js';
import { expectedTensors, hasPack, packNote, packPath, relativeError } from './pack.js';

describe.skipIf(!hasPack).each(['sd1', 'sd2'])(`training %s agrees with PyTorch${packNote}`, (variant) => {
  const load = async () => {
    const checkpoint = await openCheckpoint(packPath(variant));
    const expected = (await expectedTensors(variant)) as Record<string, Tensor<'float32'>>;
    const { 'train.x_t': x, 'train.context': context } = expected;
    const scope = createScope();
    const output = unet(scope, checkpoint.unet.config, {
      sample: g.input('x', x.shape),
      timesteps: g.input('t', [2]),
      context: g.input('context', context.shape),
    });
    const loss = weightedLoss(output, g.input('target', x.shape), g.input('weights', [2]));
    const weights = new Map<string, Tensor<'float32'>>();
    for (const [name, entry] of checkpoint.unet.weights) weights.set(name, toFloat32(await readTensor(entry)));
    const t = tensor('float32', [2], Float32Array.from(expected['train.timestep'].data));
    return { checkpoint, expected, scope, output, loss, weights, inputs: { x, t, context } };
  };
  const both = (a: number, b: number): Tensor<'float32'> => tensor('float32', [2], Float32Array.of(a, b));

  test('targets of paired items and their weighted loss', async () => {
    const { checkpoint, expected, loss, weights, inputs } = await load();
    const rows = [0, 1].map((row) => {
      const part = (key: string) => {
        const { data } = expected[`train.${key}`];
        return data.subarray((row * data.length) / 2, ((row + 1) * data.length) / 2);
      };
      const level = levelAt(noiseSchedule(checkpoint.schedule), expected['train.timestep'].data[row]);
      const latents = { original: part('z_orig'), edited: part('z_edit'), noise: part('noise') };
      return pairedTarget(checkpoint.predictionType, latents, level);
    });
    const join = (key: 'x' | 'target') => Float32Array.from(rows.flatMap((row) => [...row[key]]));
    expect(relativeError(join('x'), expected['train.x_t'].data)).toBeLessThan(1e-6);
    expect(relativeError(join('target'), expected['train.target'].data)).toBeLessThan(1e-5);
    // The first item is unconditional and has weight 1.
    const target = tensor('float32', inputs.x.shape, join('target'));
    const program = await compile({ loss }, weights, { device: 'cpu' });
    const { loss: found } = await program.run({ ...inputs, target, weights: both(1, rows[1].weight) });
    await program.dispose();
    expect(relativeError(found.data, expected['train.weighted_loss'].data)).toBeLessThan(1e-5);
  });

  test('three steps of AdamW over all weights', async () => {
    const { expected, scope, output, loss, weights, inputs } = await load();
    const names = [...scope.weights.keys()];
    const program = await compileGradients(loss, scope, { trained: names }, { device: 'cpu' });
    const optimizer = adamw();
    const state = optimizer.init(weights);
    const feed = { ...inputs, target: expected['train.target'], weights: both(1, 1) };
    for (let step = 0; step < 3; step++) {
      const result = await program.run(feed, weights);
      expect(relativeError([result.loss], expected[`train.adamw.loss${step}`].data)).toBeLessThan(2e-5);
      optimizer.update(weights, result.gradients, state, 1e-3);
    }
    await program.dispose();
    const trained = await compile({ output }, weights, { device: 'cpu' });
    const { output: found } = await trained.run(inputs);
    await trained.dispose();
    expect(relativeError(found.data, expected['train.adamw.out'].data)).toBeLessThan(2e-5);
  });
});
