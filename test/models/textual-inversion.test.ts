import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hashModel, modelParameters } from '../../src/lib/models/checkpoint/hash-model.js';
import { type LoadModelOptions, loadModel, type Model } from '../../src/lib/models/model.js';
import { promptSyntaxWarning } from '../../src/lib/models/text/prompt-syntax.js';
import { toFloat16 } from '../../src/lib/tensor/half.js';
import { writeSafetensors } from '../../src/lib/tensor/safetensors.js';
import { sizeOf, type Tensor, tensor } from '../../src/lib/tensor/tensor.js';
import { writeFolder } from './tiny-checkpoint.js';

const scratch = mkdtempSync(join(tmpdir(), 'words-'));
afterAll(() => rmSync(scratch, { recursive: true }));

let checkpoint: string;
beforeAll(async () => {
  checkpoint = await writeFolder(join(scratch, 'model'));
});

let drawn = 0;
const vectors = (...shape: number[]) =>
  tensor(
    'float32',
    shape,
    Float32Array.from({ length: sizeOf(shape) }, () => Math.cos(++drawn)),
  );
let files = 0;
async function write(tensors: Record<string, Tensor>, name = `${files++}.safetensors`): Promise<string> {
  await writeSafetensors(join(scratch, name), tensors);
  return join(scratch, name);
}
async function open(options: LoadModelOptions): Promise<Model> {
  return loadModel(checkpoint, { device: 'cpu', ...options });
}

