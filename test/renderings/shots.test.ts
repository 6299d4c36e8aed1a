// A video of two shots: nothing of the first one reaches the second, where frames are rendered together and where noise moves.
// The motion between two frames is estimated once for all that need it.

import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { restyle } from '../../src/lib/diffusion/restyle.js';
import { restyleKeyframes } from '../../src/lib/diffusion/restyle-keyframes.js';
import { loadModel, type Model } from '../../src/lib/models/model.js';
import { openRenderedVideo } from '../../src/lib/renderings/rendered-video.js';
import type { RenderingOptions } from '../../src/lib/renderings/rendering.js';
import type { Frame } from '../../src/lib/tensor/frame.js';
import { openVideo } from '../../src/lib/video/read/open-video.js';
import { heldOutShot, shotFrames } from '../../src/lib/world/held-out-shots.js';
import { scratchFolder, smallestCheckpoint } from '../sweeps/tiny.js';

/** The estimations so far: which method. */
const estimated: string[] = [];
vi.mock('../../src/lib/video/flow/estimate-flow.js', async (original) => {
  const actual = await original<typeof import('../../src/lib/video/flow/estimate-flow.js')>();
  const estimateFlow: typeof actual.estimateFlow = (a, b, method) => {
    estimated.push(method);
    return actual.estimateFlow(a, b, method);
  };
  return { ...actual, estimateFlow };
});
beforeEach(() => estimated.splice(0));

const scratch = scratchFolder();
const own = { prompt: 'a street', steps: 2, guidanceScale: 1, strength: 1, keyEvery: 3, newShare: 1 };
const FRAMES = 10;
const CUT = 5;
let model: Model;
let frames: Frame[];
beforeAll(async () => {
  model = await loadModel(await smallestCheckpoint(scratch));
  const street = shotFrames(heldOutShot('red-car-curve'), 'photo', { frames: FRAMES, width: 32, height: 32 });
  frames = (await collect(street)).map((frame, t) =>
    t < CUT ? frame : { ...frame, data: frame.data.map((value) => 255 - value) },
  );
});
afterAll(() => model.dispose());

async function collect(all: AsyncIterable<Frame>): Promise<Frame[]> {
  const list: Frame[] = [];
  for await (const frame of all) list.push(frame);
  return list;
}

/** The renderings of some frames in a work folder, as comparisons make them. */
async function rendered(name: string, ...all: RenderingOptions[]): Promise<Frame[][]> {
  const video = await openVideo(frames, { exact: true });
  const { mkdir } = await import('node:fs/promises');
  await mkdir(join(scratch, name));
  const result = await openRenderedVideo(model, video, { work: join(scratch, name), expected: all.length }, {});
  try {
    await result.render(all.map((options, i) => ({ name: `${i}`, label: `${i}`, options })));
    return await Promise.all(all.map((_, i) => collect(result.rendering(`${i}`))));
  } finally {
    await result.close();
  }
}

it('with anchors each shot is rendered as it is alone', async () => {
  const anchored = { ...own, anchor: 'first-previous', adain: 0.5 } as const;
  const alone = [
    ...(await collect(restyle(model, frames.slice(0, CUT), anchored))),
    ...(await collect(restyle(model, frames.slice(CUT), anchored))),
  ];
  expect(await rendered('anchored', anchored)).toEqual([alone]);
  const keys = [
    ...(await collect(restyleKeyframes(model, frames.slice(0, CUT), anchored))),
    ...(await collect(restyleKeyframes(model, frames.slice(CUT), anchored))),
  ];
  expect(await collect(restyleKeyframes(model, frames, anchored))).toEqual(keys);
  estimated.length = 0;
  expect(await rendered('anchored keyframes', { ...anchored, steady: true })).toEqual([keys]);
  // The video is read twice, to find the keys 0, 3, 4, 5, 8, 9 and to carry them; 3 and 4, and 8 and 9, are neighbours.
  expect(estimated).toEqual(Array.from({ length: 6 }, () => 'network'));
});

it('noise moves by the estimator that keyframes are carried by, which sees each pair of frames once', async () => {
  const warped = { ...own, noise: 'warped', flow: 'farneback' } as const;
  // No pair crosses the cut.
  const pairs = Array.from({ length: FRAMES - 2 }, () => 'farneback');
  const expected = await collect(restyleKeyframes(model, frames, warped));
  expect(estimated).toEqual(pairs);
  estimated.length = 0;
  const [weak, strong] = await rendered(
    'warped',
    { ...warped, steady: true, strength: 0.5 },
    { ...warped, steady: true },
  );
  expect(estimated).toEqual(pairs);
  expect(strong).toEqual(expected);
  expect(weak).not.toEqual(expected);
  const all = await collect(restyle(model, frames, warped));
  for (const key of [0, 3, 4, 5, 8, 9]) expect(strong[key]).toEqual(all[key]);
});
