// Methods of consistency hold a few frames, whatever the length of the video. Only buffers that are referenced count: the
// garbage collector is called while frames pass.

import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { temporalFilter } from '../../src/lib/consistency/filter.js';
import { flowMedian } from '../../src/lib/consistency/flow-median.js';
import { carryKeyframes } from '../../src/lib/consistency/keyframes.js';
import type { Correspondence } from '../../src/lib/consistency/motion.js';
import { restyleKeyframes } from '../../src/lib/diffusion/restyle-keyframes.js';
import { loadModel, type Model } from '../../src/lib/models/model.js';
import type { Frame } from '../../src/lib/tensor/frame.js';
import { scratchFolder, smallestCheckpoint } from '../sweeps/tiny.js';

const SIDE = 32;
const FRAME_BYTES = 3 * SIDE * SIDE;
/** Frames of a video, and those after which every method holds all that it needs. */
const [COUNT, EARLY] = [120, 40];
const own = { prompt: 'night', steps: 1, strength: 1, guidanceScale: 1 };
const scratch = scratchFolder();
let model: Model;
let collectGarbage: () => void;
beforeAll(async () => {
  setFlagsFromString('--expose-gc');
  collectGarbage = runInNewContext('gc');
  model = await loadModel(await smallestCheckpoint(scratch));
});
afterAll(() => model.dispose());

type Frames = AsyncGenerator<Frame, void, undefined>;

/** Waves that move by a pixel a frame, over each other. */
async function* waves(shift = 0): Frames {
  for (let t = 0; t < COUNT; t++) {
    const data = new Uint8Array(FRAME_BYTES);
    for (let i = 0; i < data.length; i++) {
      const [x, y] = [Math.floor(i / 3) % SIDE, Math.floor(i / 3 / SIDE)];
      data[i] = 128 + shift + 50 * Math.sin((x + t) / 3) + 40 * Math.cos((x - 2 * y) / 5);
    }
    yield { width: SIDE, height: SIDE, data };
  }
}

const still = (): Correspondence => ({
  flow: { width: SIDE, height: SIDE, data: new Float32Array(2 * SIDE * SIDE) },
  visible: new Uint8Array(SIDE * SIDE).fill(1),
});

/** How many frames more are in memory at the end of a video than near its beginning, at most. */
async function held(frames: AsyncIterable<Frame>): Promise<number> {
  let [early, late] = [0, 0];
  let count = 0;
  for await (const _ of frames) {
    if (++count % 10 > 0 || (count > EARLY && count < COUNT - 10)) continue;
    // The second collection begins when the buffers of the first one are freed.
    collectGarbage();
    await setImmediate();
    collectGarbage();
    const { arrayBuffers } = process.memoryUsage();
    if (count <= EARLY) early = Math.max(early, arrayBuffers);
    else late = Math.max(late, arrayBuffers);
  }
  return (late - early) / FRAME_BYTES;
}

it.for<[string, () => AsyncIterable<Frame>]>([
  ['keyframes', () => carryKeyframes(waves(), waves(9), { motion: still })],
  ['the filter', () => temporalFilter(waves(), waves(9), { motion: still })],
  ['the median', () => flowMedian(waves(), waves(9))],
  [
    'a steady rendering with noise that moves',
    () => restyleKeyframes(model, waves(), { ...own, noise: 'warped', newShare: 1 }),
  ],
])('%s: a few frames are held', async ([, make]) => {
  expect(await held(make())).toBeLessThan(0.1 * (COUNT - EARLY));
});

it('frames that are kept are found', async () => {
  const kept: Frame[] = [];
  async function* keeping(): Frames {
    for await (const frame of waves()) {
      kept.push(frame);
      yield frame;
    }
  }
  expect(await held(keeping())).toBeGreaterThan(0.9 * (COUNT - EARLY));
});
