// Gradients computed segment by segment equal those of the whole graph, on a tiny UNet; compares whole tensors.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ops as g } from '../../src/lib/graph/ops.js';
import type { Node } from '../../src/lib/graph/types.js';
import { unetConfig } from '../../src/lib/models/config/unet.js';
import { type Adapter, createScope, type RootScope } from '../../src/lib/models/networks/scope.js';
import { unet } from '../../src/lib/models/networks/unet.js';
import { randn } from '../../src/lib/tensor/randn.js';
import { sizeOf, type Tensor, tensor } from '../../src/lib/tensor/tensor.js';
import { adamw, type Weights } from '../../src/lib/training/loop/adamw.js';
import { compileBlockwiseGradients } from '../../src/lib/training/loop/blockwise-gradients.js';
import { segmentsOf } from '../../src/lib/training/loop/blockwise-segments.js';
import { compileGradients, type GradientProgram } from '../../src/lib/training/loop/gradient-program.js';
import { weightedLoss } from '../../src/lib/training/loss/objective.js';
import { TINY } from '../models/tiny-checkpoint.js';

const CONFIG = unetConfig(TINY.unet, 'blockwise-gradients.test');
const SHAPE = [2, 4, 8, 8];
const ENGINE = { device: 'cpu', threads: 1 } as const;

function build(adapters?: ReadonlyMap<string, readonly Adapter[]>): { scope: RootScope; loss: Node; weights: Weights } {
  const scope = createScope(adapters);
  const output = unet(scope, CONFIG, {
    sample: g.input('x', SHAPE),
    timesteps: g.input('t', [2]),
    context: g.input('context', [2, 3, 8]),
  });
  const loss = weightedLoss(output, g.input('target', SHAPE), g.input('weights', [2]));
  const weights = new Map(
    [...scope.weights].map(([name, { shape }], i) => {
      const values = randn(i, shape);
      const scale = shape.length > 1 ? sizeOf(shape.slice(1)) ** -0.5 : 0.1;
      const mean = /norm.*weight$/.test(name) ? 1 : 0;
      return [name, { ...values, data: values.data.map((value) => mean + scale * value) }];
    }),
  );
  return { scope, loss, weights };
}

const inputs: Record<string, Tensor> = {
  x: randn(101, SHAPE),
  t: tensor('float32', [2], Float32Array.of(7, 421)),
  context: randn(102, [2, 3, 8]),
  target: randn(103, SHAPE),
  weights: tensor('float32', [2], Float32Array.of(1, 0.5)),
};

/** Expects every gradient within 1e-6 of the largest of its tensor. */
function expectEqual(found: Weights, expected: Weights): void {
  expect([...found.keys()].sort()).toEqual([...expected.keys()].sort());
  for (const [name, { shape, data }] of expected) {
    const largest = data.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    expect(found.get(name)!.shape, name).toEqual(shape);
    const worst = data.reduce((most, value, i) => Math.max(most, Math.abs(value - found.get(name)!.data[i])), 0);
    expect(worst / largest, name).toBeLessThan(1e-6);
  }
}

