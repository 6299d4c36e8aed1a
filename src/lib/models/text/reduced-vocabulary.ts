// A byte-pair vocabulary cut down to the merges that some words need: a small text encoder needs no more rows than that.

import type { Vocabulary } from './clip-bpe.js';

const END_OF_WORD = '</w>';

/**
 * The part of a vocabulary that encodes `words` as the whole does: all its single bytes, the merges that these words go
 * through in their order, and its special tokens. Other words still encode, in smaller pieces. Ids are counted anew.
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

/** Ranks of the merges that a word goes through: always the earliest pair of the table first (Sennrich et al. 2016). */
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
