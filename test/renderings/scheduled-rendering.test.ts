// Settings that change with time, in renderings: each frame is what it would be under its own settings alone, all frames or
// keyframes only, and wherever a rendering is interrupted.

import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { guidedPrediction } from '../../src/lib/diffusion/guided-prediction.js';
import { type RestyleOptions, restyle } from '../../src/lib/diffusion/restyle.js';
import { restyleKeyframes } from '../../src/lib/diffusion/restyle-keyframes.js';
import { loadModel, type Model } from '../../src/lib/models/model.js';
import type { UNetInputs } from '../../src/lib/models/networks/run-unet.js';
import { type StrengthSweepOptions, strengthSweep } from '../../src/lib/renderings/strength-sweep.js';
import type { Frame } from '../../src/lib/tensor/frame.js';
import { tensor } from '../../src/lib/tensor/tensor.js';
import { openVideo } from '../../src/lib/video/read/open-video.js';
import { hashes, scratchFolder, shot, smallestCheckpoint } from '../sweeps/tiny.js';

const scratch = scratchFolder();
const size = { width: 32, height: 32 };
/** Frames are a tenth of a second apart. */
const FRAMES = 6;
const own = { prompt: 'a street', steps: 4, guidanceScale: 3 };
let model: Model;
let video: string;
beforeAll(async () => {
  model = await loadModel(await smallestCheckpoint(scratch));
  video = await shot(scratch, 'street', { frames: FRAMES });
});
afterAll(() => model.dispose());

async function rendered(options: RestyleOptions): Promise<Frame[]> {
  const all: Frame[] = [];
  for await (const frame of restyle(model, await openVideo(video, { size }), options)) all.push(frame);
  return all;
}

describe('the context of a row', () => {
  test('is the mean of the two keys around its time, weighted by the distance', async () => {
    const seen: UNetInputs[] = [];
    const predict = await guidedPrediction(
      model,
      { ...own, prompt: '0s: a street; 1s: night', negativePrompt: 'blur', times: [0, 0.25, 1, 7] },
      { shape: [4, 4, 4, 4], plan: { timesteps: Float64Array.of(1) } },
      async (inputs) => {
        seen.push(inputs);
        return inputs.sample;
      },
    );
    await predict(new Float32Array(256), 1);
    const texts = await model.encodeText(['blur', 'a street', 'night']);
    const size = texts.data.length / 3;
    const [blur, street, night] = [0, 1, 2].map((i) => texts.data.subarray(i * size, (i + 1) * size));
    const mixed = street.map((value, i) => 0.75 * value + 0.25 * night[i]);
    const rows = [blur, blur, blur, blur, street, mixed, night, night];
    const wanted = new Float32Array(8 * size);
    for (const [i, row] of rows.entries()) wanted.set(row, i * size);
    expect(seen[0].context).toEqual(tensor('float32', [8, ...texts.shape.slice(1)], wanted));
  });

  test('needs times', async () => {
    const run = { shape: [1, 4, 4, 4], plan: { timesteps: Float64Array.of(1) } };
    await expect(guidedPrediction(model, { ...own, guidanceSchedule: '0s: 1; 1s: 2' }, run)).rejects.toThrow(
      'a setting changes with time; give the times of the rows, in seconds',
    );
  });
});

test('each frame has the strength of its time, whatever else is in its batch', async () => {
  // 1, 1, 2, 2, 3, 3 of four steps.
  const strengths = [0.25, 0.375, 0.5, 0.625, 0.75, 0.875];
  const strengthSchedule = '0s: 0.25; 0.5s: 0.875';
  const alone: Frame[] = [];
  for (const [i, strength] of strengths.entries()) alone.push((await rendered({ ...own, strength }))[i]);
  expect(await rendered({ ...own, strength: 1, strengthSchedule })).toEqual(alone);
  // Batches of four rows hold two frames each; the others repeat the last.
  const executed: [number, number, number][] = [];
  const onStep: RestyleOptions['onStep'] = ({ frame, frames, step }) => executed.push([frame, frames, step]);
  expect(await rendered({ ...own, strength: 1, strengthSchedule, batch: 2, onStep })).toEqual(alone);
  expect(executed).toEqual([
    ...[[0, 2, 1] as const],
    ...[[2, 2, 1] as const, [2, 2, 2] as const],
    ...[[4, 2, 1] as const, [4, 2, 2] as const, [4, 2, 3] as const],
  ]);
  expect(await rendered({ ...own, strength: 1, strengthSchedule, batch: 6 })).toEqual(alone);
});

