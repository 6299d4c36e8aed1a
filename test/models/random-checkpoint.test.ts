// Checkpoints of random weights: reproducible by seed, valid, and optionally of the published size.

import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkpointShapes, writeRandomCheckpoint } from '../../src/lib/models/checkpoint/random-checkpoint.js';
import { loadModel } from '../../src/lib/models/model.js';
import { readSafetensors } from '../../src/lib/tensor/safetensors.js';
import { tensor } from '../../src/lib/tensor/tensor.js';
import { hashes, SMALLEST, scratchFolder } from '../sweeps/tiny.js';

const scratch = scratchFolder();
const size = (shapes: ReadonlyMap<string, readonly number[]>) =>
  [...shapes.values()].reduce((sum, shape) => sum + shape.reduce((product, side) => product * side, 1), 0);

describe('writeRandomCheckpoint', () => {
  it('writes equal files for equal options and other weights for another seed', async () => {
    const [a, b, c] = ['a', 'b', 'c'].map((name) => join(scratch, name));
    await writeRandomCheckpoint(a, SMALLEST);
    await writeRandomCheckpoint(b, SMALLEST);
    await writeRandomCheckpoint(c, { ...SMALLEST, seed: 4 });
    expect(hashes(b)).toEqual(hashes(a));
    const differing = Object.entries(hashes(c)).filter(([name, hash]) => hash !== hashes(a)[name]);
    expect(differing.map(([name]) => name)).toEqual([
      'text_encoder/model.safetensors',
      'unet/diffusion_pytorch_model.safetensors',
      'vae/diffusion_pytorch_model.safetensors',
    ]);
  });

  it.each(['float32', 'float16', 'bfloat16'] as const)(
    'gives a model in %s that computes finite numbers',
    async (dtype) => {
      const folder = join(scratch, dtype);
      await writeRandomCheckpoint(folder, { ...SMALLEST, dtype });
      const model = await loadModel(folder);
      try {
        const types = [...model.checkpoint.unet.weights.values()].map((entry) => entry.dtype);
        expect(new Set(types)).toEqual(new Set([dtype]));
        const context = await model.encodeText(['a street']);
        const image = tensor(
          'float32',
          [1, 3, 16, 24],
          new Float32Array(1152).map((_, i) => Math.sin(i)),
        );
        const { mean } = await model.encodeImage(image);
        const output = await model.predict(mean, tensor('int32', [1], Int32Array.of(421)), context);
        const decoded = await model.decodeLatent(output);
        expect(decoded.shape).toEqual([1, 3, 16, 24]);
        // Of the order of 1: activations neither vanish nor explode.
        const largest = decoded.data.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
        expect(largest).toBeGreaterThan(0.05);
        expect(largest).toBeLessThan(50);
      } finally {
        await model.dispose();
      }
    },
  );

  it('scales weights by the number of inputs', async () => {
    const folder = join(scratch, 'scales');
    await writeRandomCheckpoint(folder, { seed: 0, dtype: 'float32' });
    const weights = await readSafetensors(join(folder, 'unet/diffusion_pytorch_model.safetensors'));
    const deviation = (name: string) => {
      const values = weights[name].data as Float32Array;
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
      return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
    };
    // 1 / sqrt(inputs): 3x3 kernels over 64 channels, and 256 inputs of a linear layer.
    expect(deviation('mid_block.resnets.0.conv1.weight')).toBeCloseTo(1 / Math.sqrt(576), 3);
    expect(deviation('mid_block.attentions.0.transformer_blocks.0.ff.net.2.weight')).toBeCloseTo(1 / 16, 3);
  });

  it('has the published sizes where asked: 860, 84 and 123 million weights', async () => {
    // The counts that diffusers and transformers report for Stable Diffusion 1.5.
    const { unet, vae, text } = await checkpointShapes({ size: 'full' });
    expect(size(unet)).toBe(859_520_964);
    expect(size(vae)).toBe(83_653_863);
    expect(size(text)).toBe(123_060_480);
    expect(text.has('text_model.embeddings.token_embedding.weight')).toBe(true);
  });

  it('refuses a folder that holds something, and leaves nothing behind when a configuration is wrong', async () => {
    const taken = join(scratch, 'taken');
    mkdirSync(taken);
    writeFileSync(join(taken, 'note.txt'), '');
    await expect(writeRandomCheckpoint(taken, SMALLEST)).rejects.toThrow(/is not empty/);
    const before = readdirSync(scratch);
    const wrong = { ...SMALLEST, unet: { ...SMALLEST.unet, norm_num_groups: 3 } };
    await expect(writeRandomCheckpoint(join(scratch, 'wrong'), wrong)).rejects.toThrow(/norm_num_groups is 3/);
    expect(readdirSync(scratch)).toEqual(before);
  });
});
