// Pairs of pictures with their motion: the second picture, warped back along it, is the first where both show the point.

import { describe, expect, it } from 'vitest';
import { warpFrame } from '../../src/lib/video/flow/warp.js';
import { type MovingPair, movingPair, streetPair, texturePair } from '../../src/lib/world/sampling/moving-pair.js';

/** Mean difference of visible pixels from the first picture after a warp along the motion plus a shift. */
function difference({ from, to, flow, visible }: MovingPair, dx = 0, dy = 0): number {
  const { width, height } = from;
  const data = flow.map((value, i) => value + (i % 2 === 0 ? dx : dy));
  const warped = warpFrame(to, { width, height, data }).data;
  let sum = 0;
  let count = 0;
  visible.forEach((seen, p) => {
    if (!seen) return;
    for (let i = 3 * p; i < 3 * p + 3; i++) sum += Math.abs(warped[i] - from.data[i]);
    count += 3;
  });
  return sum / count;
}

describe.each([
  ['streets', streetPair],
  ['textures', texturePair],
])('%s', (_, pair) => {
  it('differ least along their motion, not beside it', () => {
    for (let index = 0; index < 4; index++) {
      const made = pair(3, index, { size: 64 });
      const own = difference(made);
      for (const [dx, dy] of [
        [0.7, 0],
        [-0.7, 0],
        [0, 0.7],
        [0, -0.7],
      ]) {
        expect(difference(made, dx, dy), `${index}: ${dx}, ${dy}`).toBeGreaterThan(own);
      }
    }
  });
});

it('is the same pair whenever it is asked for, another for another index', () => {
  const [a, b, c] = [movingPair(0, 7, { size: 32 }), movingPair(0, 7, { size: 32 }), movingPair(0, 8, { size: 32 })];
  expect(a).toEqual(b);
  expect(a.from.data).not.toEqual(c.from.data);
});