describe('all weights', () => {
  const { scope, loss, weights } = build();
  const names = [...weights.keys()];
  let program: GradientProgram;
  beforeAll(async () => {
    program = await compileBlockwiseGradients(loss, scope, { trained: names }, { ...ENGINE, segments: 9 });
  });
  afterAll(() => program.dispose());

  test('gradients of about 9 segments are those of the whole graph', async () => {
    // Sessions with the same optimizations, so that only the cuts differ.
    const whole = await compileGradients(loss, scope, { trained: names }, { ...ENGINE, lean: true });
    const [expected, found] = [await whole.run(inputs, weights), await program.run(inputs, weights)];
    await whole.dispose();
    expect(found.loss).toBeCloseTo(expected.loss, 6);
    expectEqual(found.gradients, expected.gradients);
  });

  test('weights that are updated as their gradients appear end where those of one update do', async () => {
    const copy = (): Weights => new Map([...weights].map(([name, t]) => [name, { ...t, data: t.data.slice() }]));
    const [once, streamed] = [copy(), copy()];
    const optimizer = adamw();
    const states = [optimizer.init(once), optimizer.init(streamed)];
    const parts: string[][] = [];
    for (let i = 0; i < 2; i++) {
      optimizer.update(once, (await program.run(inputs, once)).gradients, states[0], 1e-2);
      const update = optimizer.begin(streamed, states[1], 1e-2);
      const { loss: found, gradients } = await program.run(inputs, streamed, (part, lossSoFar) => {
        expect(Number.isFinite(lossSoFar)).toBe(true);
        parts.push([...part.keys()]);
        update(part);
      });
      expect(Number.isFinite(found)).toBe(true);
      expect(gradients.size).toBe(0);
    }
    expect(parts.length).toBe(18);
    expect(parts.flat().sort()).toEqual([...names, ...names].sort());
    for (const [name, { data }] of once) expect(streamed.get(name)!.data, name).toEqual(data);
  });
});

test('a weight that several segments use is given once, with the sum of its gradients', async () => {
  const scope = createScope();
  const w = scope.weight('w', [6, 6]);
  let h = g.input('x', [4, 6]);
  for (let i = 0; i < 5; i++) h = g.tanh(g.matmul(h, w));
  const loss = g.mean(g.multiply(h, h));
  const whole = await compileGradients(loss, scope, { trained: ['w'] }, { ...ENGINE, lean: true });
  const parts = await compileBlockwiseGradients(loss, scope, { trained: ['w'] }, { ...ENGINE, segments: 4 });
  const [feed, weights] = [{ x: randn(1, [4, 6]) }, new Map([['w', randn(2, [6, 6])]])];
  const { gradients: expected } = await whole.run(feed, weights);
  expectEqual((await parts.run(feed, weights)).gradients, expected);
  const given: Weights[] = [];
  await parts.run(feed, weights, (part) => {
    if (part.size > 0) given.push(new Map(part));
  });
  await whole.dispose();
  await parts.dispose();
  expect(given.length).toBe(1);
  expectEqual(given[0], expected);
});

test('only low-rank updates: frozen segments before the first of them are not differentiated', async () => {
  const path = 'up_blocks.1.attentions.0.transformer_blocks.0.attn1.to_q';
  const down = { name: 'down', shape: [2, 8] };
  const up = { name: 'up', shape: [8, 2] };
  const { scope, loss, weights } = build(new Map([[path, [{ down, up, scale: 0.5 }]]]));
  const names = ['down', 'up'];
  const trained = new Map(names.map((name) => [name, weights.get(name)!]));
  const whole = await compileGradients(loss, scope, { trained: names, frozen: weights }, { ...ENGINE, lean: true });
  const parts = await compileBlockwiseGradients(
    loss,
    scope,
    { trained: names, frozen: weights },
    { ...ENGINE, segments: 3 },
  );
  const [expected, found] = [await whole.run(inputs, trained), await parts.run(inputs, trained)];
  await whole.dispose();
  await parts.dispose();
  expectEqual(found.gradients, expected.gradients);
});

test('what crosses a cut is made once, and used after it', () => {
  const { loss } = build();
  const segments = segmentsOf(loss, 8);
  expect(segments.length).toBe(8);
  const made = new Set<string>();
  for (const { uses, makes, loss: end } of segments) {
    for (const { name } of uses) expect(made.has(name)).toBe(true);
    for (const { crossing } of makes) {
      expect(made.has(crossing.name)).toBe(false);
      made.add(crossing.name);
    }
    expect(end !== null).toBe(segments.at(-1)!.loss === end);
  }
});

test('a weight that the loss does not depend on is refused', async () => {
  const { scope, loss } = build();
  scope.weight('unused', [2]);
  await expect(compileBlockwiseGradients(loss, scope, { trained: ['unused'] }, ENGINE)).rejects.toThrow(
    /does not depend on 'unused' \[2\]/,
  );
});