describe('a learned word', () => {
  it('is as many tokens as it has vectors, whatever its case, and not within longer words', async () => {
    const file = await write({ neon: vectors(3, 8) });
    const model = await open({ embeddings: [{ file }] });
    const plain = model.checkpoint.tokenizer;
    const first = plain.vocabSize;
    const ids = (prompt: string) => Array.from(model.tokenize(prompt));
    const inside = (prompt: string) =>
      ids(prompt).filter((id) => ![plain.padId, plain.startId, plain.endId].includes(id));
    const learned = [first, first + 1, first + 2];
    expect(inside('neon')).toEqual(learned);
    expect(inside('a NEON, neon')).toEqual([...inside('a'), ...learned, ...inside(','), ...learned]);
    for (const prompt of ['neons', 'xneon', 'neon_2'])
      expect(ids(prompt)).toEqual(Array.from(plain.encode(prompt).ids));
    expect(model.embeddings).toEqual([{ file, word: 'neon' }]);
    await model.dispose();
  });

  it('stands for its vectors: those of a token of the vocabulary give what the token gives', async () => {
    const model = await open({});
    const { tokenizer, textEncoder } = model.checkpoint;
    const id = tokenizer.encode('a').ids[1];
    const { readTensor } = await import('../../src/lib/tensor/safetensors.js');
    const table = (await readTensor(
      textEncoder.weights.get('embeddings.token_embedding.weight')!,
    )) as Tensor<'float16'>;
    const row = tensor('float16', [1, 8], table.data.slice(id * 8, id * 8 + 8));
    const forms: [Record<string, Tensor>, string | undefined][] = [
      [{ '<a-word>': row }, undefined],
      [{ '<a-word>': tensor('float16', [8], row.data) }, undefined],
      [{ emb_params: row }, '<a-word>'],
      [{ 'string_to_param.*': row }, '<a-word>'],
    ];
    const expected = await model.encodeText(['b a b']);
    await model.dispose();
    for (const [tensors, word] of forms) {
      const file = await write(tensors);
      const other = await open({ embeddings: [word === undefined ? { file } : { file, word }] });
      expect((await other.encodeText(['b <a-word> b'])).data).toEqual(expected.data);
      await other.dispose();
    }
  });

  it("is the file's name where the file has none, and is found in a folder", async () => {
    const named = await open({
      embeddings: [{ file: await write({ emb_params: vectors(1, 8) }, 'night style.safetensors') }],
    });
    expect(named.embeddings[0].word).toBe('night style');
    await named.dispose();
    mkdirSync(join(scratch, 'concept'));
    await write({ '<cat>': vectors(8) }, 'concept/learned_embeds.safetensors');
    const found = await open({ embeddings: [{ file: join(scratch, 'concept') }] });
    expect(found.embeddings[0].word).toBe('<cat>');
    await found.dispose();
  });

  it('and clip skip tell results apart, and models without them keep their identity', async () => {
    const file = await write({ '<a>': vectors(1, 8) });
    const hashes = async (options: LoadModelOptions) => {
      const model = await open(options);
      await model.dispose();
      return { ...(await hashModel(model)), parameters: modelParameters(model) };
    };
    expect(Object.keys(await hashes({}))).toEqual(['model', 'loras', 'parameters']);
    const one = await hashes({ embeddings: [{ file }], clipSkip: 1 });
    expect(one).toMatchObject({ embeddings: [{ word: '<a>' }], clipSkip: 1 });
    expect(one.parameters).toMatchObject({ embeddings: [expect.stringMatching(/:<a>$/)], clip_skip: 1 });
    await write({ '<a>': vectors(1, 8) }, file.slice(scratch.length + 1));
    expect((await hashes({ embeddings: [{ file }], clipSkip: 1 })).embeddings).not.toEqual(one.embeddings);
  });

  const refused: [string, () => Promise<LoadModelOptions>, string][] = [
    [
      'SDXL',
      async () => ({ embeddings: [{ file: await write({ clip_l: vectors(1, 8), clip_g: vectors(1, 16) }) }] }),
      'was made for SDXL',
    ],
    [
      'another width',
      async () => ({ embeddings: [{ file: await write({ x: vectors(2, 1024) }) }] }),
      'it was made for Stable Diffusion 2.x',
    ],
    [
      'several words',
      async () => ({ embeddings: [{ file: await write({ x: vectors(1, 8), y: vectors(1, 8) }) }] }),
      'holds 2 tensors',
    ],
    [
      'whole numbers',
      async () => ({ embeddings: [{ file: await write({ x: tensor('int32', [1, 8], new Int32Array(8)) }) }] }),
      'int32',
    ],
    [
      'NaN',
      async () => ({
        embeddings: [{ file: await write({ x: tensor('float32', [1, 8], new Float32Array(8).fill(Number.NaN)) }) }],
      }),
      'NaN',
    ],
    [
      'more than a prompt',
      async () => ({ embeddings: [{ file: await write({ x: vectors(100, 8) }) }] }),
      'has 100 vectors',
    ],
    [
      'no word',
      async () => ({ embeddings: [{ file: await write({ x: vectors(1, 8) }), word: ' ' }] }),
      'give it one, without spaces around it',
    ],
    [
      'a word twice',
      async () => {
        const file = await write({ Cat: vectors(1, 8) });
        return { embeddings: [{ file }, { file, word: 'cat' }] };
      },
      'has the word Cat already',
    ],
    [
      'a pickle',
      async () => {
        writeFileSync(join(scratch, 'x.pt'), 'PK\x03\x04 and so on, for some more bytes');
        return { embeddings: [{ file: join(scratch, 'x.pt') }] };
      },
      'PyTorch pickle',
    ],
    [
      'as many layers as there are',
      async () => ({ clipSkip: 2 }),
      'clipSkip is 2, expected a whole number of layers to leave out, from 0 to 1',
    ],
    ['half a layer', async () => ({ clipSkip: 0.5 }), 'clipSkip is 0.5'],
  ];
  it.each(refused)('%s is refused', async (_, options, sentence) => {
    await expect(open(await options())).rejects.toThrow(sentence);
  });

  it('takes float16, float64 and float8 alike', async () => {
    const model = await open({ embeddings: [{ file: await write({ '<a>': toFloat16(vectors(1, 8)) }) }] });
    await model.dispose();
    for (const [type, bytes] of [
      ['F64', new Uint8Array(Float64Array.from([1, 2, 0.5, -1, 0, 0, 0, 0.25]).buffer)],
      // 1, 2, 0.5, -1, 0, 0, 0, 0.25 with 4 bits of exponent, and with 5.
      ['F8_E4M3', Uint8Array.of(0x38, 0x40, 0x30, 0xb8, 0, 0, 0, 0x28)],
      ['F8_E5M2', Uint8Array.of(0x3c, 0x40, 0x38, 0xbc, 0, 0, 0, 0x34)],
    ] as const) {
      const header = JSON.stringify({ '<a>': { dtype: type, shape: [1, 8], data_offsets: [0, bytes.length] } });
      const size = Buffer.alloc(8);
      size.writeBigUInt64LE(BigInt(header.length));
      const file = join(scratch, `${type}.safetensors`);
      writeFileSync(file, Buffer.concat([size, Buffer.from(header), bytes]));
      const same = await write({ '<a>': tensor('float32', [1, 8], Float32Array.of(1, 2, 0.5, -1, 0, 0, 0, 0.25)) });
      const results = [];
      for (const each of [file, same]) {
        const opened = await open({ embeddings: [{ file: each }] });
        results.push((await opened.encodeText(['<a>'])).data);
        await opened.dispose();
      }
      expect(results[0]).toEqual(results[1]);
    }
  });
});

describe("AUTOMATIC1111's syntax", () => {
  it.each([
    ['a (cat:1.2) here', '(cat:1.2)'],
    ['((cat)), dog', '((cat))'],
    ['[cat], dog', '[cat]'],
    ['a BREAK b', 'BREAK'],
    ['a AND b', 'AND'],
    ['<lora:style:0.8> a', 'apply files as LoRAs of the model, with a scale'],
  ])('in %j is told', (prompt, found) => {
    expect(promptSyntaxWarning(prompt)).toContain('which is taken literally');
    expect(promptSyntaxWarning(prompt)).toContain(found);
  });

  it.each(['a city (at night)', 'break and', '<neon-city> street', 'a: 1.5', ''])('is not seen in %j', (prompt) => {
    expect(promptSyntaxWarning(prompt)).toBeNull();
  });

  it('is told once a prompt, and not of learned words', async () => {
    const warnings: string[] = [];
    const file = await write({ '[v]': vectors(1, 8) });
    const model = await open({ embeddings: [{ file }], onWarning: (message) => warnings.push(message) });
    for (const prompt of ['a [v]', 'a ((b))', 'a ((b))']) model.tokenize(prompt);
    await model.dispose();
    expect(warnings).toEqual([expect.stringContaining('((b))')]);
  });
});