test('each frame has the guidance and the prompt of its time', async () => {
  const guided = await rendered({ ...own, strength: 0.5, guidanceSchedule: '0.1s: 1; 0.4s: 7' });
  for (const [i, guidanceScale] of [1, 1, 3, 5, 7, 7].entries()) {
    expect(guided[i]).toEqual((await rendered({ ...own, strength: 0.5, guidanceScale }))[i]);
  }
  const prompt = '0.2s: a street; 0.4s: night';
  const said = await rendered({ ...own, strength: 0.75, prompt });
  const [day, night] = [
    await rendered({ ...own, strength: 0.75 }),
    await rendered({ ...own, strength: 0.75, prompt: 'night' }),
  ];
  expect([...said.slice(0, 3), ...said.slice(4)]).toEqual([...day.slice(0, 3), ...night.slice(4)]);
  expect(said[3]).not.toEqual(day[3]);
  expect(said[3]).not.toEqual(night[3]);
});

test('keyframes have the settings of their times', async () => {
  const scheduled = { ...own, prompt: '0s: a street; 0.3s: night', strength: 1, strengthSchedule: '0s: 0.25; 0.5s: 1' };
  const keys = { keyEvery: 3, newShare: 1, batch: 2 };
  const all = await rendered({ ...scheduled, batch: 2 });
  const steady: Frame[] = [];
  for await (const frame of restyleKeyframes(model, await openVideo(video, { size }), { ...scheduled, ...keys })) {
    steady.push(frame);
  }
  for (const key of [0, 3, 5]) expect(steady[key]).toEqual(all[key]);
});

test.each([false, true])(
  'a comparison goes on after an interruption to the same bytes (steady: %s)',
  async (steady) => {
    const request: StrengthSweepOptions = {
      ...{ ...own, prompt: '0s: a street; 0.4s: night', strengthSchedule: '0s: 0.25; 0.5s: 1', batch: 2 },
      ...{ size, track: false, steady, keyEvery: 2, newShare: 1 },
    };
    const whole = await strengthSweep(model, video, { ...request, out: join(scratch, `whole-${steady}`) });
    expect(whole.cells).toMatchObject([
      { label: `strength 0s: 0.25; 0.5s: 1${steady ? ', steady' : ''}`, strength: 1 },
    ]);
    const stop = new AbortController();
    const out = join(scratch, `stopped-${steady}`);
    let steps = 0;
    const stopping = strengthSweep(model, video, {
      ...{ ...request, out, signal: stop.signal },
      onProgress({ phase, done }) {
        if (phase === 'denoising' && done > 0 && ++steps === 3) stop.abort(new Error('stopped'));
      },
    });
    await expect(stopping).rejects.toThrow('stopped');
    await strengthSweep(model, video, { ...request, out, resume: true });
    expect(hashes(out)).toEqual(hashes(whole.out));
  },
);

test('refuses what has no meaning', async () => {
  const bad = async (more: object) => strengthSweep(model, video, { ...own, size, track: false, ...more });
  const schedule = '0s: 0.3; 1s: 0.6';
  await expect(bad({ strengthSchedule: schedule, strengths: [0.5] })).rejects.toThrow(/both a list and a schedule/);
  await expect(bad({ strengthSchedule: '0s: 0.3; 1s: 1.6' })).rejects.toThrow(/strength: 1.6 is outside \(0, 1\]/);
  await expect(bad({ strengthSchedule: '0s: 0.1; 1s: 1' })).rejects.toThrow(/0.1 runs none of 4 steps/);
  await expect(bad({ guidanceSchedule: '0s: -1' })).rejects.toThrow(/guidance scale: -1/);
  await expect(bad({ strengthSchedule: schedule, anchor: 'first-previous' })).rejects.toThrow(
    /anchor: frames are rendered together under one prompt and one strength/,
  );
});
