// LoRA, DoRA and LoHa, textual inversion and clip skip compared with PyTorch (../shared/reference/more).

import { describe, expect, test } from 'vitest';
import { type LoadModelOptions, loadModel } from '../../src/lib/models/model.js';
import type { Tensor } from '../../src/lib/tensor/tensor.js';
import { expectedTensors, hasPack, packNote, packPath, relativeError, VARIANTS } from './pack.js';

const BOUND = 2e-5;
/** The prompts of the pack's contexts. */
const PROMPTS = ['', 'a', 'a abstract painting of a cyberpunk city night, tron robotic, trending on artstation'];

type Floats = Record<string, Tensor<'float32'>>;

async function outputs(variant: string, options: LoadModelOptions) {
  const inputs = (await expectedTensors(variant, `../more/${variant}/lora.safetensors`)) as Floats;
  const model = await loadModel(packPath(variant), { device: 'cpu', ...options });
  const text = await model.encodeText(PROMPTS);
  const out = await model.predict(inputs.sample, inputs.timestep as unknown as Tensor, text);
  await model.dispose();
  return { text, out };
}

describe.skipIf(!hasPack).each(VARIANTS)(`%s agrees with PyTorch${packNote}`, (variant) => {
  const more = (name: string) => packPath('more', variant, name);
  const KINDS = ['locon-kohya-te', 'peft', 'peft-alpha', 'dora-kohya', 'loha'];

  test.each(KINDS.flatMap((kind) => [1, 0.7].map((scale) => [kind, scale] as const)))(
    '%s at scale %d',
    async (kind, scale) => {
      const expected = (await expectedTensors(variant, `../more/${variant}/lora.safetensors`)) as Floats;
      const warnings: string[] = [];
      const { text, out } = await outputs(variant, {
        loras: [{ file: more(`lora-${kind}.safetensors`), scale }],
        onWarning: (message) => warnings.push(message),
      });
      const key = `${kind}.${scale === 1 ? '1.0' : scale}`;
      expect(warnings).toEqual([]);
      expect(relativeError(text.data, expected[`${key}.text`].data)).toBeLessThan(BOUND);
      expect(relativeError(out.data, expected[`${key}.out`].data)).toBeLessThan(BOUND);
    },
  );

  test('hidden states one layer before the last', async () => {
    const expected = (await expectedTensors(variant, `../more/${variant}/clip-skip.safetensors`)) as Floats;
    const model = await loadModel(packPath(variant), { device: 'cpu', clipSkip: 1 });
    const hidden = await model.encodeText(PROMPTS);
    await model.dispose();
    expect(relativeError(hidden.data, expected.skip1.data)).toBeLessThan(BOUND);
  });

  test.each([
    ['textual-inversion.safetensors', undefined],
    ['textual-inversion-a1111.safetensors', '<neon-city>'],
  ])('%s: ids and hidden states', async (name, word) => {
    const expected = await expectedTensors(variant, `../more/${variant}/textual-inversion-expected.safetensors`);
    const file = more(name);
    const model = await loadModel(packPath(variant), { device: 'cpu', embeddings: [word ? { file, word } : { file }] });
    const prompt = 'a <neon-city> street, <neon-city>';
    expect(Array.from(model.tokenize(prompt))).toEqual(Array.from(expected.ids.data as Int32Array));
    const hidden = await model.encodeText([prompt]);
    await model.dispose();
    expect(relativeError(hidden.data, (expected.text as Tensor<'float32'>).data)).toBeLessThan(BOUND);
  });
});
