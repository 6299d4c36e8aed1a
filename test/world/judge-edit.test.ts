// Comparison of an edit with the truth, and presence of the car, on pictures for which both are known.

import { expect, test } from 'vitest';
import type { Frame } from '../../src/lib/tensor/frame.js';
import { HELD_OUT_SHOTS, shotCarRegions, shotDrive, shotFrames, shotTime } from '../../src/lib/world/held-out-shots.js';
import { renderScene } from '../../src/lib/world/picture/render-scene.js';
import { judgeEdit } from '../../src/lib/world/truth/judge-edit.js';

const [shot] = HELD_OUT_SHOTS;
const FRAMES = 3;
const regions = shotCarRegions(shot).slice(0, FRAMES);
const truth = () => shotFrames(shot, 'neon', { frames: FRAMES });

async function* changed(change: (value: number) => number): AsyncGenerator<Frame> {
  for await (const frame of truth()) yield { ...frame, data: frame.data.map(change) };
}

async function* withoutCar(): AsyncGenerator<Frame> {
  const drive = { ...shotDrive(shot), car: null };
  for (let i = 0; i < FRAMES; i++) yield renderScene(drive, shotTime(shot, i), 'neon', {});
}

test('the truth is without error, and a constant offset is its size', async () => {
  expect(await judgeEdit(truth(), truth(), regions)).toEqual({
    truthError: 0,
    carCorrelation: expect.closeTo(1, 10),
    curve: [0, 0, 0],
  });
  const { truthError, carCorrelation } = await judgeEdit(
    changed((value) => (value < 128 ? value + 10 : value - 10)),
    truth(),
    regions,
  );
  expect(truthError).toBeCloseTo(10, 6);
  expect(carCorrelation).toBeGreaterThan(0.9);
});

test('the same street without its car loses the correlation around it', async () => {
  const { carCorrelation } = await judgeEdit(withoutCar(), truth(), regions);
  expect(carCorrelation).toBeLessThan(0.6);
});

test('where no frame shows a car there is nothing to keep; other lengths are refused', async () => {
  expect((await judgeEdit(truth(), truth(), [null, null, null])).carCorrelation).toBeNull();
  await expect(judgeEdit(truth(), shotFrames(shot, 'neon', { frames: 2 }), regions)).rejects.toThrow(
    'differ in length',
  );
});
