// Training a denoising network with its text encoder from scratch: it learns, measures the loss on held-out samples, and
// resumes bit-identically.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  type CaptionedLatents,
  type PretrainDenoiserOptions,
  pretrainDenoiser,
} from '../../src/experiments/demo-model/pretrain-denoiser.js';
import { noiseSchedule } from '../../src/lib/diffusion/noise-schedule.js';
import { textConfig } from '../../src/lib/models/config/components.js';
import { unetConfig } from '../../src/lib/models/config/unet.js';
import { randn } from '../../src/lib/tensor/randn.js';
import { TINY } from '../models/tiny-checkpoint.js';

const TOKENS = 4;
const unet = unetConfig({ ...TINY.unet, sample_size: 8 }, 'test');
const text = textConfig(
  {
    vocab_size: 6,
    hidden_size: 8,
    intermediate_size: 16,
    num_hidden_layers: 1,
    num_attention_heads: 2,
    max_position_embeddings: TOKENS,
  },
  'test',
);

/** Two kinds of latents, all ones and all minus ones, each with its own token. */
function samples(seed: number): CaptionedLatents {
  const kinds = randn(seed, [4]).data.map((value) => (value > 0 ? 1 : 0));
  return {
    latents: [...kinds].map((kind) => new Float32Array(4 * 8 * 8).fill(kind === 1 ? 1 : -1)),
    ids: [...kinds].map((kind) => Int32Array.of(4, kind, 5, 5)),
  };
}

test('learns what captions mean, and a resumed training ends with the same bits', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'steadyframe-denoiser-'));
  const options = (into: string): PretrainDenoiserOptions => ({
    ...{ unet, text, schedule: noiseSchedule(), predictionType: 'epsilon', latentShape: [4, 4, 8, 8], tokens: TOKENS },
    samples: async (iteration) => samples(iteration),
    heldOut: [samples(10_001), samples(10_002)],
    data: 'ones',
    folder: join(folder, into),
    iterations: 48,
    warmup: 5,
    learningRate: 8e-3,
    saveEvery: 12,
  });
  try {
    const heldOut: number[] = [];
    let whole: Float32Array[] = [];
    for await (const { heldOutLoss, saved, state } of pretrainDenoiser(options('whole'))) {
      expect(heldOutLoss !== undefined).toBe(saved);
      if (heldOutLoss !== undefined) heldOut.push(heldOutLoss);
      whole = [...state.weights.values()].map(({ data }) => data);
    }
    expect(heldOut).toHaveLength(4);
    expect(heldOut[3]).toBeLessThan(0.6 * heldOut[0]);

    const begun = pretrainDenoiser(options('parts'));
    for (let i = 0; i < 15; i++) await begun.next();
    await begun.return();
    for await (const { iteration, state } of pretrainDenoiser({ ...options('parts'), resume: true })) {
      if (iteration === 48) expect([...state.weights.values()].map(({ data }) => data)).toEqual(whole);
    }
    const names = [...(await pretrainDenoiser(options('names')).next()).value!.state.weights.keys()];
    expect(names.filter((name) => name.startsWith('unet.')).length).toBeGreaterThan(50);
    expect(names.filter((name) => !name.startsWith('unet.')).every((name) => name.startsWith('text_model.'))).toBe(
      true,
    );
    await expect(pretrainDenoiser({ ...options('parts'), resume: true, learningRate: 1e-3 }).next()).rejects.toThrow(
      'learningRate',
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});
