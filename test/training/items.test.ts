// The items of a training set, and their order.

import { expect, test } from 'vitest';
import { describeItem, itemOfDraw, spreadFrames, trainingItems } from '../../src/lib/training/finetune/items.js';

test('frames are the middles of equal parts of the video', () => {
  expect(spreadFrames(300, 30)).toEqual(Array.from({ length: 30 }, (_, i) => 10 * i + 5));
  expect(spreadFrames(10, 4)).toEqual([1, 3, 6, 8]);
  expect(spreadFrames(9, 1)).toEqual([4]);
  expect(spreadFrames(3, 30)).toEqual([0, 1, 2]);
  expect(spreadFrames(3, 0)).toEqual([]);
});

test('the published set: 30 frames under the empty prompt, and two prompts on one frame', () => {
  const edits = ['night', 'neon'].map((prompt) => ({ frame: 150, prompt }));
  const items = trainingItems(300, 30, edits);
  expect(items).toHaveLength(32);
  expect(items.slice(0, 30).every(({ prompt, edit }) => prompt === '' && edit === null)).toBe(true);
  expect(items.slice(30)).toEqual([
    { frame: 150, prompt: 'night', edit: 0 },
    { frame: 150, prompt: 'neon', edit: 1 },
  ]);
  expect(items.slice(29, 31).map(describeItem)).toEqual(['frame 295', 'edited frame 150 ("night")']);
});

test('every pass takes each item once, in an order of its own that the seed decides', () => {
  const pass = (number: number, seed: number) =>
    Array.from({ length: 32 }, (_, i) => itemOfDraw(32, 32 * number + i, seed));
  const inOrder = Array.from({ length: 32 }, (_, i) => i);
  const passes = [0, 1, 2].map((number) => pass(number, 7));
  for (const order of passes) expect([...order].sort((a, b) => a - b)).toEqual(inOrder);
  expect(new Set([inOrder, ...passes, pass(0, 8)].map(String)).size).toBe(5);
  expect(pass(1, 7)).toEqual(passes[1]);
});

test('the first place of a pass is taken by every item alike', () => {
  // 4000 passes of 8 items: 500 are expected; five standard deviations of a binomial are 105.
  const counts = new Array<number>(8).fill(0);
  for (let p = 0; p < 4000; p++) counts[itemOfDraw(8, 8 * p, 1)]++;
  for (const count of counts) expect(Math.abs(count - 500)).toBeLessThan(105);
});

test('a set of 0 items and an edit of a frame that is not there are refused', () => {
  expect(() => trainingItems(10, 0, [])).toThrow(
    'finetune: the training set has 0 items; give an edited frame, or at least one training frame of the video',
  );
  for (const frame of [10, -1, 1.5]) {
    expect(() => trainingItems(10, 3, [{ frame, prompt: 'x' }])).toThrow(
      `edit 1: it is of frame ${frame}, which is not in the video (its frames are 0 to 9); say which frame it was made from`,
    );
  }
  expect(() => trainingItems(10, 2.5, [])).toThrow('training frames: the number is 2.5');
});
