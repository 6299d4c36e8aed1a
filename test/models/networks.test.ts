// Tiny networks compared with PyTorch: outputs, losses and every gradient, from a committed fixture (make_networks.py).

import { describe, expect, test } from 'vitest';
import { compile } from '../../src/lib/engine/compile.js';
import { gradient } from '../../src/lib/graph/gradient.js';
import { ops as g } from '../../src/lib/graph/ops.js';
import type { Node } from '../../src/lib/graph/types.js';
import { textConfig, vaeConfig } from '../../src/lib/models/config/components.js';
import { unetConfig } from '../../src/lib/models/config/unet.js';
import { clipText } from '../../src/lib/models/networks/clip-text.js';
import { createScope, type RootScope } from '../../src/lib/models/networks/scope.js';
import { unet } from '../../src/lib/models/networks/unet.js';
import { vaeDecoder, vaeEncoder } from '../../src/lib/models/networks/vae.js';
import { readSafetensors } from '../../src/lib/tensor/safetensors.js';
import type { Tensor } from '../../src/lib/tensor/tensor.js';
import { relativeError } from '../reference/pack.js';

const fixture = await readSafetensors(new URL('fixtures/networks.safetensors', import.meta.url).pathname);
const floats = (name: string) => fixture[name] as Tensor<'float32'>;

/** Compares outputs, the loss and the gradients of all weights with the fixture's tensors under `prefix`. */
async function check(
  prefix: string,
  scope: RootScope,
  outputs: Record<string, Node>,
  loss: Node,
  inputs: Record<string, Tensor>,
): Promise<void> {
  const marker = `${prefix}.weight.`;
  const stored = Object.keys(fixture).filter((key) => key.startsWith(marker));
  const names = stored.map((key) => key.slice(marker.length));
  expect([...scope.weights.keys()].sort()).toEqual(names.sort());
  const weights = new Map(names.map((name) => [name, fixture[marker + name]]));
  const gradients = gradient(
    loss,
    names.map((name) => scope.weights.get(name)!),
  );
  const all = { ...outputs, loss, ...Object.fromEntries(names.map((name, i) => [`d ${name}`, gradients[i]])) };
  const program = await compile(all, weights, { device: 'cpu' });
  const result = await program.run(inputs);
  await program.dispose();
  for (const name of Object.keys(outputs)) {
    expect(result[name].shape).toEqual(fixture[`${prefix}.${name}`].shape);
    expect(relativeError(result[name].data, floats(`${prefix}.${name}`).data)).toBeLessThan(2e-5);
  }
  expect(relativeError(result.loss.data, floats(`${prefix}.loss`).data)).toBeLessThan(1e-5);
  const largest = (data: Float32Array) => data.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const scale = Math.max(...names.map((name) => largest(floats(`${prefix}.grad.${name}`).data)));
  const wrong = names.filter((name) => {
    const wanted = floats(`${prefix}.grad.${name}`).data;
    // Zero except for rounding: softmax is invariant to the bias of attention's keys.
    if (largest(wanted) < 1e-6 * scale) return !(largest(result[`d ${name}`].data) < 1e-6 * scale);
    return !(relativeError(result[`d ${name}`].data, wanted) < 1e-4);
  });
  expect(wrong).toEqual([]);
}

const unetJson = {
  block_out_channels: [4, 8],
  layers_per_block: 1,
  norm_num_groups: 2,
  cross_attention_dim: 6,
  down_block_types: ['CrossAttnDownBlock2D', 'DownBlock2D'],
  up_block_types: ['UpBlock2D', 'CrossAttnUpBlock2D'],
};

describe('tiny networks agree with PyTorch', () => {
  test.each([
    ['conv', { attention_head_dim: 2 }],
    ['linear', { attention_head_dim: [2, 4], use_linear_projection: true }],
  ])('UNet with %s projections, sides of 5 and 6, a fractional timestep', async (prefix, extra) => {
    const config = unetConfig({ ...unetJson, ...extra }, 'fixture');
    const inputs = {
      sample: floats(`${prefix}.sample`),
      timesteps: floats(`${prefix}.timesteps`),
      context: floats(`${prefix}.context`),
    };
    const scope = createScope();
    const input = (name: keyof typeof inputs) => g.input(name, inputs[name].shape);
    const out = unet(scope, config, {
      sample: input('sample'),
      timesteps: input('timesteps'),
      context: input('context'),
    });
    await check(prefix, scope, { out }, g.mean(g.multiply(out, out)), inputs);
  });

  test('VAE, both halves of the posterior', async () => {
    const json = { block_out_channels: [2, 4], layers_per_block: 1, norm_num_groups: 2 };
    const config = vaeConfig(json, 'fixture');
    const scope = createScope();
    const image = g.input('image', floats('vae.image').shape);
    const { mean, logvar } = vaeEncoder(scope, config, image);
    const decoded = vaeDecoder(scope, config, mean);
    const loss = g.add(g.mean(g.abs(g.subtract(decoded, image))), g.mean(g.exp(logvar)));
    await check('vae', scope, { mean, logvar, decoded }, loss, { image: floats('vae.image') });
  });

  test('text encoder', async () => {
    const json = {
      vocab_size: 20,
      max_position_embeddings: 9,
      hidden_size: 8,
      intermediate_size: 16,
      num_hidden_layers: 2,
      num_attention_heads: 2,
    };
    const scope = createScope();
    const ids = fixture['text.ids'];
    const hidden = clipText(scope, textConfig(json, 'fixture'), g.input('ids', ids.shape, 'int32'));
    await check('text', scope, { hidden }, g.mean(g.multiply(hidden, hidden)), { ids });
  });
});
