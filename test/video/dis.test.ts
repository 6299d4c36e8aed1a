// DIS compared with OpenCV's (fixtures/make_dis.py), and for inputs without texture.

import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { readSafetensors } from '../../src/lib/tensor/safetensors.js';
import { DIS_PRESETS, disFlow } from '../../src/lib/video/flow/dis/dis-flow.js';
import type { GrayPicture } from '../../src/lib/video/flow/flow.js';

const stored = await readSafetensors(fileURLToPath(new URL('fixtures/dis.safetensors', import.meta.url)));
const picture = (name: string): GrayPicture => {
  const { shape, data } = stored[name];
  return { width: shape[1], height: shape[0], data: data as Uint8Array };
};

describe('DIS', () => {
  test.each(['ultrafast', 'fast', 'medium'] as const)('%s is the flow of OpenCV', (preset) => {
    const expected = stored[preset];
    const { width, data } = disFlow(picture('from'), picture('to'), DIS_PRESETS[preset]);
    const [rows, columns] = expected.shape;
    const errors: number[] = [];
    for (let y = 0; y < rows; y++) {
      for (let x = 0; x < columns; x++) {
        const at = 2 * (2 * y * width + 2 * x);
        const to = 2 * (y * columns + x);
        errors.push(Math.hypot(data[at] - Number(expected.data[to]), data[at + 1] - Number(expected.data[to + 1])));
      }
    }
    errors.sort((a, b) => a - b);
    expect(errors.reduce((sum, error) => sum + error, 0) / errors.length).toBeLessThan(2e-3);
    // If two patches match almost equally well, rounding decides between them.
    expect(errors[Math.floor(0.99 * errors.length)]).toBeLessThan(2e-2);
  });

  test('a picture does not move against itself', () => {
    const { data } = disFlow(picture('from'), picture('from'));
    expect(Math.max(...data.map(Math.abs))).toBeLessThan(1e-3);
  });

  test('a picture without texture has no flow, and a small one has one', () => {
    const flat = { width: 40, height: 24, data: new Uint8Array(960).fill(77) };
    expect(disFlow(flat, flat).data.every((value) => value === 0)).toBe(true);
    const small = { width: 16, height: 16, data: Uint8Array.from({ length: 256 }, (_, i) => (i * 37) % 251) };
    expect(disFlow(small, small).data.every(Number.isFinite)).toBe(true);
  });
});
