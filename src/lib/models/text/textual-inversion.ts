// Textual inversion (Gal et al. 2022): learned vectors in place of a word in prompts. Reads their files, and replaces tokens
// by the vectors. A word of n vectors is n tokens.

import { existsSync, statSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import { UsageError } from '../../base/errors.js';
import { isForeignFloat, readForeignFloats } from '../../tensor/foreign-floats.js';
import { toFloat32 } from '../../tensor/half.js';
import { readSafetensorsHeader, readTensor } from '../../tensor/safetensors.js';
import { type Tensor, tensor } from '../../tensor/tensor.js';
import type { Tokenizer } from './tokenizer.js';

/**
 * A file of learned vectors, and their word in prompts.
 *
 * @inline
 */
export interface EmbeddingRequest {
  /** Path of the safetensors file, or of the folder that holds `learned_embeds.safetensors`. */
  file: string;
  /** By default the word in the file, else the file's name without its extension. */
  word?: string;
}

/** A word with its vectors [n, D]. */
export interface Embedding {
  readonly file: string;
  readonly word: string;
  readonly vectors: Tensor<'float32'>;
}

const IN_FOLDER = 'learned_embeds.safetensors';
/** Names of the vectors in AUTOMATIC1111's files, whose word is the file's name. */
const NAMELESS = /^(emb_params|\*|string_to_param(\.\*)?)$/;
const WIDTHS: Readonly<Record<number, string>> = {
  768: 'Stable Diffusion 1.x',
  1024: 'Stable Diffusion 2.x',
  1280: 'SDXL',
};

/** The file that is read for a request. */
export function embeddingFile(path: string): string {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ? join(path, IN_FOLDER) : path;
}

/** Whether a file has learned vectors, judged by its names; false if it is no safetensors file. */
export async function isEmbeddingFile(path: string): Promise<boolean> {
  const file = embeddingFile(path);
  if (!existsSync(file)) return false;
  const { tensors, foreign } = await readSafetensorsHeader(file);
  const names = [...tensors.keys(), ...foreign.keys()];
  return names.length === 1 || (names.length === 2 && names.includes('clip_l'));
}

/**
 * Reads files of learned vectors for a text encoder of this width.
 *
 * @throws UsageError for a file that is missing, has other content or was made for another model, and for a word that is
 *   empty, a special token, or given twice
 */
export async function openEmbeddings(
  requests: readonly EmbeddingRequest[],
  { hiddenSize }: { readonly hiddenSize: number },
  tokenizer: Tokenizer,
): Promise<Embedding[]> {
  const found: Embedding[] = [];
  for (const request of requests) {
    const embedding = await openEmbedding(request, hiddenSize);
    const { word, vectors, file } = embedding;
    if (word.trim() === '' || word.trim() !== word) {
      throw new UsageError(`${file}: its word is ${JSON.stringify(word)}; give it one, without spaces around it`);
    }
    if (tokenizer.isSpecial(word)) {
      throw new UsageError(`${file}: ${word} has a meaning of its own in prompts; give another word`);
    }
    const twin = found.find((other) => other.word.toLowerCase() === word.toLowerCase());
    if (twin) {
      throw new UsageError(
        `${file}: ${twin.file} has the word ${twin.word} already (case does not count); give one of them another`,
      );
    }
    const room = tokenizer.modelMaxLength - 2;
    if (vectors.shape[0] > room) {
      throw new UsageError(
        `${file}: has ${vectors.shape[0]} vectors, a prompt has room for ${room}; use a smaller one`,
      );
    }
    found.push(embedding);
  }
  return found;
}

async function openEmbedding({ file: path, word }: EmbeddingRequest, width: number): Promise<Embedding> {
  const file = embeddingFile(path);
  if (file !== path && !existsSync(file)) {
    throw new UsageError(`${path}: this folder holds no ${IN_FOLDER}; name the file itself`);
  }
  const { tensors, foreign } = await readSafetensorsHeader(file);
  const names = [...tensors.keys(), ...foreign.keys()];
  if (names.includes('clip_l') || names.includes('clip_g')) {
    throw new UsageError(
      `${file}: this embedding was made for SDXL (clip_l and clip_g); use one for this checkpoint's model`,
    );
  }
  const [name, ...others] = names;
  if (name === undefined || others.length > 0) {
    throw new UsageError(
      `${file}: holds ${names.length} tensors, expected the vectors of one word; use a textual inversion as diffusers or AUTOMATIC1111 write it in .safetensors`,
    );
  }
  const entry = tensors.get(name);
  const other = foreign.get(name);
  if (!/float/.test(entry?.dtype ?? '') && !isForeignFloat(other?.type ?? '')) {
    throw new UsageError(`${file}: its vectors are ${entry?.dtype ?? other?.type}, expected numbers with fractions`);
  }
  const shape = (entry ?? other)!.shape;
  const [count, found] = shape.length === 1 ? [1, shape[0]] : shape;
  if (shape.length < 1 || shape.length > 2 || count < 1 || found !== width) {
    const made = shape.length === 2 || shape.length === 1 ? WIDTHS[found] : undefined;
    throw new UsageError(
      `${file}: its vectors are [${shape.join(', ')}], the text encoder takes vectors of ${width}${made ? `: it was made for ${made}` : ''}; use one for this checkpoint's model`,
    );
  }
  const { data } = entry ? toFloat32(await readTensor(entry)) : await readForeignFloats(other!);
  if (!data.every(Number.isFinite)) throw new UsageError(`${file}: its vectors hold NaN or infinity; use another file`);
  const named = NAMELESS.test(name) ? basename(path, extname(path)) : name;
  return { file: path, word: word ?? named, vectors: tensor('float32', [count, width], data) };
}

/**
 * A tokenizer with the words: their tokens have the ids after the vocabulary's, in order. Matching ignores case, and words
 * within longer words do not match.
 */
export function withWords(tokenizer: Tokenizer, embeddings: readonly Embedding[]): Tokenizer {
  if (embeddings.length === 0) return tokenizer;
  let next = tokenizer.vocabSize;
  const ids = new Map<string, number[]>();
  const words = new Map<number, string>();
  for (const { word, vectors } of embeddings) {
    const own = Array.from({ length: vectors.shape[0] }, () => next++);
    ids.set(word.toLowerCase(), own);
    for (const [i, id] of own.entries()) words.set(id, i === 0 ? word : '');
  }
  // Longest first, so that a word that starts with another one is found.
  const patterns = embeddings.map(({ word }) => word).sort((a, b) => b.length - a.length);
  const splitter = new RegExp(`(${patterns.map(patternOf).join('|')})`, 'iu');
  return tokenizer.extended(
    next,
    (prompt, inner) => prompt.split(splitter).flatMap((text) => ids.get(text.toLowerCase()) ?? inner(text)),
    (id) => words.get(id),
  );
}

/** The word as a regular expression; letters and digits at its ends must be ends of a whole word. */
function patternOf(word: string): string {
  const literal = word.replace(/[\\^$.*+?()[\]{}|/]/g, (mark) => `\\${mark}`);
  const [before, after] = [/^[\p{L}\p{N}_]/u.test(word), /[\p{L}\p{N}_]$/u.test(word)];
  return `${before ? '(?<![\\p{L}\\p{N}_])' : ''}${literal}${after ? '(?![\\p{L}\\p{N}_])' : ''}`;
}

/**
 * The inputs of a text encoder with learned words from token ids [B, T]: ids of its own table, and `learned` [B, T, D] with
 * the vectors where `kept` [B, T, 1] is 0.
 */
export function splitIds(
  ids: Int32Array,
  shape: readonly [batch: number, tokens: number],
  embeddings: readonly Embedding[],
  { vocabSize }: { readonly vocabSize: number },
): Record<'ids' | 'learned' | 'kept', Tensor> {
  const width = embeddings[0].vectors.shape[1];
  const all = embeddings.flatMap(({ vectors }) =>
    Array.from({ length: vectors.shape[0] }, (_, i) => vectors.data.subarray(i * width, (i + 1) * width)),
  );
  const learned = new Float32Array(ids.length * width);
  const kept = new Float32Array(ids.length).fill(1);
  const own = ids.slice();
  for (const [i, id] of ids.entries()) {
    if (id < vocabSize) continue;
    learned.set(all[id - vocabSize], i * width);
    kept[i] = 0;
    own[i] = 0;
  }
  return {
    ids: tensor('int32', shape, own),
    learned: tensor('float32', [...shape, width], learned),
    kept: tensor('float32', [...shape, 1], kept),
  };
}
