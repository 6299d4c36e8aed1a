// The filter in the gradient domain: its solver against a dense one, and what it does to a flickering video.

import { expect, test } from 'vitest';
import { temporalFilter } from '../../src/lib/consistency/filter.js';
import { solveScreened } from '../../src/lib/consistency/screened-poisson.js';
import { compareFrames } from '../../src/lib/metrics/pixels.js';
import type { Frame } from '../../src/lib/tensor/frame.js';
import type { Correspondence, SourceFrame } from '../../src/lib/video/flow/correspondence.js';

const wave = (i: number): number => Math.sin(12.9898 * (i + 1)) * 0.5 + 0.5;

/** (L + w) as a dense matrix, built edge by edge, and solved by elimination. */
function dense(width: number, height: number, weight: Float32Array, right: number[]): number[] {
  const n = width * height;
  const rows = Array.from({ length: n }, (_, i) => {
    const row = new Float64Array(n + 1);
    row[i] = weight[i];
    row[n] = right[i];
    return row;
  });
  const join = (a: number, b: number): void => {
    for (const [i, j] of [
      [a, b],
      [b, a],
    ]) {
      rows[i][i] += 1;
      rows[i][j] -= 1;
    }
  };
  for (let i = 0; i < n; i++) {
    if (i % width < width - 1) join(i, i + 1);
    if (i + width < n) join(i, i + width);
  }
  for (let i = 0; i < n; i++) {
    for (let j = i + 1; j < n; j++) {
      const factor = rows[j][i] / rows[i][i];
      if (factor !== 0) for (let k = i; k <= n; k++) rows[j][k] -= factor * rows[i][k];
    }
  }
  const x = new Array<number>(n).fill(0);
  for (let i = n - 1; i >= 0; i--) {
    let sum = rows[i][n];
    for (let k = i + 1; k < n; k++) sum -= rows[i][k] * x[k];
    x[i] = sum / rows[i][i];
  }
  return x;
}

test.each([
  ['even sides', 16, 12, 1],
  ['odd sides', 13, 9, 1],
  ['a weak weight', 16, 12, 0.1],
  ['a strong weight', 16, 12, 10],
])('the solver gives what a dense solve gives: %s', (_, width, height, strength) => {
  const n = width * height;
  // A quarter of the picture is hidden, the rest is seen more or less surely.
  const weight = Float32Array.from({ length: n }, (_, p) =>
    p % width < width / 2 && p < n / 2 ? 0 : strength * wave(p),
  );
  const right = Float32Array.from({ length: 3 * n }, (_, i) => weight[Math.floor(i / 3)] * (40 * wave(7 * i) - 20));
  const solved = solveScreened({ width, height, weight, right });
  for (const c of [0, 1, 2]) {
    const wanted = dense(
      width,
      height,
      weight,
      Array.from({ length: n }, (_, p) => right[3 * p + c]),
    );
    wanted.forEach((value, p) => {
      // Of differences up to 20 grey levels: far below one, to which results are rounded.
      expect(Math.abs(solved[3 * p + c] - value), `${p}: ${solved[3 * p + c]} of ${value}`).toBeLessThan(0.05);
    });
  }
});

const [WIDTH, HEIGHT] = [40, 24];
const picture = (value: (x: number, y: number) => number): Frame => {
  const data = new Uint8Array(3 * WIDTH * HEIGHT);
  for (let y = 0, i = 0; y < HEIGHT; y++) {
    for (let x = 0; x < WIDTH; x++, i += 3) data.fill(Math.round(value(x, y)), i, i + 3);
  }
  return { width: WIDTH, height: HEIGHT, data };
};
const scene = (x: number, y: number): number => 120 + 50 * Math.sin(x / 4) + 40 * Math.cos(y / 3);
const flicker = [0, 20, -15, 18, -20, 12];
const source = flicker.map(() => picture(scene));
const styled = flicker.map((more) => picture((x, y) => 255 - scene(x, y) + (more * (x + 20)) / WIDTH));
const still = ({ frame: { width, height } }: SourceFrame): Correspondence => ({
  flow: { width, height, data: new Float32Array(2 * width * height) },
  visible: new Uint8Array(width * height).fill(1),
});

async function collect(frames: AsyncIterable<Frame>): Promise<Frame[]> {
  const all: Frame[] = [];
  for await (const frame of frames) all.push(frame);
  return all;
}
const flickerOf = (frames: readonly Frame[]): number =>
  frames.slice(1).reduce((sum, frame, t) => sum + compareFrames(frames[t], frame).absolute / (frames.length - 1), 0);

test('a flickering video of a source that stands still is steadied, more so with more weight', async () => {
  const before = flickerOf(styled);
  const after = await Promise.all(
    [0.1, 1, 10].map(async (filterWeight) =>
      flickerOf(await collect(temporalFilter(source, styled, { filterWeight, motion: still }))),
    ),
  );
  expect(before).toBeGreaterThan(20);
  expect(after[0]).toBeGreaterThan(after[1]);
  expect(after[1]).toBeGreaterThan(after[2]);
  expect(after[1]).toBeLessThan(0.2 * before);
});

test('what is hidden, and what changes in the source, is left as it is styled; so is all behind a cut', async () => {
  const hidden = (from: SourceFrame) => ({ ...still(from), visible: new Uint8Array(WIDTH * HEIGHT) });
  expect(await collect(temporalFilter(source, styled, { motion: hidden }))).toEqual(styled);
  const changing = flicker.map((_, t) => picture((x, y) => scene(x, y) + (t % 2 === 0 ? -40 : 40)));
  const left = await collect(temporalFilter(changing, styled, { motion: still }));
  left.forEach((frame, t) => {
    expect(compareFrames(frame, styled[t]).absolute).toBeLessThan(1);
  });
  const cut = flicker.map((_, t) => picture((x, y) => (t < 3 ? scene(x, y) : 255 - scene(x, y))));
  const filtered = await collect(temporalFilter(cut, styled, { motion: still }));
  expect(filtered[3]).toEqual(styled[3]);
  expect(filtered[2]).not.toEqual(styled[2]);
  expect(filtered[4]).not.toEqual(styled[4]);
});

test('a weight that is no number above 0 is refused', async () => {
  await expect(collect(temporalFilter(source, styled, { filterWeight: 0 }))).rejects.toThrow(
    'filterWeight: the weight of the filter is 0, expected a number above 0, such as 1',
  );
});
