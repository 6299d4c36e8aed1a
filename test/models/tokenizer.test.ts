import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { writeTokenizer } from '../../src/lib/models/checkpoint/write-checkpoint.js';
import { reduceVocabulary } from '../../src/lib/models/text/reduced-vocabulary.js';
import { clipTokenizer, clipVocabulary, openTokenizer, type Tokenizer } from '../../src/lib/models/text/tokenizer.js';
import { hasPack, packNote, packPath, VARIANTS } from '../reference/pack.js';

// All expected ids are those of transformers 5.23's CLIPTokenizer, padded to the model's length and truncated.
const fixtures = fileURLToPath(new URL('./fixtures', import.meta.url));
const json = (path: string) => JSON.parse(readFileSync(path, 'utf8'));
const small = `${fixtures}/small-tokenizer`;

const scratch = mkdtempSync(join(tmpdir(), 'tokenizer-'));
afterAll(() => rmSync(scratch, { recursive: true }));

type Expected = { prompt: string; ids: number[] }[];
const encodeAll = (tokenizer: Tokenizer, expected: Expected) =>
  expected.map(({ prompt }) => ({ prompt, ids: Array.from(tokenizer.encode(prompt).ids) }));
/** Difficult prompts: special tokens, white space, case, composed letters, apostrophes. */
const more = (variant: 'sd1' | 'sd2'): Expected =>
  json(`${fixtures}/tokens-more.json`).map((row: Record<string, unknown>) => {
    const ids = row[variant] as number[];
    return { prompt: row.prompt, ids: [...ids, ...Array(77 - ids.length).fill(ids.at(-1))] };
  });

describe('the packaged vocabulary', () => {
  const tokenizer = clipTokenizer();

  it('gives the reference ids of all prompts', () => {
    const expected: Expected = json(`${fixtures}/tokens-sd1.json`);
    expect(expected).toHaveLength(22);
    expect(encodeAll(tokenizer, expected)).toEqual(expected);
    expect(encodeAll(tokenizer, more('sd1'))).toEqual(more('sd1'));
  });

  it('knows its size and its special tokens', () => {
    const { modelMaxLength, vocabSize, startId, endId, padId } = tokenizer;
    expect({ modelMaxLength, vocabSize, startId, endId, padId }).toEqual({
      modelMaxLength: 77,
      vocabSize: 49408,
      startId: 49406,
      endId: 49407,
      padId: 49407,
    });
  });

  it('says what it cut off, and nothing where 75 tokens fit', () => {
    expect(tokenizer.encode('word '.repeat(75)).truncated).toBeNull();
    expect(tokenizer.encode(`${'word '.repeat(75)}Red, car!`).truncated).toBe('red , car !');
    expect(tokenizer.encode(`${'word '.repeat(75)}<|endoftext|> 夜`).truncated).toBe('<|endoftext|>夜');
    expect(tokenizer.encode('').truncated).toBeNull();
  });

  it('spells ids', () => {
    const { ids } = tokenizer.encode("A naïve café, isn't it?");
    expect(tokenizer.decode(ids.subarray(1, ids.indexOf(49407)))).toBe("a naïve café , isn 't it ?");
  });
});

describe('a small vocabulary with ids, length and padding of its own', () => {
  const expected: Expected = json(`${fixtures}/small-tokens.json`);

  it('gives the reference ids; the special tokens map decides about the padding', () => {
    const tokenizer = openTokenizer(small);
    expect(tokenizer).toMatchObject({ modelMaxLength: 24, vocabSize: 815, startId: 505, endId: 470, padId: 401 });
    expect(encodeAll(tokenizer, expected)).toEqual(expected);
  });

  it('gives the same from a tokenizer.json, whose added tokens count', () => {
    const folder = join(scratch, 'whole');
    mkdirSync(folder);
    const merges = readFileSync(`${small}/merges.txt`, 'utf8').trim().split('\n').slice(1);
    const added_tokens = [{ id: 815, content: '<cat-toy>', special: false }];
    const model = { type: 'BPE', end_of_word_suffix: '</w>', vocab: json(`${small}/vocab.json`) };
    for (const pairs of [merges, merges.map((line) => line.split(' '))]) {
      writeFileSync(
        join(folder, 'tokenizer.json'),
        JSON.stringify({ added_tokens, model: { ...model, merges: pairs } }),
      );
      writeFileSync(join(folder, 'tokenizer_config.json'), '{"model_max_length": 24, "pad_token": "<|pad|>"}');
      const tokenizer = openTokenizer(folder);
      expect(encodeAll(tokenizer, expected)).toEqual(expected);
      expect(Array.from(tokenizer.encode('a <cat-toy> car').ids.subarray(0, 6))).toEqual([
        505, 273, 815, 553, 461, 470,
      ]);
    }
  });

  it('says what is wrong with a folder', () => {
    expect(() => openTokenizer(scratch)).toThrow('there is no CLIP vocabulary');
    const folder = join(scratch, 'broken');
    mkdirSync(folder);
    copyFileSync(`${small}/vocab.json`, join(folder, 'vocab.json'));
    writeFileSync(join(folder, 'merges.txt'), '#version: 0.2\ni n\nth\n');
    expect(() => openTokenizer(folder)).toThrow('the line "th" is not a pair of tokens');
    writeFileSync(join(folder, 'merges.txt'), '#version: 0.2\ni n\n');
    writeFileSync(join(folder, 'special_tokens_map.json'), '{"pad_token": "[PAD]"}');
    expect(() => openTokenizer(folder)).toThrow('the special token [PAD] is not in the vocabulary');
    rmSync(join(folder, 'merges.txt'));
    const model = { type: 'Unigram', vocab: [], merges: [] };
    writeFileSync(join(folder, 'tokenizer.json'), JSON.stringify({ model }));
    expect(() => openTokenizer(folder)).toThrow(/tokenizer.json: model.type is "Unigram" \(expected "BPE"\)/);
    writeFileSync(join(folder, 'tokenizer.json'), 'version https://git-lfs.github.com/spec/v1\n');
    expect(() => openTokenizer(folder)).toThrow('git lfs pull');
  });
});

describe.skipIf(!hasPack).each(VARIANTS)(`%s of the reference pack${packNote}`, (variant) => {
  const expected: Expected = hasPack ? json(packPath(variant, 'tokens.json')) : [];

  it('gives the reference ids of all prompts', () => {
    const tokenizer = openTokenizer(packPath(variant, 'tokenizer'));
    expect(tokenizer.padId).toBe(variant === 'sd1' ? 49407 : 0);
    expect(encodeAll(tokenizer, expected)).toEqual(expected);
    expect(encodeAll(tokenizer, more(variant))).toEqual(more(variant));
  });
});

it('a folder that is opened again is not parsed again, unless its content has changed', async () => {
  const folder = join(scratch, 'again');
  const vocabulary = reduceVocabulary(clipVocabulary(), ['city', 'night']);
  await writeTokenizer(folder, vocabulary, 77);
  const first = openTokenizer(folder);
  expect(openTokenizer(`${folder}/`)).toBe(first);
  writeFileSync(join(folder, 'tokenizer_config.json'), JSON.stringify({ model_max_length: 8 }));
  expect(openTokenizer(folder).encode('city').ids).toHaveLength(8);
  expect(first.encode('city').ids).toHaveLength(77);
  rmSync(join(folder, 'merges.txt'));
  expect(() => openTokenizer(folder)).toThrow('there is no CLIP vocabulary');
});
