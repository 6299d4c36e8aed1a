// Steady renderings: only keyframes go through the network, in the library and in comparisons, wherever one is interrupted.

import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { carryKeyframes } from '../../src/lib/consistency/keyframes.js';
import { restyle } from '../../src/lib/diffusion/restyle.js';
import { restyleKeyframes } from '../../src/lib/diffusion/restyle-keyframes.js';
import { loadModel, type Model } from '../../src/lib/models/model.js';
import type { ComparisonResult } from '../../src/lib/renderings/comparison-options.js';
import { planStrengthSweep, strengthSweep } from '../../src/lib/renderings/strength-sweep.js';
import type { Frame } from '../../src/lib/tensor/frame.js';
import { openVideo } from '../../src/lib/video/read/open-video.js';
import { hashes, scratchFolder, shot, smallestCheckpoint } from '../sweeps/tiny.js';

const scratch = scratchFolder();
const size = { width: 32, height: 32 };
const keys = { keyEvery: 3, newShare: 1 };
const own = { prompt: 'a street', steps: 4, guidanceScale: 1 };
const request = { ...own, ...keys, size, strengths: [0.5, 1], steady: true, batch: 2 };
let model: Model;
let video: string;
let whole: ComparisonResult;

beforeAll(async () => {
  model = await loadModel(await smallestCheckpoint(scratch));
  video = await shot(scratch, 'street', { frames: 11 });
  whole = await strengthSweep(model, video, { ...request, out: join(scratch, 'whole') });
});
afterAll(() => model.dispose());

async function collect(frames: AsyncIterable<Frame>): Promise<Frame[]> {
  const all: Frame[] = [];
  for await (const frame of frames) all.push(frame);
  return all;
}
const source = async () => (await openVideo(video, { size })).frames();

/** The model, and how many latents its UNet has seen. */
function counted(): { model: Model; rows: () => number } {
  let rows = 0;
  return {
    model: {
      ...model,
      predict(sample, timesteps, context) {
        rows += sample.shape[0];
        return model.predict(sample, timesteps, context);
      },
    },
    rows: () => rows,
  };
}

test('renders the keyframes as a rendering of all frames has them, and no other frame', async () => {
  const { model: counting, rows } = counted();
  const steady = await collect(restyleKeyframes(counting, await source(), { ...own, ...keys, strength: 0.5 }));
  // Keys 0, 3, 6, 9 and 10 at two steps each.
  expect(rows()).toBe(5 * 2);
  const all = await collect(restyle(model, await source(), { ...own, strength: 0.5 }));
  expect(steady).toEqual(await collect(carryKeyframes(await source(), all, keys)));
  for (const key of [0, 3, 6, 9, 10]) expect(steady[key]).toEqual(all[key]);
  expect(steady[1]).not.toEqual(all[1]);
});

test('gives each keyframe the noise of its own number', async () => {
  const noise = { ...own, ...keys, strength: 1, noise: 'per-frame', batch: 2 } as const;
  const alone = await collect(restyle(model, await source(), noise));
  const steady = await collect(restyleKeyframes(model, await source(), noise));
  for (const key of [0, 3, 6, 9, 10]) expect(steady[key]).toEqual(alone[key]);
});

test('a comparison has the same frames, records that they are steady, and plans their passes', async () => {
  expect(whole.cells.map(({ label }) => label)).toEqual(['strength 0.5, steady', 'strength 1, steady']);
  expect(whole.settings.cells).toMatchObject([{ steady: true, ...keys }, { steady: true }]);
  const { model: counting, rows } = counted();
  const out = join(scratch, 'counted');
  const result = await strengthSweep(counting, video, { ...request, out });
  expect(result.cells.map(({ metrics }) => metrics)).toEqual(whole.cells.map(({ metrics }) => metrics));
  // Three batches of two keys, of which the last is padded; two and four steps.
  expect(rows()).toBe(3 * 2 * (2 + 4));
  const plan = await planStrengthSweep(model, video, request);
  expect(plan.passes).toBe(3 * (2 + 4));
});

test('settings of keyframes are no part of a rendering of all frames', async () => {
  const plain = await strengthSweep(model, video, {
    ...{ ...request, steady: false, keyEvery: 7, frames: 2, strengths: [0.5], out: join(scratch, 'plain') },
  });
  expect(plain.settings.cells).toEqual([{ name: 'strength-0.5', strength: 0.5, seed: '42', noise: 'fixed' }]);
});

test('continues to the same bits after several interruptions, also where one rendering is ahead of another', async () => {
  const out = join(scratch, 'stopped');
  const labels: string[] = [];
  // Each batch of keys takes two steps of the one rendering, then four of the other.
  for (const n of [11, 6]) {
    const controller = new AbortController();
    let steps = 0;
    const onProgress = ({ label }: { label: string }) => {
      if (!label.startsWith('denoising') || ++steps < n) return;
      labels.push(label);
      controller.abort(new Error('stopped here'));
    };
    const stopped = strengthSweep(model, video, {
      ...request,
      out,
      resume: true,
      onProgress,
      signal: controller.signal,
    });
    await expect(stopped).rejects.toThrow('stopped here');
  }
  expect(labels).toEqual(['denoising strength 1, steady', 'denoising strength 0.5, steady']);
  const { model: counting, rows } = counted();
  await strengthSweep(counting, video, { ...request, out, resume: true });
  expect(hashes(out)).toEqual(hashes(whole.out));
  // Only the last batch was left.
  expect(rows()).toBe(2 * (2 + 4));
});

test('settings out of their range are refused before anything is rendered', async () => {
  const sweep = (more: object) => strengthSweep(model, video, { ...request, out: join(scratch, 'never'), ...more });
  await expect(sweep({ keyEvery: 0 })).rejects.toThrow('keyEvery: the distance of keyframes is 0');
  await expect(sweep({ newShare: 0 })).rejects.toThrow('newShare: a share of 0, expected one above 0 and at most 1');
});
