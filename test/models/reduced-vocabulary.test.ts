// A reduced vocabulary: its words are encoded as with the whole one, others in smaller pieces.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { writeTokenizer } from '../../src/lib/models/checkpoint/write-checkpoint.js';
import { reduceVocabulary } from '../../src/lib/models/text/reduced-vocabulary.js';
import { clipTokenizer, clipVocabulary, openTokenizer, type Tokenizer } from '../../src/lib/models/text/tokenizer.js';
import { VOCABULARY } from '../sweeps/tiny.js';

const WORDS = ['a', 'cyberpunk', 'street', 'watercolor', 'painting'];
const whole = clipTokenizer();
let folder: string;
let reduced: Tokenizer;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'steadyframe-vocabulary-'));
  await writeTokenizer(folder, reduceVocabulary(clipVocabulary(), WORDS), 32);
  reduced = openTokenizer(folder);
});
afterAll(() => rmSync(folder, { recursive: true }));

/** The token pieces of a prompt. */
const pieces = (tokenizer: Tokenizer, prompt: string): string[] => {
  const { ids } = tokenizer.encode(prompt);
  const end = ids.indexOf(tokenizer.endId);
  return [...ids.slice(1, end)].map((id) => tokenizer.decode([id]));
};

test('the words are cut into the same pieces as by the whole vocabulary', () => {
  for (const word of WORDS) expect(pieces(reduced, word)).toEqual(pieces(whole, word));
  expect(pieces(reduced, 'a watercolor painting')).toEqual(pieces(whole, 'a watercolor painting'));
});

test('it has the 512 single bytes, what the words need, and the two special tokens at its end', () => {
  const merges = reduceVocabulary(clipVocabulary(), WORDS).merges.length;
  expect(merges).toBeGreaterThan(WORDS.length);
  expect(merges).toBeLessThan(60);
  expect(reduced.vocabSize).toBe(512 + merges + 2);
  expect([reduced.startId, reduced.endId]).toEqual([reduced.vocabSize - 2, reduced.vocabSize - 1]);
  expect(reduced.modelMaxLength).toBe(32);
});

test('other words still encode, in smaller pieces, and come back', () => {
  const { ids, truncated } = reduced.encode('giraffe');
  expect(truncated).toBeNull();
  expect(pieces(reduced, 'giraffe').join('')).toBe('giraffe');
  expect(reduced.decode(ids.slice(1, ids.indexOf(reduced.endId)))).toBe('giraffe');
  expect(pieces(reduced, 'giraffe').length).toBeGreaterThan(pieces(whole, 'giraffe').length);
});

test("that of the tests is CLIP's own, reduced to the words of their prompts", () => {
  const words = ['a', 'blur', 'city', 'neon', 'night', 'street', 'tail', 'word'];
  expect(VOCABULARY).toEqual(reduceVocabulary(clipVocabulary(), words));
});
