// CLIP's byte-pair encoding of prompts, given a vocabulary. The merging is @huggingface/tokenizers'; here are CLIP's
// rules, the special tokens and the padding. Equal to transformers' CLIPTokenizer, but for letters of which the two
// know different versions of Unicode.

import { Tokenizer as BytePairTokenizer } from '@huggingface/tokenizers';
import { UsageError } from '../../base/errors.js';

/** Token ids of a prompt, as long as the text encoder takes, and what had to be cut off (null: nothing). */
export interface TokenizedPrompt {
  readonly ids: Int32Array;
  readonly truncated: string | null;
}

/** Turns prompts into token ids. `vocabSize` is the largest id plus one; `files` are those it was read from. */
export interface Tokenizer {
  readonly modelMaxLength: number;
  readonly vocabSize: number;
  readonly startId: number;
  readonly endId: number;
  readonly padId: number;
  readonly files: readonly string[];
  /** Start token, the prompt's tokens, end token, padding; a prompt that is too long loses its end. */
  encode(prompt: string): TokenizedPrompt;
  /** The text of token ids, in lower case, as the vocabulary spells it. */
  decode(ids: Iterable<number>): string;
  /** Whether a text is a token with a meaning of its own. */
  isSpecial(text: string): boolean;
  /**
   * The same with further tokens: `vocabSize` is the new one, `split` gives the tokens of a prompt and leaves texts to
   * `inner`, `word` is the text of a further token.
   */
  extended(
    vocabSize: number,
    split: (prompt: string, inner: (text: string) => number[]) => number[],
    word: (id: number) => string | undefined,
  ): Tokenizer;
}

/** Tokens with their ids, and the pairs that are merged, in order. */
export interface Vocabulary {
  readonly vocab: Readonly<Record<string, number>>;
  readonly merges: readonly (readonly [string, string])[];
}

/** The tokens with a meaning of their own, by content. */
export interface SpecialTokens {
  readonly start: string;
  readonly end: string;
  readonly pad: string;
  readonly unknown: string;
  /** Further tokens that a checkpoint has learned, by content. */
  readonly added: ReadonlyMap<string, number>;
}

/**
 * Makes a tokenizer; `where` names the vocabulary in errors, `files` are those it was read from.
 *
 * @throws UsageError when a special token is not in the vocabulary
 */
export function makeTokenizer(
  { vocab, merges }: Vocabulary,
  special: SpecialTokens,
  modelMaxLength: number,
  where: string,
  files: readonly string[],
): Tokenizer {
  const idOf = (content: string): number => {
    const id = Object.hasOwn(vocab, content) ? vocab[content] : special.added.get(content);
    if (id !== undefined) return id;
    throw new UsageError(
      `${where}: the special token ${content} is not in the vocabulary; tokenizer_config.json and vocab.json belong to different tokenizers`,
    );
  };
  const specials = new Map(
    [special.start, special.end, special.pad, special.unknown, ...special.added.keys()].map((content) => [
      content,
      idOf(content),
    ]),
  );
  const contents = new Map([...specials].map(([content, id]) => [id, content]));
  // Longest first: what the reference's dictionary matches.
  const pattern = [...specials.keys()].sort((a, b) => b.length - a.length).map((text) => text.replace(/\W/g, '\\$&'));
  const splitter = new RegExp(`(${pattern.join('|')})`);
  const pairs = new BytePairTokenizer(clipDefinition(vocab, merges, special.unknown), {});
  const [startId, endId, padId] = [idOf(special.start), idOf(special.end), idOf(special.pad)];

  const tokensOf = (prompt: string): number[] =>
    // Special tokens count only as they are written; everything between them is normalized and merged.
    prompt.split(splitter).flatMap((text) => {
      const id = specials.get(text);
      // Lower case letter by letter as the reference has it: JavaScript alone knows a sigma at the end of a word.
      return id === undefined ? pairs.encode(text.replaceAll('Σ', 'σ'), { add_special_tokens: false }).ids : [id];
    });

  const make = (
    vocabSize: number,
    tokens: (prompt: string) => number[],
    word: (id: number) => string | undefined,
  ): Tokenizer => {
    const decode = (ids: Iterable<number>): string => {
      let text = '';
      let run: number[] = [];
      const flush = () => {
        if (run.length > 0) text += pairs.decode(run, { clean_up_tokenization_spaces: false });
        run = [];
      };
      for (const id of ids) {
        const further = word(id);
        const content = further === undefined ? contents.get(id) : further && ` ${further} `;
        if (content === undefined) run.push(id);
        else {
          flush();
          text += content;
        }
      }
      flush();
      return text.trim();
    };
    return {
      ...{ modelMaxLength, vocabSize, startId, endId, padId, files, decode },
      isSpecial: (text) => specials.has(text),
      extended: (size, split, further) => make(size, (prompt) => split(prompt, tokensOf), further),
      encode(prompt) {
        const all = tokens(prompt);
        const room = modelMaxLength - 2;
        const ids = new Int32Array(modelMaxLength).fill(padId);
        ids.set([startId, ...all.slice(0, room), endId]);
        return { ids, truncated: all.length > room ? decode(all.slice(room)) : null };
      },
    };
  };
  const largest = [...specials.values(), ...Object.values(vocab)].reduce((a, b) => Math.max(a, b), 0);
  return make(1 + largest, tokensOf, () => undefined);
}

/**
 * CLIP's rules in the form that transformers serializes: NFC, one space, lower case; split into words, digits and
 * marks; bytes; merges.
 */
function clipDefinition(vocab: Vocabulary['vocab'], merges: Vocabulary['merges'], unknown: string): object {
  const words = String.raw`<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+`;
  return {
    added_tokens: [],
    normalizer: {
      type: 'Sequence',
      normalizers: [
        { type: 'NFC' },
        { type: 'Replace', pattern: { Regex: String.raw`\s+` }, content: ' ' },
        { type: 'Lowercase' },
      ],
    },
    pre_tokenizer: {
      type: 'Sequence',
      pretokenizers: [
        { type: 'Split', pattern: { Regex: words }, behavior: 'Removed', invert: true },
        { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
      ],
    },
    post_processor: null,
    decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: {
      type: 'BPE',
      vocab,
      merges,
      unk_token: unknown,
      end_of_word_suffix: '</w>',
      continuing_subword_prefix: '',
    },
  };
}
