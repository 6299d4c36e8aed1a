// Training an autoencoder from scratch: it learns, and a resumed training ends with the same weights.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { judgeVae } from '../../src/experiments/demo-model/judge-vae.js';
import { type PretrainVaeOptions, pretrainVae } from '../../src/experiments/demo-model/pretrain-vae.js';
import { writeNetwork } from '../../src/experiments/demo-model/write-network.js';
import { vaeConfig } from '../../src/lib/models/config/components.js';
import { readSafetensors } from '../../src/lib/tensor/safetensors.js';
import { heldOutPicture, trainingCrops } from '../../src/lib/world/sampling/training-crops.js';

const config = vaeConfig({ block_out_channels: [4, 8], layers_per_block: 1, norm_num_groups: 2 }, 'test');

test('learns on crops of the world, resumes to the same bits, and is written as diffusers reads it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'steadyframe-vae-'));
  try {
    const options = (into: string): PretrainVaeOptions => ({
      config,
      pictures: (iteration) => trainingCrops(1, iteration, 4, 16),
      data: 'crops',
      folder: join(folder, into),
      iterations: 30,
      saveEvery: 10,
      learningRate: 6e-3,
    });
    const losses: number[] = [];
    let whole: Float32Array[] = [];
    for await (const { loss, state } of pretrainVae(options('whole'))) {
      losses.push(loss);
      whole = [...state.weights.values()].map(({ data }) => data);
    }
    const mean = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length;
    expect(mean(losses.slice(-5))).toBeLessThan(0.8 * mean(losses.slice(0, 5)));

    const begun = pretrainVae(options('parts'));
    for (let i = 0; i < 12; i++) await begun.next();
    await begun.return();
    for await (const { iteration, state } of pretrainVae({ ...options('parts'), resume: true })) {
      if (iteration < 30) continue;
      expect([...state.weights.values()].map(({ data }) => data)).toEqual(whole);
      const { psnr, scalingFactor } = await judgeVae(config, state.weights, [heldOutPicture(1, 0)]);
      expect(psnr).toBeGreaterThan(5);
      expect(scalingFactor).toBeGreaterThan(0);
      await writeNetwork(join(folder, 'vae'), config.raw, state.weights);
    }
    const written = await readSafetensors(join(folder, 'vae/diffusion_pytorch_model.safetensors'));
    expect(Object.values(written).every(({ dtype }) => dtype === 'float16')).toBe(true);
    expect(written['decoder.conv_out.weight'].shape).toEqual([3, 4, 3, 3]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
