// The tiny autoencoder in place of a checkpoint's own, compared with diffusers' AutoencoderTiny.

import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadModel, type Model } from '../../src/lib/models/model.js';
import type { Tensor } from '../../src/lib/tensor/tensor.js';
import { expectedTensors, hasMore, packNote, packPath, relativeError } from './pack.js';

const folder = (): string => packPath('more', 'tiny', 'vae');

describe.skipIf(!hasMore)(`the tiny autoencoder agrees with diffusers${packNote}`, () => {
  let model: Model;
  let expected: Record<string, Tensor<'float32'>>;
  beforeAll(async () => {
    model = await loadModel(packPath('sd1'), { device: 'cpu', vae: folder() });
    expected = (await expectedTensors('more', 'tiny/expected.safetensors')) as typeof expected;
  });
  afterAll(() => model?.dispose());

  test('encoding, without a posterior and a scale', async () => {
    const { mean, logvar } = await model.encodeImage(expected.image);
    expect(mean.shape).toEqual(expected.latent.shape);
    expect(relativeError(mean.data, expected.latent.data)).toBeLessThan(2e-5);
    expect(new Set(logvar.data)).toEqual(new Set([-30]));
    expect(model.config.vae.scalingFactor).toBe(1);
  });

  test('decoding', async () => {
    const image = await model.decodeLatent(expected.z);
    expect(image.shape).toEqual(expected.decoded.shape);
    expect(relativeError(image.data, expected.decoded.data)).toBeLessThan(2e-5);
  });

  test('its file alone, with its configuration beside it', async () => {
    const file = join(folder(), 'diffusion_pytorch_model.safetensors');
    const other = await loadModel(packPath('sd1'), { device: 'cpu', vae: file });
    expect((await other.decodeLatent(expected.z)).data).toEqual((await model.decodeLatent(expected.z)).data);
    await other.dispose();
  });
});
