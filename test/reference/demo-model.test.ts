// The demo model in transformers and diffusers: the same tokens, and the same outputs of all three networks.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadModel } from '../../src/lib/models/model.js';
import { randn } from '../../src/lib/tensor/randn.js';
import { readSafetensors, writeSafetensors } from '../../src/lib/tensor/safetensors.js';
import { type Tensor, tensor } from '../../src/lib/tensor/tensor.js';
import { relativeError } from './pack.js';
import { askPython, hasPython, pythonNote } from './python.js';

const PROMPTS = ['a cyberpunk neon painting of a city street at night with a red car', '', 'A giraffe, in FOG!'];

describe.skipIf(!hasPython)(`the demo model in diffusers${pythonNote}`, () => {
  test('gives the same tokens, contexts, predictions and pictures', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'steadyframe-demo-'));
    const model = await loadModel('models/demo', { device: 'cpu' });
    try {
      const sample = randn(1, [PROMPTS.length, 4, 32, 32]);
      const timesteps = tensor('float32', [PROMPTS.length], Float32Array.of(421, 21, 801));
      const [inputs, out] = ['inputs', 'out'].map((name) => join(folder, `${name}.safetensors`));
      await writeSafetensors(inputs, { sample, timesteps });
      askPython('demo_model_peer.py', { model: 'models/demo', prompts: PROMPTS, inputs, out });
      const expected = (await readSafetensors(out)) as Record<string, Tensor<'float32'>>;
      const ids = PROMPTS.flatMap((prompt) => [...model.tokenize(prompt)]);
      expect(ids).toEqual([...expected.ids.data]);
      const hidden = await model.encodeText(PROMPTS);
      const scale = model.config.vae.scalingFactor;
      const latent = { ...sample, data: sample.data.map((value) => value / scale) };
      const found = {
        hidden,
        output: await model.predict(sample, timesteps, hidden),
        picture: await model.decodeLatent(latent),
      };
      for (const [name, { shape, data }] of Object.entries(found)) {
        expect(shape).toEqual(expected[name].shape);
        expect(relativeError(data, expected[name].data), name).toBeLessThan(2e-5);
      }
    } finally {
      await model.dispose();
      rmSync(folder, { recursive: true });
    }
  });
});
