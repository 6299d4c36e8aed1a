// The two objectives of a paired item: at the start of the path they are equal, and a rendering that follows the target
// reaches every point of the path.

import { expect, test } from 'vitest';
import { levelAt, noiseSchedule } from '../../src/lib/diffusion/noise-schedule.js';
import { predictions } from '../../src/lib/diffusion/prediction.js';
import { randn } from '../../src/lib/tensor/randn.js';
import { pairedTarget, pathTarget, plainTarget } from '../../src/lib/training/loss/objective.js';

const [original, edited, noise] = [1, 2, 3].map((seed) => randn(seed, [64]).data);
const schedule = noiseSchedule();
const largest = (a: Float32Array, b: Float32Array) => Math.max(...a.map((value, i) => Math.abs(value - b[i])));

test.each(['epsilon', 'v_prediction'] as const)('second form, %s', (type) => {
  const start = levelAt(schedule, 421);
  const first = pairedTarget(type, { original, edited, noise }, start);
  const second = pathTarget(type, { original, edited, noise }, start, start);
  expect(largest(first.x, second.x)).toBeLessThan(1e-5);
  expect(largest(first.target, second.target)).toBeLessThan(1e-5);
  for (const t of [1, 41, 301]) {
    const level = levelAt(schedule, t);
    const { x, target, weight } = pathTarget(type, { original, edited, noise }, start, level);
    expect(weight).toBe(1);
    expect(largest(predictions[type].toX0(target, x, level), edited)).toBeLessThan(1e-4);
  }
});

test('a paired item whose edit is its original is a plain one', () => {
  const level = levelAt(schedule, 301);
  const paired = pairedTarget('epsilon', { original, edited: original, noise }, level);
  const plain = plainTarget('epsilon', original, noise, level);
  expect(paired.x).toEqual(plain.x);
  expect(largest(paired.target, plain.target)).toBeLessThan(1e-5);
});
