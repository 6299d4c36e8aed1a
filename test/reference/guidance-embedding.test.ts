// Networks that take the guidance scale as an input, against diffusers: single passes, and a trajectory of LCM's sampler. All
// weights, latents and noises are from seeds.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { img2img } from '../../src/lib/diffusion/img2img.js';
import { textConfig, vaeConfig } from '../../src/lib/models/config/components.js';
import { unetConfig } from '../../src/lib/models/config/unet.js';
import { loadModel, type Model } from '../../src/lib/models/model.js';
import { networkWeights } from '../../src/lib/models/networks/network-weights.js';
import { randn } from '../../src/lib/tensor/randn.js';
import { readSafetensors, writeSafetensors } from '../../src/lib/tensor/safetensors.js';
import { sizeOf, type Tensor, tensor } from '../../src/lib/tensor/tensor.js';
import { finetune } from '../../src/lib/training/finetune/finetune.js';
import { TINY, tinyWeights, writeConfigs, writeFolder } from '../models/tiny-checkpoint.js';
import { relativeError } from './pack.js';
import { askPython, hasPython } from './python.js';

const FIXTURE = 'test/reference/fixtures/guidance-embedding.safetensors';
const UNET = { ...TINY.unet, time_cond_proj_dim: 32 };
const SCHEDULER = {
  _class_name: 'LCMScheduler',
  beta_start: 0.00085,
  beta_end: 0.012,
  beta_schedule: 'scaled_linear',
  steps_offset: 1,
};
const SHAPE = [2, 4, 8, 8];
const RUN = { scale: 8, steps: 4, strength: 1 };
const PROMPT = 'a city by night';

const scratch = mkdtempSync(join(tmpdir(), 'steadyframe-guidance-'));
const latent = randn(1, SHAPE);
const noise = randn(2, SHAPE);
const stepNoise = [3, 4, 5].map((seed) => randn(seed, SHAPE));
let model: Model;
let context: Tensor<'float32'>;
let expected: Record<string, Tensor<'float32'>>;

/** Weights of a network through which everything passes: none of a training's zeros. */
function weight(name: string, shape: readonly number[], seed: number): Tensor<'float32'> {
  const { data } = randn(100 + seed, shape);
  const isScale = shape.length === 1 && name.endsWith('weight');
  const size = shape.length > 1 ? Math.sqrt(shape[0] / sizeOf(shape)) : 0.1;
  return tensor(
    'float32',
    shape,
    data.map((value) => size * value + Number(isScale)),
  );
}

beforeAll(async () => {
  const { vae, text } = TINY;
  const shapes = networkWeights({
    ...{ unet: unetConfig(UNET, 'unet'), vae: vaeConfig(vae, 'vae'), text: textConfig(text, 'text') },
  });
  const folder = await writeFolder(join(scratch, 'model'), {
    ...tinyWeights(),
    unet: Object.fromEntries([...shapes.unet].map(([name, shape], i) => [name, weight(name, shape, i)])),
  });
  writeConfigs(folder, { unet: UNET, scheduler: SCHEDULER });
  model = await loadModel(folder, { device: 'cpu' });
  const one = await model.encodeText([PROMPT]);
  context = tensor('float32', [2, ...one.shape.slice(1)], Float32Array.from([...one.data, ...one.data]));
  if (hasPython) {
    const [inputs, out] = ['inputs', 'out'].map((name) => join(scratch, `${name}.safetensors`));
    const noises = Object.fromEntries(stepNoise.map((each, i) => [`step noise ${i}`, each]));
    await writeSafetensors(inputs, { latent, noise, context, ...noises });
    askPython('guidance_embedding_peer.py', { ...RUN, unet: join(folder, 'unet'), scheduler: SCHEDULER, inputs, out });
    expected = (await readSafetensors(out)) as typeof expected;
    if (process.env.RENEW_FIXTURES) await writeSafetensors(FIXTURE, expected);
  } else expected = (await readSafetensors(FIXTURE)) as typeof expected;
});
afterAll(async () => {
  await model.dispose();
  rmSync(scratch, { recursive: true });
});

describe('a network that takes the guidance scale as an input', () => {
  test('agrees with diffusers in one pass, with a scale and without one', async () => {
    const timesteps = tensor('int32', [2], Int32Array.of(421, 421));
    const guidance = [RUN.scale, RUN.scale];
    const guided = await model.predict(latent, timesteps, context, { guidance });
    const unguided = await model.predict(latent, timesteps, context);
    expect(relativeError(guided.data, expected.guided.data)).toBeLessThan(2e-5);
    expect(relativeError(unguided.data, expected.unguided.data)).toBeLessThan(2e-5);
    expect(relativeError(guided.data, unguided.data)).toBeGreaterThan(0.01);
  });

  test('agrees with diffusers along a trajectory, one pass a step', async () => {
    const timesteps: number[] = [];
    let last = latent;
    const { steps, strength, scale: guidanceScale } = RUN;
    const own = { prompt: PROMPT, sampler: 'lcm', steps, strength, guidanceScale, stepNoise } as const;
    for await (const step of img2img(model, { ...own, latent, noise })) {
      timesteps.push(step.timestep);
      last = step.latent;
    }
    expect(timesteps).toEqual([...expected.timesteps.data]);
    expect(relativeError(last.data, expected.latent.data)).toBeLessThan(1e-4);
  });

  test('a batch may have different scales, each row as alone', async () => {
    const timesteps = tensor('int32', [2], Int32Array.of(421, 421));
    const both = await model.predict(latent, timesteps, context, { guidance: [RUN.scale, 2] });
    const row = both.data.length / 2;
    expect(relativeError(both.data.subarray(0, row), expected.guided.data.subarray(0, row))).toBeLessThan(2e-5);
    expect(relativeError(both.data.subarray(row), expected.guided.data.subarray(row))).toBeGreaterThan(0.01);
  });

  test('refuses what has no meaning for it', async () => {
    const own = { prompt: PROMPT, latent, noise, strength: 1, steps: 2 };
    const negative = img2img(model, { ...own, negativePrompt: 'blurred' });
    await expect(negative.next()).rejects.toThrow('negative prompt: this model takes the guidance scale as an input');
    const frames = [{ width: 16, height: 16, data: new Uint8Array(768) }];
    const tuned = finetune(model, frames, { edits: [], out: join(scratch, 'tuned'), track: false });
    await expect(tuned).rejects.toThrow('was distilled to take the guidance scale as an input');
  });
});
