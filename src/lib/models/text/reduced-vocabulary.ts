// A byte-pair vocabulary reduced to the merges of some words, for text encoders with few rows.

import type { Vocabulary } from './clip-bpe.js';

const END_OF_WORD = '</w>';

/**
 * The part of a vocabulary that encodes `words` as the whole does: all single bytes, the merges of these words in order, and
 * the special tokens. Other words are encoded in smaller pieces. Ids are numbered again from 0.
 *
 * @param words lower-case words of ASCII letters
 */
export function reduceVocabulary({ vocab, merges }: Vocabulary, words: Iterable<string>): Vocabulary {
  const ranks = new Map(merges.map((pair, rank) => [pair.join(' '), rank]));
  const used = new Set<number>();
  for (const word of words) {
    for (const rank of mergesOf(word, ranks)) used.add(rank);
  }
  const kept = merges.filter((_, rank) => used.has(rank));
  const merged = new Set(merges.map(([left, right]) => left + right));
  const inOrder = Object.keys(vocab).sort((a, b) => vocab[a] - vocab[b]);
  const isSpecial = (token: string) => /^<\|.*\|>$/.test(token);
  const single = inOrder.filter((token) => !merged.has(token) && !isSpecial(token));
  const tokens = [...single, ...kept.map(([left, right]) => left + right), ...inOrder.filter(isSpecial)];
  return { vocab: Object.fromEntries(tokens.map((token, id) => [token, id])), merges: kept };
}

/** Ranks of the merges of a word: always the earliest pair of the table first (Sennrich et al. 2016). */
function mergesOf(word: string, ranks: ReadonlyMap<string, number>): number[] {
  const symbols = [...word];
  symbols.push(`${symbols.pop()}${END_OF_WORD}`);
  const used: number[] = [];
  for (;;) {
    const candidates = symbols
      .slice(1)
      .map((right, i) => ranks.get(`${symbols[i]} ${right}`) ?? Number.POSITIVE_INFINITY);
    const best = Math.min(...candidates);
    if (!Number.isFinite(best)) return used;
    used.push(best);
    const at = candidates.indexOf(best);
    symbols.splice(at, 2, symbols[at] + symbols[at + 1]);
  }
}
