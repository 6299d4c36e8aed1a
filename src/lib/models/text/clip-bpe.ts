// CLIP's byte-pair encoding of prompts with a given vocabulary. @huggingface/tokenizers does the merging; CLIP's rules, the
// special tokens and the padding are here. Equal to transformers' CLIPTokenizer, except for letters on which their Unicode
// versions differ.

import { Tokenizer as BytePairTokenizer } from '@huggingface/tokenizers';
import { UsageError } from '../../base/errors.js';

/** CLIP's special tokens: before a prompt, and after it. */
export const [START, END] = ['<|startoftext|>', '<|endoftext|>'] as const;

/** Token ids of a prompt in the text encoder's length, and the text that was cut off (null: none). */
export interface TokenizedPrompt {
  readonly ids: Int32Array;
  readonly truncated: string | null;
}

/** Turns prompts into token ids. */
export interface Tokenizer {
  readonly modelMaxLength: number;
  /** The largest id plus one. */
  readonly vocabSize: number;
  readonly startId: number;
  readonly endId: number;
  readonly padId: number;
  /** The files it was read from. */
  readonly files: readonly string[];
  /** Start token, the prompt's tokens, end token, padding; a prompt that is too long is cut at its end. */
  encode(prompt: string): TokenizedPrompt;
  /** The text of token ids, in the lower case of the vocabulary. */
  decode(ids: Iterable<number>): string;
  /** Whether a text is a special token. */
  isSpecial(text: string): boolean;
  /**
   * The same with further tokens.
   *
   * @param split the tokens of a prompt; it passes the texts between further tokens to `inner`
   * @param word the text of a further token
   */
  extended(
    vocabSize: number,
    split: (prompt: string, inner: (text: string) => number[]) => number[],
    word: (id: number) => string | undefined,
  ): Tokenizer;
}

/** Tokens with their ids, and the merged pairs in order. */
export interface Vocabulary {
  readonly vocab: Readonly<Record<string, number>>;
  readonly merges: readonly (readonly [string, string])[];
}

/** The special tokens, by content. */
export interface SpecialTokens {
  readonly start: string;
  readonly end: string;
  readonly pad: string;
  readonly unknown: string;
  /** Further tokens that a checkpoint has learned, by content. */
  readonly added: ReadonlyMap<string, number>;
}

/** Further properties of a tokenizer. */
export interface TokenizerOptions extends Pick<Tokenizer, 'modelMaxLength' | 'files'> {
  /** Names the vocabulary in errors. */
  readonly where: string;
}

/**
 * Makes a tokenizer.
 *
 * @throws UsageError when a special token is not in the vocabulary
 */
export function makeTokenizer(
  { vocab, merges }: Vocabulary,
  special: SpecialTokens,
  { modelMaxLength, where, files }: TokenizerOptions,
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
  // Longest first, as the reference's dictionary matches.
  const pattern = [...specials.keys()].sort((a, b) => b.length - a.length).map((text) => text.replace(/\W/g, '\\$&'));
  const splitter = new RegExp(`(${pattern.join('|')})`);
  const pairs = new BytePairTokenizer(clipDefinition(vocab, merges, special.unknown), {});
  const [startId, endId, padId] = [idOf(special.start), idOf(special.end), idOf(special.pad)];

  const tokensOf = (prompt: string): number[] =>
    // Special tokens must be spelled exactly; everything between them is normalized and merged.
    prompt.split(splitter).flatMap((text) => {
      const id = specials.get(text);
      // The reference lower-cases letter by letter; JavaScript has another sigma at the end of a word.
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
