// The model to open for trained weights.

import { expect, test } from 'vitest';
import { trainedSource } from '../../src/lib/training/finetune/trained-source.js';

const base = {
  path: 'sd15.safetensors',
  options: {
    ...({ config: 'sd15', vae: 'vae.safetensors', prediction: 'v', device: 'cpu', clipSkip: 1 } as const),
    loras: [{ file: 'first.safetensors', scale: 0.5 }],
    embeddings: [{ file: 'word.safetensors' }],
  },
};

test('a LoRA file goes on top of those of the base model, with all of its options', () => {
  expect(trainedSource({ kind: 'lora', weights: 'runs/lora.safetensors' }, base)).toEqual({
    path: 'sd15.safetensors',
    options: {
      ...base.options,
      loras: [{ file: 'first.safetensors', scale: 0.5 }, { file: 'runs/lora.safetensors' }],
    },
  });
});

test('a diffusers folder takes what is applied, and none of the files that it replaces', () => {
  const { loras, embeddings } = base.options;
  expect(trainedSource({ kind: 'diffusers', weights: 'runs/model' }, base)).toEqual({
    path: 'runs/model',
    options: { device: 'cpu', clipSkip: 1, loras, embeddings },
  });
});
