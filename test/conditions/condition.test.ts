// Conditions compared with OpenCV and the formulas of sd-webui-controlnet (fixtures/make_conditions.py).

import { expect, test } from 'vitest';
import { conditionOf, conditionTensor, type FrameCondition } from '../../src/lib/conditions/condition.js';
import type { Frame } from '../../src/lib/tensor/frame.js';
import { readSafetensors } from '../../src/lib/tensor/safetensors.js';

const stored = await readSafetensors('test/conditions/fixtures/conditions.safetensors');
const [height, width] = stored.picture.shape;
const picture: Frame = { width, height, data: stored.picture.data as Uint8Array };

/** The stored picture; one of a single channel in all three, times `scale`. */
const expected = (name: string, scale = 1): number[] => {
  const { shape, data } = stored[name];
  const values = [...data].map((value) => scale * Number(value));
  return shape.length === 3 ? values : values.flatMap((value) => [value, value, value]);
};

test.each<[FrameCondition, string, number, number]>([
  ['canny', 'canny.100.200', 255, 0],
  ['tile', 'picture', 1, 0],
  ['lineart', 'lineart', 1, 0.01],
  ['scribble', 'scribble', 255, 0],
  ['blur', 'blur', 1, 0.01],
  // OpenCV's 8-bit Lab is computed in whole numbers.
  ['luminance', 'luminance', 1, 0.12],
])('%s: within a grey level, and nearly everywhere the same', (kind, name, scale, share) => {
  const found = conditionOf(kind, picture);
  expect([found.width, found.height, found.data.length]).toEqual([width, height, 3 * width * height]);
  const wanted = expected(name, scale);
  const differences = [...found.data].map((value, i) => Math.abs(value - wanted[i]));
  expect(Math.max(...differences)).toBeLessThanOrEqual(share > 0 ? 1 : 0);
  expect(differences.filter((difference) => difference > 0).length / differences.length).toBeLessThanOrEqual(share);
});

test('a picture without lines has none, and a picture of one row is blurred', () => {
  const flat = { width: 9, height: 1, data: new Uint8Array(27).fill(90) };
  for (const kind of ['canny', 'lineart', 'scribble'] as const) {
    expect([...conditionOf(kind, flat).data].every((value) => value === 0)).toBe(true);
  }
  expect([...conditionOf('blur', flat).data]).toEqual([...flat.data]);
});

test('as a tensor: channels first, 255 is 1', () => {
  const frame = { width: 2, height: 1, data: Uint8Array.of(255, 0, 51, 102, 153, 204) };
  const { shape, data } = conditionTensor([frame, { ...frame, data: frame.data.toReversed() }]);
  expect(shape).toEqual([2, 3, 1, 2]);
  const rounded = [...data].map((value) => Math.round(10 * value) / 10);
  expect(rounded).toEqual([1, 0.4, 0, 0.6, 0.2, 0.8, 0.8, 0.2, 0.6, 0, 0.4, 1]);
});
