// Noise with shifted channels.

import { expect, test } from 'vitest';
import { offsetNoise } from '../../src/experiments/demo-model/offset-noise.js';
import { createGenerator } from '../../src/lib/base/random.js';

const [CHANNELS, CELLS, OFFSET] = [400, 256, 0.5];

function channelMeans(noise: Float32Array): number[] {
  return Array.from({ length: CHANNELS }, (_, i) => {
    const channel = noise.subarray(i * CELLS, (i + 1) * CELLS);
    return channel.reduce((sum, value) => sum + value, 0) / CELLS;
  });
}

const deviation = (values: readonly number[]): number =>
  Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);

test('is the plain noise where nothing is shifted', () => {
  expect(offsetNoise(createGenerator(1), CHANNELS, CELLS, 0)).toEqual(createGenerator(1).randn(CHANNELS * CELLS));
});

test('adds one normal number of the deviation asked for to all cells of a channel', () => {
  const plain = createGenerator(1).randn(CHANNELS * CELLS);
  const shifted = offsetNoise(createGenerator(1), CHANNELS, CELLS, OFFSET);
  const shifts = shifted.map((value, i) => value - plain[i]);
  for (let channel = 0; channel < CHANNELS; channel++) {
    const first = shifts[channel * CELLS];
    for (let i = 0; i < CELLS; i++) expect(Math.abs(shifts[channel * CELLS + i] - first)).toBeLessThan(1e-6);
  }
  // The mean of 256 normal numbers has a standard deviation of 1/16, which 400 such means determine to 4 %.
  expect(deviation(channelMeans(plain))).toBeCloseTo(1 / 16, 2);
  expect(Math.abs(deviation(channelMeans(shifted)) / Math.hypot(OFFSET, 1 / 16) - 1)).toBeLessThan(0.15);
});
