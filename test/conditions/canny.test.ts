// Canny's edges compared with OpenCV's (fixtures/make_conditions.py), pixel by pixel.

import { expect, test } from 'vitest';
import { cannyEdges } from '../../src/lib/conditions/canny.js';
import type { Frame } from '../../src/lib/tensor/frame.js';
import { readSafetensors } from '../../src/lib/tensor/safetensors.js';

const stored = await readSafetensors('test/conditions/fixtures/conditions.safetensors');
const [height, width] = stored.picture.shape;
const picture: Frame = { width, height, data: stored.picture.data as Uint8Array };

test.each([
  [100, 200],
  [60, 140],
  [36.5, 84.2],
])('thresholds %d and %d', (low, high) => {
  expect(cannyEdges(picture, { low, high })).toEqual(stored[`canny.${low}.${high}`].data);
});

test('by default the thresholds are 100 and 200', () => {
  expect(cannyEdges(picture)).toEqual(stored['canny.100.200'].data);
});
