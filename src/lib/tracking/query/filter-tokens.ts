// Splits the text of a filter into words, numbers, quoted texts and signs, each with its place, so that errors can point at
// it.

import { UsageError } from '../../base/errors.js';

/** A piece of a filter. */
export interface Token {
  readonly kind: 'word' | 'number' | 'text' | 'sign' | 'end';
  /** What it means: a quoted text without its quotes, a key without its backticks. */
  readonly value: string;
  /** As it was written. */
  readonly source: string;
  /** Characters before it. */
  readonly start: number;
  /** The key of `metrics.key` or ``metrics.`a key` ``; absent for other words. */
  readonly key?: string;
}

/**
 * The pieces of a filter, and an `end`.
 *
 * @throws UsageError for a quote without its end, or a character that belongs nowhere
 */
export function filterTokens(text: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  const take = (pattern: RegExp): RegExpExecArray | null => {
    const sticky = new RegExp(pattern, `${pattern.flags}y`);
    sticky.lastIndex = at;
    return sticky.exec(text);
  };
  for (;;) {
    at += take(/\s*/u)![0].length;
    if (at >= text.length) break;
    const start = at;
    const add = (kind: Token['kind'], value: string, source: string, key?: string): void => {
      tokens.push({ kind, value, source, start, ...(key !== undefined && { key }) });
      at = start + source.length;
    };
    const quoted = take(/'((?:[^'\\]|\\.|'')*)'|"((?:[^"\\]|\\.|"")*)"/u);
    const number = take(/[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?(?![\w.])|[-+]?(?:inf|infinity|nan)(?![\w.])/iu);
    // A key is in quotes, or everything up to a space, a sign or a parenthesis.
    const word = take(/([\p{L}_]\w*)(?:\.(?:`([^`]*)`|"([^"]*)"|([\p{L}\p{N}_.\-/]+)))?/u);
    const sign = take(/<=|>=|!=|<>|==|[=<>(),]/u);
    if (quoted) add('text', unquote(quoted), quoted[0]);
    else if (number) add('number', number[0], number[0]);
    else if (word) add('word', word[1].toLowerCase(), word[0], word[2] ?? word[3] ?? word[4]);
    else if (sign) add('sign', sign[0].replace('<>', '!=').replace('==', '='), sign[0]);
    else throw strange(text, start);
  }
  tokens.push({ kind: 'end', value: '', source: '', start: text.length });
  return tokens;
}

function strange(text: string, start: number): UsageError {
  const place = text[start] === '.' && /["`]/.test(text[start + 1] ?? '') ? start + 1 : start;
  return filterError(text, place, `'${text[place]}' ${/['"`]/.test(text[place]) ? 'has no end' : 'belongs nowhere'}`);
}

/** A doubled or escaped quote stands for itself; other escapes stay, as patterns of LIKE use them. */
function unquote([source, single, double]: RegExpExecArray): string {
  const quote = source[0];
  return (single ?? double).replaceAll(quote + quote, quote).replaceAll(`\\${quote}`, quote);
}

/** An error that says where in the filter it is. */
export function filterError(text: string, start: number, problem: string): UsageError {
  const place = start >= text.length ? 'at its end' : `at character ${start + 1}`;
  return new UsageError(`the filter "${shown(text)}" cannot be read ${place}: ${problem}`);
}

/** A filter as errors repeat it. */
function shown(text: string): string {
  return text.length > 200 ? `${text.slice(0, 200)}...` : text;
}
