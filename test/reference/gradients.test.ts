// Losses and gradients of all three networks compared with PyTorch's autograd (../shared/reference).

import { describe, expect, test } from 'vitest';
import { compile } from '../../src/lib/engine/compile.js';
import { gradient } from '../../src/lib/graph/gradient.js';
import { ops as g } from '../../src/lib/graph/ops.js';
import type { Node } from '../../src/lib/graph/types.js';
import { openCheckpoint, type WeightTable } from '../../src/lib/models/checkpoint/checkpoint.js';
import { clipText } from '../../src/lib/models/networks/clip-text.js';
import { createScope, type RootScope } from '../../src/lib/models/networks/scope.js';
import { unet } from '../../src/lib/models/networks/unet.js';
import { vaeDecoder, vaeEncoder } from '../../src/lib/models/networks/vae.js';
import { type Tensor, tensor } from '../../src/lib/tensor/tensor.js';
import { expectedTensors, hasPack, packNote, packPath, relativeError } from './pack.js';

const LOSS_BOUND = 1e-5;
const GRADIENT_BOUND = 1e-4;
/**
 * A key's bias shifts all scores of a row equally, to which softmax is invariant: its gradient is 0, and PyTorch's values
 * are rounding errors. Such tensors are compared on the scale of the network's largest gradient.
 */
const ROUNDING = 1e-6;

type Floats = Record<string, Tensor<'float32'>>;

async function check(
  loss: Node,
  scope: RootScope,
  weights: WeightTable,
  inputs: Record<string, Tensor>,
  expected: Floats,
  keys: { loss: string; gradients: string },
): Promise<void> {
  const names = [...scope.weights.keys()].filter((name) => expected[keys.gradients + name]);
  expect(names.length).toBe(Object.keys(expected).filter((key) => key.startsWith(keys.gradients)).length);
  const gradients = gradient(
    loss,
    names.map((name) => scope.weights.get(name)!),
  );
  const outputs = Object.fromEntries(names.map((name, i) => [`d ${name}`, gradients[i]]));
  const program = await compile({ loss, ...outputs }, weights, { device: 'cpu' });
  const result = await program.run(inputs);
  await program.dispose();
  expect(relativeError(result.loss.data, expected[keys.loss].data)).toBeLessThan(LOSS_BOUND);
  const largest = (values: Float32Array): number => values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const scale = Math.max(...names.map((name) => largest(expected[keys.gradients + name].data)));
  const wrong = names.filter((name) => {
    const stored = expected[keys.gradients + name].data;
    const found = result[`d ${name}`].data;
    if (largest(stored) < ROUNDING * scale) return !(largest(found) < ROUNDING * scale);
    return !(relativeError(found, stored) < GRADIENT_BOUND);
  });
  expect(wrong).toEqual([]);
}

describe.skipIf(!hasPack).each(['sd1', 'sd2'])(`gradients of %s agree with PyTorch${packNote}`, (variant) => {
  const load = async () => ({
    checkpoint: await openCheckpoint(packPath(variant)),
    expected: (await expectedTensors(variant)) as Floats,
  });

  test('UNet, one training step', async () => {
    const { checkpoint, expected } = await load();
    const { config, weights } = checkpoint.unet;
    const { 'train.x_t': x, 'train.context': context, 'train.target': target, 'train.timestep': timestep } = expected;
    const scope = createScope();
    const output = unet(scope, config, {
      sample: g.input('x', x.shape),
      timesteps: g.input('t', [2]),
      context: g.input('context', context.shape),
    });
    const difference = g.subtract(output, g.input('target', target.shape));
    const t = tensor('float32', [2], Float32Array.from(timestep.data));
    const keys = { loss: 'train.loss', gradients: 'train.grad.' };
    const loss = g.mean(g.multiply(difference, difference));
    await check(loss, scope, weights, { x, t, context, target }, expected, keys);
  });

  test('VAE, reconstruction through the mean', async () => {
    const { checkpoint, expected } = await load();
    const { config, weights } = checkpoint.vae;
    const [height, width] = [32, 48];
    const { shape, data } = expected['vae.image'];
    const cropped = Float32Array.from({ length: 3 * height * width }, (_, i) => {
      const [c, y, x] = [Math.floor(i / (height * width)), Math.floor(i / width) % height, i % width];
      return data[(c * shape[2] + y) * shape[3] + x];
    });
    const scope = createScope();
    const image = g.input('image', [1, 3, height, width]);
    const decoded = vaeDecoder(scope, config, vaeEncoder(scope, config, image).mean);
    const inputs = { image: tensor('float32', image.shape, cropped) };
    const keys = { loss: 'train.vae.loss', gradients: 'train.vae.grad.' };
    await check(g.mean(g.abs(g.subtract(decoded, image))), scope, weights, inputs, expected, keys);
  });

  test('text encoder, its token table included', async () => {
    const { checkpoint, expected } = await load();
    const { config, weights } = checkpoint.textEncoder;
    const scope = createScope();
    const hidden = clipText(scope, config, g.input('ids', [2, 77], 'int32'));
    const ids = tensor('int32', [2, 77], Int32Array.from(expected['text.ids'].data.subarray(0, 154)));
    // The pack has only the occurring rows of the token table, so the same rows are selected here.
    const rows = tensor(
      'int32',
      [expected['train.text.token_rows'].data.length],
      Int32Array.from(expected['train.text.token_rows'].data),
    );
    const loss = g.mean(g.multiply(hidden, hidden));
    const { 'train.text.grad.token_embedding_rows': tokenRows, ...others } = expected;
    await check(loss, scope, weights, { ids }, others, { loss: 'train.text.loss', gradients: 'train.text.grad.' });
    const [table] = gradient(loss, [scope.weights.get('embeddings.token_embedding.weight')!]);
    const program = await compile({ rows: g.gatherRows(table, g.constant(rows)) }, weights, { device: 'cpu' });
    expect(relativeError((await program.run({ ids })).rows.data, tokenRows.data)).toBeLessThan(GRADIENT_BOUND);
    await program.dispose();
  });
});
