// Restyling a stream of frames on a checkpoint of random weights: batches, noise, guidance, and latents that turn NaN.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { img2img, textToImage } from '../../src/lib/diffusion/img2img.js';
import { encodeFrame, type RestyleOptions, restyle } from '../../src/lib/diffusion/restyle.js';
import { writeRandomCheckpoint } from '../../src/lib/models/checkpoint/random-checkpoint.js';
import { loadModel, type Model } from '../../src/lib/models/model.js';
import type { Frame } from '../../src/lib/tensor/frame.js';
import { randn } from '../../src/lib/tensor/randn.js';
import { type Tensor, tensor } from '../../src/lib/tensor/tensor.js';

let folder: string;
let model: Model;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'steadyframe-restyle-'));
  await writeRandomCheckpoint(join(folder, 'checkpoint'), { seed: 3 });
  model = await loadModel(join(folder, 'checkpoint'), { device: 'cpu' });
});
afterAll(async () => {
  await model.dispose();
  rmSync(folder, { recursive: true });
});

const PROMPT = 'a cyberpunk city';
const picture = (t: number, side = 32): Frame => ({
  width: side,
  height: side,
  data: Uint8Array.from({ length: 3 * side * side }, (_, i) => (i * 7 + 40 * t) % 256),
});

async function restyled(count: number, options: Partial<RestyleOptions>): Promise<Frame[]> {
  const source = async function* () {
    for (let t = 0; t < count; t++) yield picture(t);
  };
  const frames: Frame[] = [];
  const settings = { prompt: PROMPT, strength: 0.6, steps: 5, ...options };
  for await (const frame of restyle(model, source(), settings)) frames.push(frame);
  return frames;
}

const largestDifference = (a: Frame, b: Frame): number =>
  Math.max(...a.data.map((value, i) => Math.abs(value - b.data[i])));

test('a batch gives the same pictures as one frame at a time, a part-filled one included', async () => {
  const single = await restyled(5, { batch: 1 });
  for (const batch of [2, 3]) {
    const batched = await restyled(5, { batch });
    expect(batched).toHaveLength(5);
    batched.forEach((frame, t) => {
      expect(largestDifference(frame, single[t])).toBeLessThanOrEqual(1);
    });
  }
});

test('a signal stops between two steps, with its reason', async () => {
  const controller = new AbortController();
  const steps: number[][] = [];
  const onStep: RestyleOptions['onStep'] = ({ frame, step }) => {
    steps.push([frame, step]);
    if (frame === 1 && step === 2) controller.abort(new Error('enough'));
  };
  const { signal } = controller;
  await expect(restyled(3, { signal, onStep })).rejects.toThrow('enough');
  expect(steps).toEqual([
    [0, 1],
    [0, 2],
    [0, 3],
    [1, 1],
    [1, 2],
  ]); // strength 0.6 of 5 steps are 3
  await expect(restyled(3, { signal, onStep })).rejects.toThrow('enough');
  expect(steps).toHaveLength(5);
});

test('the prompts of a video are encoded once', async () => {
  let encoded = 0;
  const counting: Model = {
    ...model,
    encodeText: (prompts) => {
      encoded++;
      return model.encodeText(prompts);
    },
  };
  const source = async function* () {
    for (let t = 0; t < 3; t++) yield picture(t);
  };
  const settings = { prompt: PROMPT, strength: 0.6, steps: 2 };
  for await (const _ of restyle(counting, source(), settings));
  expect(encoded).toBe(1);
  for await (const _ of restyle(counting, source(), { ...settings, prompt: 'another' }));
  expect(encoded).toBe(2);
});

test('the same settings give the same bits, another seed another picture', async () => {
  const [first, again, other] = [await restyled(1, {}), await restyled(1, {}), await restyled(1, { seed: 43 })];
  expect(first[0].data).toEqual(again[0].data);
  expect(largestDifference(first[0], other[0])).toBeGreaterThan(8);
});

test('per-frame noise: frame i has the noise of seed + i', async () => {
  const perFrame = await restyled(3, { noise: 'per-frame', seed: 10, batch: 2 });
  const fixed = await restyled(3, { seed: 12 });
  expect(largestDifference(perFrame[2], fixed[2])).toBeLessThanOrEqual(1);
  expect(largestDifference(perFrame[0], fixed[0])).toBeGreaterThan(8);
});

test('guidance 1 does not need the negative prompt, guidance 0 is the negative prompt', async () => {
  const latent = await encodeFrame(model, picture(0));
  const noise = randn(1, latent.shape);
  const last = async (options: { prompt: string; negativePrompt?: string; guidanceScale: number }): Promise<Tensor> => {
    let result: Tensor = latent;
    for await (const step of img2img(model, { latent, noise, strength: 0.6, steps: 5, ...options }))
      result = step.latent;
    return result;
  };
  const plain = await last({ prompt: 'a', guidanceScale: 1 });
  expect((await last({ prompt: 'a', negativePrompt: 'b', guidanceScale: 1 })).data).toEqual(plain.data);
  const negative = await last({ prompt: 'b', negativePrompt: 'a', guidanceScale: 0 });
  negative.data.forEach((value, i) => {
    expect(Math.abs(Number(value) - Number(plain.data[i]))).toBeLessThan(1e-4);
  });
});

test('text to image is image to image at strength 1 without the picture', async () => {
  const noise = randn(5, [1, 4, 4, 4]);
  const zero = tensor('float32', noise.shape, new Float32Array(noise.data.length));
  const timesteps: number[][] = [[], []];
  let made = zero;
  for await (const step of textToImage(model, { prompt: PROMPT, noise, steps: 4, sampler: 'euler' })) {
    timesteps[0].push(step.timestep);
    made = step.latent;
  }
  for await (const step of img2img(model, {
    prompt: PROMPT,
    latent: zero,
    noise,
    strength: 1,
    steps: 4,
    sampler: 'euler',
  })) {
    timesteps[1].push(step.timestep);
    if (timesteps[1].length === 4) {
      step.latent.data.forEach((value, i) => {
        expect(Math.abs(value - made.data[i])).toBeLessThan(1e-4);
      });
    }
  }
  expect(timesteps[0]).toEqual(timesteps[1]);
});

test('frames that do not fit the model and noise of another shape are refused', async () => {
  await expect(encodeFrame(model, picture(0, 36))).rejects.toThrow('36x36 is not a multiple of 8 on both sides');
  const latent = await encodeFrame(model, picture(0));
  const steps = img2img(model, { latent, noise: randn(1, [1, 4, 2, 2]), prompt: PROMPT, strength: 0.5 });
  await expect(steps.next()).rejects.toThrow('noise [1, 4, 2, 2] does not fit latents [1, 4, 4, 4]');
});

test('NaN latents stop the run and name frame and step', async () => {
  const broken: Model = {
    ...model,
    async predict(sample, timesteps, context) {
      const output = await model.predict(sample, timesteps, context);
      // Rows under guidance: two frames with the negative prompt, then the same two with the prompt.
      if (timesteps.data[0] === 201) output.data[output.data.length - 1] = Number.NaN;
      return output;
    },
  };
  const source = async function* () {
    for (let t = 0; t < 4; t++) yield picture(t);
  };
  const run = async () => {
    for await (const _ of restyle(broken, source(), { prompt: PROMPT, strength: 0.6, steps: 5, batch: 2 }));
  };
  await expect(run()).rejects.toThrow(/^frame 1: the network's prediction is not finite .* step 2 of 3, timestep 201/);
});
