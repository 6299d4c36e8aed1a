// Opens CLIP tokenizers: a checkpoint's folder, or the vocabulary of the package. clip-bpe.ts encodes prompts.

import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { z } from 'zod';
import { UsageError } from '../../base/errors.js';
import { packageFile } from '../../base/package-file.js';
import { parseJsonFile, readTextFile } from '../config/json-file.js';
import { END, makeTokenizer, type SpecialTokens, START, type Tokenizer, type Vocabulary } from './clip-bpe.js';

export type { TokenizedPrompt, Tokenizer } from './clip-bpe.js';

const MAX_LENGTH = 77;

const token = z.union([z.string(), z.object({ content: z.string() }).transform(({ content }) => content)]);
const specialSchema = z.looseObject({
  bos_token: token.nullish(),
  eos_token: token.nullish(),
  pad_token: token.nullish(),
  unk_token: token.nullish(),
});
const configSchema = specialSchema.extend({
  // transformers writes 1e30 for "no limit".
  model_max_length: z.number().min(3).refine(Number.isInteger, { error: 'expected a whole number' }).nullish(),
  added_tokens_decoder: z.record(z.string(), z.object({ content: z.string() })).optional(),
});
const vocabSchema = z.record(z.string(), z.int().nonnegative());
const tokenizerSchema = z.object({
  added_tokens: z.array(z.object({ id: z.int(), content: z.string() })).default([]),
  model: z.object({
    type: z.literal('BPE').optional(),
    end_of_word_suffix: z.literal('</w>'),
    vocab: vocabSchema,
    merges: z.array(z.union([z.string().transform(pairOf), z.tuple([z.string(), z.string()])])),
  }),
});

/** The last opened tokenizers, by folder and content: parsing CLIP's vocabulary dominates the time to open a checkpoint. */
const opened = new Map<string, Tokenizer>();
const KEPT = 4;

/**
 * Opens a tokenizer folder as transformers writes it: `vocab.json` and `merges.txt`, or `tokenizer.json`; special
 * tokens and length from `tokenizer_config.json` and `special_tokens_map.json`.
 *
 * @throws UsageError when the vocabulary is missing or is not CLIP's kind
 */
export function openTokenizer(folder: string): Tokenizer {
  const key = contentKey(folder);
  const known = key === undefined ? undefined : opened.get(key);
  if (known) return known;
  const tokenizer = parseTokenizer(folder);
  if (key === undefined) return tokenizer;
  for (const oldest of [...opened.keys()].slice(0, Math.max(0, opened.size - KEPT + 1))) opened.delete(oldest);
  opened.set(key, tokenizer);
  return tokenizer;
}

/** A folder and the contents of its files; undefined if one of them cannot be read, which parsing reports. */
function contentKey(folder: string): string | undefined {
  const hash = createHash('sha256').update(resolve(folder));
  try {
    for (const name of FILES) {
      const path = join(folder, name);
      if (existsSync(path)) hash.update(`\0${name}\0`).update(readTextFile(path));
    }
  } catch {
    return undefined;
  }
  return hash.digest('hex');
}

const FILES = ['vocab.json', 'merges.txt', 'tokenizer.json', 'tokenizer_config.json', 'special_tokens_map.json'];

