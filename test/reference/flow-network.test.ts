// The optical-flow network against PyTorch: the flow, the loss and every gradient, with weights and pictures from seeds.
// Lookups are products with hat functions here and grid_sample there.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { flowLoss } from '../../src/experiments/flow-network/loss.js';
import { compile } from '../../src/lib/engine/compile.js';
import { ops as g } from '../../src/lib/graph/ops.js';
import { flowNetwork } from '../../src/lib/models/flow/flow-network.js';
import { createScope } from '../../src/lib/models/networks/scope.js';
import { randn } from '../../src/lib/tensor/randn.js';
import { readSafetensors, writeSafetensors } from '../../src/lib/tensor/safetensors.js';
import type { Tensor } from '../../src/lib/tensor/tensor.js';
import { compileGradients } from '../../src/lib/training/loop/gradient-program.js';
import { initialWeights } from '../../src/lib/training/loop/initial-weights.js';
import { relativeError } from './pack.js';
import { askPython, hasPython } from './python.js';

const CONFIG = { features: 16, hidden: 16, motion: 18, radius: 2, levels: 2, iterations: 3 };
const SHAPE = [2, 32, 48];
const FIXTURE = 'test/reference/fixtures/flow-network.safetensors';

const [batch, height, width] = SHAPE;
const scope = createScope();
const loss = flowLoss(scope, CONFIG, SHAPE);
const weights = initialWeights(scope, 5);
const smooth = (seed: number, channels: number): Tensor<'float32'> => randn(seed, [batch, channels, height, width]);
const flow = smooth(3, 2);
const inputs = {
  from: smooth(1, 3),
  to: smooth(2, 3),
  flow: { ...flow, data: flow.data.map((value) => 4 * value) },
  weights: { ...smooth(4, 1), data: smooth(4, 1).data.map((value) => Number(value > -0.5)) },
};

async function expected(): Promise<Record<string, Tensor<'float32'>>> {
  if (!hasPython) return (await readSafetensors(FIXTURE)) as Record<string, Tensor<'float32'>>;
  const folder = mkdtempSync(join(tmpdir(), 'steadyframe-flow-'));
  try {
    const [from, out] = ['inputs', 'out'].map((name) => join(folder, `${name}.safetensors`));
    await writeSafetensors(from, { ...Object.fromEntries(weights), ...inputs });
    askPython('flow_network_peer.py', { inputs: from, config: CONFIG, out });
    const all = (await readSafetensors(out)) as Record<string, Tensor<'float32'>>;
    if (process.env.RENEW_FIXTURES) await writeSafetensors(FIXTURE, kept(all));
    return all;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** What is stored: the flow, the loss, and the gradients of biases. */
function kept(all: Record<string, Tensor>): Record<string, Tensor> {
  return Object.fromEntries(Object.entries(all).filter(([name]) => !name.endsWith('.weight')));
}

test('the optical-flow network gives the flow, the loss and the gradients of PyTorch', async () => {
  const reference = await expected();
  const { flow: graph } = flowNetwork(createScope(), CONFIG, {
    from: g.input('from', [batch, 3, height, width]),
    to: g.input('to', [batch, 3, height, width]),
  });
  const program = await compile({ flow: graph }, weights);
  const found = (await program.run({ from: inputs.from, to: inputs.to })).flow.data as Float32Array;
  await program.dispose();
  expect(relativeError(found, reference.flow.data)).toBeLessThan(2e-5);
  const training = await compileGradients(loss, scope, { trained: [...scope.weights.keys()] });
  const result = await training.run(inputs, weights);
  await training.dispose();
  expect(Math.abs(result.loss / reference.loss.data[0] - 1)).toBeLessThan(1e-5);
  let compared = 0;
  for (const [name, { data }] of result.gradients) {
    const other = reference[`d ${name}`];
    if (!other) continue;
    // What is normalised away has a gradient of zero but for rounding.
    if (name === 'features.conv_out.bias') expect(Math.max(...data.map(Math.abs)), name).toBeLessThan(1e-6);
    else expect(relativeError(data, other.data), name).toBeLessThan(5e-4);
    compared++;
  }
  expect(compared).toBeGreaterThan(30);
});
