// The card of the demo model, on the smallest checkpoint: its pictures, and its numbers by their definition.

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { appendLog } from '../../src/experiments/demo-model/training-log.js';
import { writeCard } from '../../src/experiments/demo-model/write-card.js';
import { mean } from '../../src/lib/base/mean.js';
import { decodeFrame, encodeFrame } from '../../src/lib/diffusion/restyle.js';
import { compareFrames } from '../../src/lib/metrics/pixels.js';
import { loadModel } from '../../src/lib/models/model.js';
import { readPicture } from '../../src/lib/video/still.js';
import { HELD_OUT_SHOTS, shotPicture } from '../../src/lib/world/held-out-shots.js';
import { STYLES } from '../../src/lib/world/styles/styles.js';
import { scratchFolder, shot, smallestCheckpoint } from '../sweeps/tiny.js';

const scratch = scratchFolder();

test('pictures of samples, losses and round trips, and the PSNR of every shot and style', async () => {
  const path = await smallestCheckpoint(scratch);
  const pictures = join(scratch, 'pictures');
  for (const part of ['vae', 'unet']) await appendLog(path, part, { iteration: 1, loss: 1, heldOutLoss: 2, psnr: 20 });
  const real = await shot(scratch, 'real.mp4', { frames: 1, width: 128, height: 128 });
  const numbers = await writeCard(path, pictures, { real, seeds: [1], steps: 1, frames: 1 });

  const model = await loadModel(path, { device: 'cpu' });
  const [first] = HELD_OUT_SHOTS;
  const frame = shotPicture(first, 0, 'photo');
  const { squared } = compareFrames(await decodeFrame(model, await encodeFrame(model, frame)), frame);
  await model.dispose();
  expect(numbers.shots[first.name]).toBeCloseTo(10 * Math.log10(255 ** 2 / squared), 9);
  expect(Object.keys(numbers.shots)).toEqual(HELD_OUT_SHOTS.map(({ name }) => name));
  expect(Object.keys(numbers.styles)).toEqual([...STYLES]);
  expect(numbers.all).toBeCloseTo(mean([...Object.values(numbers.shots), ...Object.values(numbers.styles)]), 9);
  expect(numbers.real).toBeGreaterThan(3);
  expect(JSON.parse(readFileSync(join(pictures, 'numbers.json'), 'utf8'))).toEqual(numbers);
  // Eight prompts below each other, one seed.
  const samples = await readPicture(join(pictures, 'samples.jpg'));
  expect(samples.height).toBeGreaterThan(8 * 128);
  for (const name of ['reconstructions.png', 'psnr.png', 'loss.png']) {
    expect(existsSync(join(pictures, name)), name).toBe(true);
  }
});

test('a real video that is not there is refused', async () => {
  const options = { real: join(scratch, 'none.mp4'), seeds: [1], steps: 1, frames: 1 };
  await expect(writeCard(await smallestCheckpoint(scratch), join(scratch, 'none'), options)).rejects.toThrow(
    'none.mp4',
  );
  expect(existsSync(join(scratch, 'none'))).toBe(false);
});
