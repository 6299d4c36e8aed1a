// Renderings under controls: conditions are made from the source's own frames, wherever frames are rendered.

import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { conditionOf, conditionTensor } from '../../src/lib/conditions/condition.js';
import { img2img } from '../../src/lib/diffusion/img2img.js';
import { decodeFrame, encodeFrame, restyle } from '../../src/lib/diffusion/restyle.js';
import { restyleKeyframes } from '../../src/lib/diffusion/restyle-keyframes.js';
import { editFrame } from '../../src/lib/edits/edit-frame.js';
import { compareFrames } from '../../src/lib/metrics/pixels.js';
import { hashModel } from '../../src/lib/models/checkpoint/hash-model.js';
import { loadModel, type Model } from '../../src/lib/models/model.js';
import { strengthSweep } from '../../src/lib/renderings/strength-sweep.js';
import type { Frame } from '../../src/lib/tensor/frame.js';
import { randn } from '../../src/lib/tensor/randn.js';
import { openVideo } from '../../src/lib/video/read/open-video.js';
import { writeVideo } from '../../src/lib/video/write/write-video.js';
import { tinyControl } from '../models/tiny-control.js';
import { scratchFolder, shot, smallestCheckpoint } from '../sweeps/tiny.js';
import { collect } from '../video/shots.js';

const scratch = scratchFolder();
const settings = { prompt: 'a city', strength: 1, steps: 2, guidanceScale: 2, seed: 3 };
let checkpoint: string;
let control: string;
let video: string;
let model: Model;
let frames: Frame[];
beforeAll(async () => {
  checkpoint = await smallestCheckpoint(scratch);
  control = await tinyControl(checkpoint, join(scratch, 'control'));
  const street = await shot(scratch, 'street', { frames: 3, width: 32, height: 32 });
  // The second frame is the negative of one, so that conditions differ.
  const [first, next, last] = await collect((await openVideo(street, { frameRate: 10 })).frames());
  video = join(scratch, 'shot');
  await writeVideo(video, [first, { ...next, data: next.data.map((value) => 255 - value) }, last]);
  model = await loadModel(checkpoint, { device: 'cpu', controls: [{ kind: 'tile', path: control, scale: 6 }] });
  frames = await collect((await openVideo(video, { frameRate: 10 })).frames());
});

/** A frame rendered by hand under a condition. */
async function rendered(frame: Frame, condition: Frame): Promise<Frame> {
  let latent = await encodeFrame(model, frame);
  const noise = randn(settings.seed, latent.shape);
  for await (const step of img2img(model, { ...settings, latent, noise, conditions: [conditionTensor([condition])] })) {
    latent = step.latent;
  }
  return decodeFrame(model, latent);
}

const largest = (a: Frame, b: Frame): number => Math.max(...a.data.map((value, i) => Math.abs(value - b.data[i])));

test('each frame follows its own condition: alone, in batches, together, by keyframes', async () => {
  const expected = await Promise.all(frames.map((frame) => rendered(frame, conditionOf('tile', frame))));
  const [, second] = frames;
  expect(largest(await rendered(frames[0], second), expected[0])).toBeGreaterThan(1);
  for (const batch of [1, 2]) {
    const found = await collect(restyle(model, frames, { ...settings, batch }));
    for (const [i, frame] of found.entries())
      expect(largest(frame, expected[i]), `${batch} ${i}`).toBeLessThanOrEqual(1);
  }
  const together = await collect(restyle(model, frames, { ...settings, anchor: 'first-previous' }));
  expect(largest(together[0], expected[0])).toBeLessThanOrEqual(1);
  const keyed = await collect(restyleKeyframes(model, frames, { ...settings, keyEvery: 1 }));
  for (const [i, frame] of keyed.entries()) expect(largest(frame, expected[i])).toBeLessThanOrEqual(1);
});

test('one frame and a sweep give the same pictures; the control is part of what identifies a result', async () => {
  const { strength, seed, ...options } = settings;
  const expected = await rendered(frames[1], conditionOf('tile', frames[1]));
  const own = { ...options, size: 32, track: false } as const;
  const { edits } = await editFrame(model, video, {
    ...{ ...own, at: 0.1, strengths: [strength], seeds: [seed], out: join(scratch, 'frame') },
  });
  expect(largest(edits[0].picture, expected)).toBeLessThanOrEqual(1);
  const sweep = { ...own, strengths: [strength], seed };
  const { cells } = await strengthSweep(model, video, { ...sweep, out: join(scratch, 'sweep') });
  const found = (await collect((await openVideo(cells[0].video)).frames()))[1];
  // The sweep's video is compressed.
  const other = await rendered(frames[1], conditionOf('tile', frames[0]));
  const error = (of: Frame): number => compareFrames(found, of).absolute;
  expect(error(expected)).toBeLessThan(0.9 * error(other));

  const plain = await loadModel(checkpoint, { device: 'cpu' });
  const { controls, ...hashes } = await hashModel(model);
  expect(await hashModel(plain)).toEqual(hashes);
  expect(controls).toEqual([
    { kind: 'tile', scale: 6, start: 0, end: 1, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
  ]);
});

test('a control without a kind is refused where conditions would be made', async () => {
  const bare = await loadModel(checkpoint, { device: 'cpu', controls: [{ path: control }] });
  await expect(collect(restyle(bare, frames, settings))).rejects.toThrow(`${control}: this control has no kind`);
});
