// The network of the deep video prior against PyTorch: output, gradients and three steps of Adam (fixtures/make_prior.py), and
// its published size.

import { expect, test } from 'vitest';
import { compile } from '../../src/lib/engine/compile.js';
import { ops as g } from '../../src/lib/graph/ops.js';
import { createScope } from '../../src/lib/models/networks/scope.js';
import { initialPrior, PRIOR_CHANNELS, priorNetwork } from '../../src/lib/steady/prior-network.js';
import { readSafetensors } from '../../src/lib/tensor/safetensors.js';
import { sizeOf, type Tensor } from '../../src/lib/tensor/tensor.js';
import { adamw } from '../../src/lib/training/loop/adamw.js';
import { compileGradients } from '../../src/lib/training/loop/gradient-program.js';

const fixture = new URL('fixtures/prior.safetensors', import.meta.url);

test('output, gradients and updates are those of PyTorch', async () => {
  const stored = (await readSafetensors(fixture.pathname)) as Record<string, Tensor<'float32'>>;
  const group = (prefix: string) =>
    new Map(
      Object.entries(stored)
        .filter(([name]) => name.startsWith(`${prefix}.`))
        .map(([name, value]) => [name.slice(prefix.length + 1), value]),
    );
  const scope = createScope();
  const { shape } = stored.source;
  const output = priorNetwork(scope, g.input('source', shape), [4, 6, 8]);
  const loss = g.mean(g.abs(g.subtract(output, g.input('styled', shape))));
  const weights = group('weight');
  expect([...scope.weights.keys()].sort()).toEqual([...weights.keys()].sort());
  const close = (found: Tensor<'float32'>, expected: Tensor<'float32'>, digits: number): void => {
    expect(found.shape).toEqual(expected.shape);
    found.data.forEach((value, i) => {
      expect(value).toBeCloseTo(expected.data[i], digits);
    });
  };

  const forward = await compile({ output }, weights);
  close((await forward.run({ source: stored.source })).output as Tensor<'float32'>, stored.output, 5);
  await forward.dispose();

  const program = await compileGradients(loss, scope, { trained: [...weights.keys()] });
  const optimizer = adamw({ weightDecay: 0 });
  const state = optimizer.init(weights);
  for (let step = 0; step < 3; step++) {
    const { gradients } = await program.run({ source: stored.source, styled: stored.styled }, weights);
    if (step === 0) for (const [name, value] of group('gradient')) close(gradients.get(name)!, value, 6);
    optimizer.update(weights, gradients, state, 1e-3);
  }
  for (const [name, value] of group('trained')) close(weights.get(name)!, value, 5);
  await program.dispose();
});

test('has the published 8.6 million weights, drawn within the bounds of their layer', () => {
  const scope = createScope();
  expect(priorNetwork(scope, g.input('x', [1, 3, 32, 48])).shape).toEqual([1, 3, 32, 48]);
  const count = [...scope.weights.values()].reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  expect(count / 1e6).toBeCloseTo(8.63, 2);
  expect(PRIOR_CHANNELS).toEqual([32, 64, 128, 256, 512]);
  const small = createScope();
  priorNetwork(small, g.input('x', [1, 3, 8, 8]), [4, 8]);
  const { data } = initialPrior(small, 1).get('down.1.conv1.weight')!;
  const bound = Math.sqrt(6 / (9 * (4 + 8)));
  expect(Math.max(...data)).toBeLessThanOrEqual(bound);
  expect(Math.min(...data)).toBeGreaterThanOrEqual(-bound);
  // Variance of a uniform distribution: bound^2 / 3.
  expect(data.reduce((sum, value) => sum + value * value, 0) / data.length).toBeCloseTo(bound ** 2 / 3, 2);
  expect(
    initialPrior(small, 1)
      .get('down.1.conv1.bias')!
      .data.every((value) => value === 0),
  ).toBe(true);
});
