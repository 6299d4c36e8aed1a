// The committed demo model: its size, its tokenizer, its reconstruction error; and the whole experiment at a small scale.

import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { mean } from '../../src/lib/base/mean.js';
import { decodeFrame, encodeFrame } from '../../src/lib/diffusion/restyle.js';
import { compareFrames } from '../../src/lib/metrics/pixels.js';
import { loadModel, type Model } from '../../src/lib/models/model.js';
import { networkWeights } from '../../src/lib/models/networks/network-weights.js';
import { clipTokenizer } from '../../src/lib/models/text/tokenizer.js';
import { openBundledShot } from '../../src/lib/recipe/bundled-shot.js';
import { DEMO_TRAINING } from '../../src/lib/recipe/presets.js';
import { runRecipe } from '../../src/lib/recipe/run-recipe.js';
import type { Frame } from '../../src/lib/tensor/frame.js';
import { sizeOf } from '../../src/lib/tensor/tensor.js';
import { openVideo } from '../../src/lib/video/read/open-video.js';
import { HELD_OUT_SHOTS, shotFrames } from '../../src/lib/world/held-out-shots.js';
import { CAPTION_WORDS } from '../../src/lib/world/sampling/captions.js';

const DEMO = 'models/demo';
let model: Model;
let folder: string;

beforeAll(async () => {
  model = await loadModel(DEMO, { device: 'cpu' });
  folder = mkdtempSync(join(tmpdir(), 'steadyframe-demo-'));
});
afterAll(async () => {
  await model.dispose();
  rmSync(folder, { recursive: true });
});

/** All frames of a video. */
async function collected(frames: AsyncIterable<Frame>): Promise<Frame[]> {
  const all: Frame[] = [];
  for await (const frame of frames) all.push(frame);
  return all;
}

/** Mean of mean |VAE round trip - truth| over the frames, 0..255. */
async function roundTripError(frames: readonly Frame[], truths: readonly Frame[]): Promise<number> {
  const errors: number[] = [];
  for (const [i, frame] of frames.entries()) {
    errors.push(compareFrames(await decodeFrame(model, await encodeFrame(model, frame)), truths[i]).absolute);
  }
  return mean(errors);
}

test('at most 10 million weights, 20 MB of files, and 8 MB for the ControlNet', () => {
  const shapes = Object.values(networkWeights(model.config)).flatMap((part) => [...part.values()]);
  expect(shapes.reduce((sum, shape) => sum + sizeOf(shape), 0)).toBeLessThanOrEqual(10e6);
  const files = readdirSync(DEMO, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const control = ({ parentPath }: (typeof files)[number]): boolean => parentPath.endsWith('controlnet-edges');
  const bytes = (some: typeof files): number =>
    some.reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0);
  expect(bytes(files.filter((file) => !control(file)))).toBeLessThanOrEqual(20e6);
  expect(bytes(files.filter(control))).toBeLessThanOrEqual(8e6);
});

test('every word of the captions is one it knows whole, as CLIP does', () => {
  const whole = clipTokenizer();
  const tokens = (ids: Int32Array, end: number) => ids.indexOf(end) - 1;
  for (const word of CAPTION_WORDS) {
    const ids = model.tokenize(word);
    const end = model.checkpoint.tokenizer.endId;
    expect(tokens(ids, end)).toBe(tokens(whole.encode(word).ids, whole.endId));
  }
});

test('frames of the held-out shots come through the autoencoder', async () => {
  for (const shot of HELD_OUT_SHOTS) {
    for await (const frame of shotFrames(shot, 'photo', { frames: 1 })) {
      const { squared } = compareFrames(await decodeFrame(model, await encodeFrame(model, frame)), frame);
      // 24 dB; the model card has its average.
      expect(10 * Math.log10(255 ** 2 / squared)).toBeGreaterThan(23);
    }
  }
});

test('the whole experiment on a few frames: renderings, finetuning, numbers, report; and continuing it does nothing', async () => {
  const shot = await openBundledShot('red-car-curve', { style: 'neon', frames: 3, cache: folder });
  const out = join(folder, 'experiment');
  const options = {
    out,
    ...(shot.truth && { truth: shot.truth }),
    prompts: ['a cyberpunk neon painting of a city street at night'],
    strengths: [0.45, 0.75],
    guidanceScale: 3,
    steps: 4,
    frames: 3,
    batch: 3,
    proposals: { strengths: [0.75], seeds: [42, 43] },
    tuned: [
      {
        name: 'finetuned',
        label: 'finetuned',
        edits: 'picked' as const,
        training: { ...DEMO_TRAINING, iterations: 3, batch: 2, heldAsidePrompts: [] },
        guidance: [1],
      },
    ],
    onWarning: () => {},
  };
  const { result, report } = await runRecipe(model, shot.path, options);
  expect(result.arms.map(({ name }) => name)).toEqual([
    'round-trip',
    'flow-median',
    'truth',
    'plain-0.45',
    'plain-0.75',
    'finetuned',
  ]);
  for (const { video, metrics } of result.arms) {
    expect(existsSync(join(out, video))).toBe(true);
    expect(metrics.edit_strength).toBeGreaterThan(0);
  }
  // The truth equals itself; the floor of any edit, and the error without an edit, follow from round trips.
  const errors = new Map(result.arms.map(({ name, truth }) => [name, truth!.truthError]));
  const truths = await collected(shot.truth!.frames());
  const source = await collected((await openVideo(shot.path, { frames: 3 })).frames());
  expect(errors.get('truth')).toBe(0);
  expect(result.truthFloor).toBeCloseTo(await roundTripError(truths, truths), 9);
  expect(errors.get('round-trip')).toBeCloseTo(await roundTripError(source, truths), 9);
  for (const name of ['plain-0.45', 'plain-0.75', 'finetuned']) {
    expect(errors.get(name), name).toBeGreaterThan(result.truthFloor!);
  }
  expect(result.claims).toHaveLength(4);
  expect(result.editedFrame.proposals.filter(({ chosen }) => chosen)).toHaveLength(1);
  expect(result.trainings[0].losses).toHaveLength(3);
  expect(readFileSync(report, 'utf8')).toContain('The picture that decides');
  for (const name of ['grid.mp4', 'grid.webp', 'curves.csv', 'result.json'])
    expect(existsSync(join(out, name))).toBe(true);
  const again = await runRecipe(model, shot.path, { ...options, resume: true });
  expect(again.result).toEqual(JSON.parse(JSON.stringify(result)));
  await expect(runRecipe(model, shot.path, { ...options, resume: true, steps: 12 })).rejects.toThrow('steps');
});
