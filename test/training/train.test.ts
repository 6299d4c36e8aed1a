// The training loop on a network of one matrix: it learns, resumes bit-identically, averages micro-batches, stops at NaN.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ops as g } from '../../src/lib/graph/ops.js';
import { createScope } from '../../src/lib/models/networks/scope.js';
import { randn } from '../../src/lib/tensor/randn.js';
import { writeSafetensors } from '../../src/lib/tensor/safetensors.js';
import { tensor } from '../../src/lib/tensor/tensor.js';
import { adamw } from '../../src/lib/training/loop/adamw.js';
import { loadTrainingState, STATE } from '../../src/lib/training/loop/checkpoint.js';
import { compileGradients, type GradientProgram } from '../../src/lib/training/loop/gradient-program.js';
import { constantAfterWarmup, cosineAfterWarmup } from '../../src/lib/training/loop/learning-rate.js';
import { type TrainingStep, type TrainOptions, train } from '../../src/lib/training/loop/train.js';

let folder: string;
let program: GradientProgram;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'steadyframe-train-'));
  const scope = createScope();
  const x = g.input('x', [4, 3]);
  const difference = g.subtract(g.matmul(x, scope.weight('w', [2, 3]), { transposeB: true }), g.input('y', [4, 2]));
  const loss = g.mean(g.multiply(difference, difference));
  program = await compileGradients(loss, scope, { trained: ['w'] }, { device: 'cpu' });
});
afterEach(async () => {
  await program.dispose();
  rmSync(folder, { recursive: true });
});

/** y = x w' for a fixed w, with different x at each iteration and micro-batch. */
async function batch(iteration: number, micro: number) {
  const x = randn(1000 * micro + iteration, [4, 3]);
  const w = [1, -2, 0.5, 0, 1, 3];
  const y = Float32Array.from({ length: 8 }, (_, i) => {
    const [row, column] = [Math.floor(i / 2), i % 2];
    return [0, 1, 2].reduce((sum, k) => sum + x.data[3 * row + k] * w[3 * column + k], 0);
  });
  return { x, y: tensor('float32', [4, 2], y) };
}

const optionsOf = (into: string): TrainOptions => ({
  program,
  weights: new Map([['w', randn(9, [2, 3])]]),
  optimizer: adamw({ weightDecay: 0 }),
  learningRate: constantAfterWarmup(0.05, 10),
  iterations: 200,
  batch,
  averageDecay: 0.9,
  folder: join(folder, into),
  saveAfter: (iteration) => iteration % 50 === 0,
  settings: { data: 'lines' },
});

async function run(into: string, options: Partial<TrainOptions> = {}): Promise<TrainingStep[]> {
  const steps: TrainingStep[] = [];
  for await (const step of train({ ...optionsOf(into), ...options })) steps.push(step);
  return steps;
}

const bits = (step: TrainingStep) => [...step.state.weights.get('w')!.data, ...step.state.average!.get('w')!.data];

test('learns, and resumes to the same bits from the last checkpoint', async () => {
  const whole = await run('whole');
  expect(whole[199].loss).toBeLessThan(1e-3 * whole[0].loss);
  expect(whole.filter(({ saved }) => saved).map(({ iteration }) => iteration)).toEqual([50, 100, 150, 200]);

  // Killed after 120 updates; the last checkpoint is that of update 100.
  const begun = train(optionsOf('parts'));
  for (let i = 0; i < 120; i++) await begun.next();
  await begun.return();
  const rest = await run('parts', { resume: true });
  expect(rest[0].iteration).toBe(101);
  expect(bits(rest[99])).toEqual(bits(whole[199]));
});

test('micro-batches give the gradient of their union', async () => {
  const [one] = await run('accumulated', { iterations: 1, accumulate: 2 });
  const [first, second] = [await batch(0, 0), await batch(0, 1)];
  const weights = new Map([['w', randn(9, [2, 3])]]);
  const parts = [await program.run(first, weights), await program.run(second, weights)];
  const mean = parts[0].gradients.get('w')!.data.map((value, i) => (value + parts[1].gradients.get('w')!.data[i]) / 2);
  expect(one.loss).toBeCloseTo((parts[0].loss + parts[1].loss) / 2, 6);
  expect(one.gradientNorm).toBeCloseTo(Math.hypot(...mean), 5);
});

test('other settings are refused on a resume, with their differences', async () => {
  await run('settings', { iterations: 50 });
  await expect(run('settings', { resume: true, settings: { data: 'circles' } })).rejects.toThrow(
    'data: "lines" before, "circles" now',
  );
});

test('a loss that is not finite stops the training and keeps the last checkpoint', async () => {
  const poisoned = async (iteration: number, micro: number) => {
    const inputs = await batch(iteration, micro);
    if (iteration === 60) inputs.x.data[0] = Number.NaN;
    return inputs;
  };
  await expect(run('poisoned', { batch: poisoned })).rejects.toThrow(
    /the loss is NaN at iteration 61; the last checkpoint/,
  );
  const rest = await run('poisoned', { resume: true, iterations: 51 });
  expect(rest.map(({ iteration }) => iteration)).toEqual([51]);
});

test('learning rates rise linearly, then stay or fall along a cosine', () => {
  const constant = constantAfterWarmup(1, 4);
  expect([0, 1, 3, 4, 100].map(constant)).toEqual([0.25, 0.5, 1, 1, 1]);
  const cosine = cosineAfterWarmup(1, 12, 2, 0.1);
  expect([0, 1, 2].map(cosine)).toEqual([0.5, 1, 1]);
  expect(cosine(7)).toBeCloseTo(0.55, 12);
  expect(cosine(12)).toBeCloseTo(0.1, 12);
});

test.each([
  ['nothing', {}],
  ['no settings', { iteration: '2', updates: '2' }],
  ['settings that are no JSON', { iteration: '2', updates: '2', settings: 'undefined' }],
  ['a count that is none', { iteration: 'x', updates: '2', settings: '{}' }],
])('a state whose metadata says %s is damaged', async (_, metadata) => {
  await writeSafetensors(join(folder, STATE), { 'weights/w': tensor('float32', [1], Float32Array.of(1)) }, metadata);
  await expect(loadTrainingState(folder, [], {})).rejects.toThrow(
    /state\.safetensors: is damaged \(its metadata does not say how far the training was\)/,
  );
});
