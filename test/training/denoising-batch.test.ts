// The draws of a training: pure functions of their index, within the given ranges.

import { expect, test } from 'vitest';
import { levelAt, noiseSchedule } from '../../src/lib/diffusion/noise-schedule.js';
import { predictions } from '../../src/lib/diffusion/prediction.js';
import { randn } from '../../src/lib/tensor/randn.js';
import {
  type BatchOptions,
  batchInputs,
  checkRanges,
  describeDraw,
  drawOf,
} from '../../src/lib/training/loss/denoising-batch.js';

const [plain, original, edited, context] = [1, 2, 3, 4].map((seed) => randn(seed, [16]).data);
const schedule = noiseSchedule();
const options: BatchOptions = {
  items: [
    { frame: 5, prompt: '', edit: null, original: plain, edited: null, context },
    { frame: 9, prompt: 'night', edit: 0, original, edited, context },
  ],
  schedule,
  predictionType: 'epsilon',
  objective: 'noised-original',
  weighting: 'min-snr-paired',
  timestepRange: [0, 500],
  startRange: [300, 500],
  seed: 3,
  latentShape: [1, 4, 4],
  contextShape: [2, 8],
};
const draws = (more: Partial<BatchOptions> = {}) =>
  Array.from({ length: 2000 }, (_, i) => drawOf(i, { ...options, ...more }));

test('the same number gives the same draw, another number or seed another one', () => {
  expect(drawOf(17, options)).toEqual(drawOf(17, options));
  expect(drawOf(17, options).noise).not.toEqual(drawOf(18, options).noise);
  expect(drawOf(17, options).noise).not.toEqual(drawOf(17, { ...options, seed: 4 }).noise);
});

test("an item's own noise is mixed in by any share, and draws without it stay what they were", () => {
  const own = randn(9, [16]).data;
  const items = options.items.map((item) => (item.edited ? { ...item, noise: own } : item));
  for (const [i, draw] of draws({ items }).slice(0, 50).entries()) {
    const { noise: fresh, timestep } = drawOf(i, options);
    expect(draw.timestep).toBe(timestep);
    if (!draw.item.edited) {
      expect(draw.noise).toEqual(fresh);
      continue;
    }
    // The share from the first two values; the others then follow.
    const [[x, y], [p, q], [u, v]] = [draw.noise, own, fresh];
    const ratio = (x * q - y * p) / (y * u - x * v); // share / (1 - share)
    const share = ratio / (1 + ratio);
    expect(share).toBeGreaterThanOrEqual(0);
    expect(share).toBeLessThanOrEqual(1);
    draw.noise.forEach((value, j) => {
      expect(value).toBeCloseTo((own[j] * (1 - share) + fresh[j] * share) / Math.hypot(share, 1 - share), 3);
    });
  }
});

test('timesteps are uniform in their range, whose end is excluded', () => {
  const timesteps = draws({ timestepRange: [250, 255] }).map(({ timestep }) => timestep);
  const counts = [250, 251, 252, 253, 254].map((t) => timesteps.filter((timestep) => timestep === t).length);
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(2000);
  // 400 of each are expected; five standard deviations are 89.
  for (const count of counts) expect(Math.abs(count - 400)).toBeLessThan(89);
});

test('on a rendering path an edited item starts in its own range, and no timestep lies before its start', () => {
  const all = draws({ objective: 'rendering-path' });
  const paired = all.filter(({ item }) => item.edited);
  expect(paired).toHaveLength(1000);
  for (const { start, timestep } of paired) {
    expect(start).toBeGreaterThanOrEqual(300);
    expect(start).toBeLessThan(500);
    expect(timestep).toBeLessThanOrEqual(start!);
  }
  expect(paired.some(({ timestep }) => timestep < 20)).toBe(true);
  expect(all.filter(({ item }) => !item.edited).every(({ start }) => start === null)).toBe(true);
});

test.each(['epsilon', 'v_prediction'] as const)('weights and targets, %s', (predictionType) => {
  const limited = (snr: number) => Math.min(snr, 5) / (predictionType === 'epsilon' ? snr : snr + 1);
  for (let i = 0; i < 50; i++) {
    const [paired, all, none] = (['min-snr-paired', 'min-snr', 'none'] as const).map((weighting) =>
      drawOf(i, { ...options, predictionType, weighting }),
    );
    const level = levelAt(schedule, paired.timestep);
    const snr = (level.signal / level.noise) ** 2;
    expect(paired.weight).toBeCloseTo(paired.item.edited ? limited(snr) : 1, 6);
    expect(all.weight).toBeCloseTo(limited(snr), 6);
    expect(none.weight).toBe(1);
    // The target leads to the edit if there is one, else back to the frame.
    const goal = paired.item.edited ?? paired.item.original;
    const found = predictions[predictionType].toX0(paired.target, paired.x, level);
    expect(Math.max(...found.map((value, j) => Math.abs(value - goal[j])))).toBeLessThan(1e-5);
  }
  const onPath = draws({ predictionType, objective: 'rendering-path' }).slice(0, 50);
  expect(onPath.every(({ weight }) => weight === 1)).toBe(true);
});

test('rows are stacked in order', () => {
  const rows = [0, 1].map((i) => drawOf(i, options)).map((draw) => ({ ...draw, context: draw.item.context }));
  const { sample, timesteps, weights, context: contexts } = batchInputs(rows, [1, 4, 4], [2, 8]);
  expect([sample.shape, contexts.shape, timesteps.shape]).toEqual([[2, 1, 4, 4], [2, 2, 8], [2]]);
  expect([...sample.data]).toEqual([...rows[0].x, ...rows[1].x]);
  expect([...timesteps.data]).toEqual(rows.map(({ timestep }) => timestep));
  expect([...weights.data]).toEqual(rows.map(({ weight }) => Math.fround(weight)));
});

test('a draw in words names its item and timestep', () => {
  const edit = draws().find(({ item }) => item.edited)!;
  expect(describeDraw(edit)).toBe(`edited frame 9 ("night") at timestep ${edit.timestep}`);
});

test.each([
  [{ timestepRange: [500, 500] }, 'timestep range: 500 to 500'],
  [{ timestepRange: [0, 1001] }, 'timestep range: 0 to 1001'],
  [{ timestepRange: [0.5, 10] }, 'timestep range: 0.5 to 10'],
  [{ timestepRange: [100, 500], startRange: [50, 400], objective: 'rendering-path' }, 'start range: 50 to 400'],
] as const)('a range that is none is refused', (wrong, sentence) => {
  expect(() => checkRanges({ ...options, ...wrong })).toThrow(sentence);
});
