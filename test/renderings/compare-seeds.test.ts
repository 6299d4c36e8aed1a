// Comparisons of seeds, with the same noise for all frames or different noise for each.

import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { sha256File } from '../../src/lib/base/hash.js';
import type { Progress } from '../../src/lib/base/progress.js';
import { restyle } from '../../src/lib/diffusion/restyle.js';
import { metrics } from '../../src/lib/metrics/metrics.js';
import { loadModel, type Model } from '../../src/lib/models/model.js';
import { compareSeeds, planCompareSeeds } from '../../src/lib/renderings/compare-seeds.js';
import type { Frame } from '../../src/lib/tensor/frame.js';
import { openVideo } from '../../src/lib/video/read/open-video.js';
import { scratchFolder, shot, smallestCheckpoint } from '../sweeps/tiny.js';

const scratch = scratchFolder();
const request = { prompt: 'a street', seeds: [7, 8], strength: 0.5, steps: 4, size: { width: 32, height: 32 } };
let model: Model;
let video: string;
beforeAll(async () => {
  model = await loadModel(await smallestCheckpoint(scratch));
  video = await shot(scratch, 'street.mp4', { frames: 3 });
});
afterAll(() => model.dispose());

it('renders every seed under every noise, and measures what a rendering by hand gives', async () => {
  const out = join(scratch, 'both');
  const result = await compareSeeds(model, video, { ...request, noise: ['fixed', 'per-frame'], out });
  expect(result.cells.map((cell) => [cell.seed, cell.noise, cell.video])).toEqual([
    [7, 'fixed', join(out, 'seed-7-fixed.mp4')],
    [8, 'fixed', join(out, 'seed-8-fixed.mp4')],
    [7, 'per-frame', join(out, 'seed-7-per-frame.mp4')],
    [8, 'per-frame', join(out, 'seed-8-per-frame.mp4')],
  ]);
  // Frame by frame: with noise per frame, frame i has the fixed noise of seed + i.
  const source = await openVideo(video, { size: { width: 32, height: 32 } });
  const rendered: Frame[] = [];
  for (let i = 0; i < 3; i++) {
    let index = 0;
    for await (const frame of restyle(model, source.frames(), { ...request, seed: 7 + i })) {
      if (index++ === i) rendered.push(frame);
    }
  }
  const { output } = await metrics(source.frames(), rendered);
  expect(result.cells[2].metrics).toEqual(output.means);
});

it('names the cells by their seed alone where there is one noise, and plans them', async () => {
  const plan = await planCompareSeeds(model, video, request);
  expect(plan.cells.map(({ label }) => label)).toEqual(['seed 7', 'seed 8']);
  const both = await planCompareSeeds(model, video, { ...request, noise: ['per-frame'] });
  expect(both.cells.map(({ label }) => label)).toEqual(['seed 7, per-frame noise', 'seed 8, per-frame noise']);
});

it('renders with noise that moves with the picture, and an interrupted one to the same bits', async () => {
  const warped = { ...request, seeds: [7], noise: ['warped'] as const, batch: 2 };
  const whole = await compareSeeds(model, video, { ...warped, out: join(scratch, 'warped') });
  expect(whole.cells.map(({ video: path }) => path)).toEqual([join(scratch, 'warped', 'seed-7-warped.mp4')]);
  const source = await openVideo(video, { size: { width: 32, height: 32 } });
  const byHand = restyle(model, source.frames(), { ...request, seed: 7, noise: 'warped', batch: 2 });
  const { output } = await metrics(source.frames(), byHand);
  expect(whole.cells[0].metrics).toEqual(output.means);

  const out = join(scratch, 'interrupted');
  for (const label of ['moving noise', 'denoising seed 7, warped noise']) {
    const controller = new AbortController();
    const onProgress = (progress: Progress): void => {
      if (progress.label === label && progress.done >= 2) controller.abort(new Error('enough'));
    };
    const { signal } = controller;
    await expect(compareSeeds(model, video, { ...warped, out, resume: true, onProgress, signal })).rejects.toThrow(
      'enough',
    );
  }
  const continued = await compareSeeds(model, video, { ...warped, out, resume: true });
  expect(await sha256File(continued.cells[0].video)).toBe(await sha256File(whole.cells[0].video));
});
