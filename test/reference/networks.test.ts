// The networks compared with PyTorch for the same weights (../shared/reference), from the folder and the single file.

import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { loadModel, type Model } from '../../src/lib/models/model.js';
import type { Tensor } from '../../src/lib/tensor/tensor.js';
import { expectedTensors, hasPack, packNote, packPath, relativeError } from './pack.js';

const CHECKPOINTS = [
  { name: 'sd1', variant: 'sd1', path: packPath('sd1'), options: {} },
  { name: 'sd2', variant: 'sd2', path: packPath('sd2'), options: {} },
  {
    name: "sd1 with Winograd's convolutions",
    variant: 'sd1',
    path: packPath('sd1'),
    options: {},
    winograd: 'everywhere',
  },
  {
    name: "sd2 with Winograd's convolutions",
    variant: 'sd2',
    path: packPath('sd2'),
    options: {},
    winograd: 'everywhere',
  },
  {
    name: 'sd1 single file',
    variant: 'sd1',
    path: packPath('sd1', 'single-file.safetensors'),
    options: { config: packPath('sd1') },
  },
];
const BOUND = 2e-5;

describe.skipIf(!hasPack).each(CHECKPOINTS)(
  `$name agrees with PyTorch${packNote}`,
  ({ variant, path, options, winograd }) => {
    let model: Model;
    let expected: Record<string, Tensor<'float32'>>;
    beforeAll(async () => {
      // Read when a network is first used.
      vi.stubEnv('STEADYFRAME_WINOGRAD', winograd);
      model = await loadModel(path, { ...options, device: 'cpu' });
      expected = (await expectedTensors(variant)) as Record<string, Tensor<'float32'>>;
    });
    afterAll(async () => {
      vi.unstubAllEnvs();
      await model.dispose();
    });

    test('hidden states of the text encoder', async () => {
      const prompts = ['', 'a', 'a abstract painting of a cyberpunk city night, tron robotic, trending on artstation'];
      const hidden = await model.encodeText(prompts);
      expect(hidden.shape).toEqual(expected['text.last_hidden_state'].shape);
      expect(relativeError(hidden.data, expected['text.last_hidden_state'].data)).toBeLessThan(BOUND);
    });

    test('posterior of the VAE', async () => {
      const { mean, logvar } = await model.encodeImage(expected['vae.image']);
      expect(relativeError(mean.data, expected['vae.mean'].data)).toBeLessThan(BOUND);
      expect(relativeError(logvar.data, expected['vae.logvar'].data)).toBeLessThan(BOUND);
    });

    test('decoded latents', async () => {
      const image = await model.decodeLatent(expected['vae.latent']);
      expect(image.shape).toEqual(expected['vae.decoded'].shape);
      expect(relativeError(image.data, expected['vae.decoded'].data)).toBeLessThan(BOUND);
    });

    test('prediction of the UNet, on sides that do not halve evenly', async () => {
      const { 'unet.sample': sample, 'unet.timestep': timesteps, 'text.last_hidden_state': context } = expected;
      const output = await model.predict(sample, timesteps, context);
      expect(output.shape).toEqual(expected['unet.out'].shape);
      expect(relativeError(output.data, expected['unet.out'].data)).toBeLessThan(BOUND);
    });
  },
);

describe.skipIf(!hasPack).each(['sd1', 'sd2'])(`%s with low-rank updates agrees with PyTorch${packNote}`, (variant) => {
  test.each(['lora.safetensors', 'lora-kohya.safetensors'])('%s', async (file) => {
    const warnings: string[] = [];
    const model = await loadModel(packPath(variant), {
      device: 'cpu',
      loras: [{ file: packPath(variant, file) }],
      onWarning: (message) => warnings.push(message),
    });
    const expected = (await expectedTensors(variant, 'lora_expected.safetensors')) as Record<string, Tensor<'float32'>>;
    const output = await model.predict(expected['unet.sample'], expected['unet.timestep'], expected['unet.context']);
    expect(relativeError(output.data, expected['unet.out'].data)).toBeLessThan(BOUND);
    expect(warnings).toEqual([]);
    await model.dispose();
  });

  test('two files at half their scale each are one', async () => {
    const file = packPath(variant, 'lora.safetensors');
    const kohya = packPath(variant, 'lora-kohya.safetensors');
    const model = await loadModel(packPath(variant), {
      device: 'cpu',
      loras: [
        { file, scale: 0.5 },
        { file: kohya, scale: 0.5 },
      ],
    });
    const expected = (await expectedTensors(variant, 'lora_expected.safetensors')) as Record<string, Tensor<'float32'>>;
    const output = await model.predict(expected['unet.sample'], expected['unet.timestep'], expected['unet.context']);
    expect(relativeError(output.data, expected['unet.out'].data)).toBeLessThan(BOUND);
    await model.dispose();
  });
});