function parseTokenizer(folder: string): Tokenizer {
  const files: string[] = [];
  const optional = <T>(name: string, schema: z.ZodType<T>): T | undefined => {
    const path = join(folder, name);
    if (!existsSync(path)) return undefined;
    files.push(path);
    return parseJsonFile(path, schema);
  };
  let vocabulary: Vocabulary;
  const added = new Map<string, number>();
  const vocab = optional('vocab.json', vocabSchema);
  const mergesPath = join(folder, 'merges.txt');
  if (vocab && existsSync(mergesPath)) {
    files.push(mergesPath);
    const lines = readTextFile(mergesPath).split('\n');
    const merges = lines.filter((line) => line.trim() !== '' && !line.startsWith('#version')).map(pairOf);
    vocabulary = { vocab, merges };
  } else {
    const whole = optional('tokenizer.json', tokenizerSchema);
    if (!whole) {
      throw new UsageError(
        `${folder}: there is no CLIP vocabulary (vocab.json and merges.txt, or tokenizer.json); copy the checkpoint's whole tokenizer folder`,
      );
    }
    vocabulary = whole.model;
    for (const { content, id } of whole.added_tokens) added.set(content, id);
  }
  const config = optional('tokenizer_config.json', configSchema) ?? {};
  // As transformers: the map wins, except over a configuration new enough to list its added tokens.
  const map = config.added_tokens_decoder ? {} : (optional('special_tokens_map.json', specialSchema) ?? {});
  for (const [id, { content }] of Object.entries(config.added_tokens_decoder ?? {})) added.set(content, Number(id));
  const special: SpecialTokens = {
    start: map.bos_token ?? config.bos_token ?? START,
    end: map.eos_token ?? config.eos_token ?? END,
    pad: map.pad_token ?? config.pad_token ?? END,
    unknown: map.unk_token ?? config.unk_token ?? END,
    added,
  };
  checkCounts(folder, vocabulary, added);
  const limit = config.model_max_length ?? MAX_LENGTH;
  const modelMaxLength = limit > 1e6 ? MAX_LENGTH : limit;
  return makeTokenizer(vocabulary, special, { modelMaxLength, where: folder, files });
}

/** Limit of tokens: CLIP has 49,408, the largest vocabularies of text encoders a quarter of a million. */
const MOST_TOKENS = 1_000_000;
const MOST_ADDED = 10_000;

function checkCounts(folder: string, { vocab, merges }: Vocabulary, added: ReadonlyMap<string, number>): void {
  const counts: [string, number, number][] = [
    ['tokens', Object.keys(vocab).length, MOST_TOKENS],
    ['merged pairs', merges.length, MOST_TOKENS],
    ['added tokens', added.size, MOST_ADDED],
  ];
  for (const [what, count, most] of counts) {
    if (count <= most) continue;
    throw new UsageError(
      `${folder}: the tokenizer has ${count} ${what}, at most ${most} are read; use the checkpoint's own tokenizer folder`,
    );
  }
}

/**
 * CLIP's own tokenizer, as Stable Diffusion 1.x uses it: 49,408 tokens, 77 a prompt, padded with the end token. Part of
 * the package.
 */
export function clipTokenizer(): Tokenizer {
  packaged ??= makeClipTokenizer();
  return packaged;
}

let packaged: Tokenizer | undefined;

function makeClipTokenizer(): Tokenizer {
  const special: SpecialTokens = { start: START, end: END, pad: END, unknown: END, added: new Map() };
  const where = 'the packaged vocabulary';
  return makeTokenizer(clipVocabulary(), special, { modelMaxLength: MAX_LENGTH, where, files: [] });
}

/** CLIP's own vocabulary, part of the package: bytes, bytes that end a word, merged pairs, start and end token. */
export function clipVocabulary(): Vocabulary {
  const lines = gunzipSync(readFileSync(packageFile('assets/bpe_simple_vocab_16e6.txt.gz')))
    .toString('utf8')
    .split('\n');
  return byteVocabulary(lines.slice(1, 49152 - 256 - 2 + 1).map(pairOf));
}

/** The vocabulary of CLIP's kind with these merged pairs: bytes, bytes that end a word, the pairs, start and end token. */
export function byteVocabulary(merges: Vocabulary['merges']): Vocabulary {
  const bytes = byteCharacters();
  const words = [...bytes, ...bytes.map((c) => `${c}</w>`), ...merges.map(([a, b]) => a + b), START, END];
  return { vocab: Object.fromEntries(words.map((word, id) => [word, id])), merges };
}

function pairOf(line: string): [string, string] {
  const [left, right, ...rest] = line.trim().split(' ');
  if (right !== undefined && rest.length === 0) return [left, right];
  throw new UsageError(
    `merges.txt: the line ${JSON.stringify(line.slice(0, 80))} is not a pair of tokens; copy the checkpoint's tokenizer folder again`,
  );
}

/** The printable character for each byte in GPT-2's and CLIP's vocabularies, in the order of CLIP's ids. */
function byteCharacters(): string[] {
  const printable = [...range(33, 126), ...range(161, 172), ...range(174, 255)];
  const others = range(0, 255).filter((byte) => !printable.includes(byte));
  return [...printable, ...others.map((_, i) => 256 + i)].map((code) => String.fromCharCode(code));
}

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}
