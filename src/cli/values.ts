// Parsers of option values: numbers, lists, sizes, rectangles, times. The library checks their ranges.

import { InvalidArgumentError, Option } from 'commander';
import type { OpenVideoOptions } from '../lib/video/read/open-video.js';

/** A decimal number. */
export function number(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw new InvalidArgumentError('Expected a number.');
  return value;
}

/** A whole number. */
export function integer(text: string): number {
  const value = number(text);
  if (!Number.isSafeInteger(value)) throw new InvalidArgumentError('Expected a whole number.');
  return value;
}

/** A parser of comma-separated values. */
export function listOf<T>(each: (text: string) => T): (text: string) => T[] {
  return (text) => text.split(',').map((part) => each(part.trim()));
}

/** An option whose value is a comma-separated list, with a default. */
export function listOption<T extends string | number>(
  flags: string,
  description: string,
  each: (text: string) => T,
  byDefault: readonly T[],
): Option {
  return new Option(flags, description).argParser(listOf(each)).default(byDefault, byDefault.join(','));
}

/** A parser of one of several words; its `words` are for shell completion. */
export function oneOf<T extends string>(words: readonly T[]): ((text: string) => T) & { readonly words: readonly T[] } {
  const parse = (text: string): T => {
    const word = words.find((known) => known === text);
    if (word === undefined) throw new InvalidArgumentError(`Expected one of ${words.join(', ')}.`);
    return word;
  };
  return Object.assign(parse, { words });
}

/** `512` for the shorter side, or `768x432`. */
export function size(text: string): NonNullable<OpenVideoOptions['size']> {
  const [, width, height] = /^(\d+)(?:[x×](\d+))?$/i.exec(text.trim()) ?? [];
  if (width === undefined) throw new InvalidArgumentError('Expected a side such as 512, or sides such as 768x432.');
  return height === undefined ? Number(width) : { width: Number(width), height: Number(height) };
}

/** `x,y,width,height` in pixels. */
export function rectangle(text: string): NonNullable<OpenVideoOptions['crop']> {
  const sides = text.split(',').map((part) => (/^\s*\d+\s*$/.test(part) ? Number(part) : Number.NaN));
  if (sides.length !== 4 || sides.some(Number.isNaN)) {
    throw new InvalidArgumentError('Expected x,y,width,height in whole pixels, such as 0,0,192,192.');
  }
  const [x, y, width, height] = sides;
  return { x, y, width, height };
}

/** Seconds: `3.2`, `3.2s`, or with minutes and hours `1:03.2`, `1:02:03`. */
export function seconds(text: string): number {
  const match = /^(?:(?:(\d+):)?([0-5]?\d):)?(\d+(?:\.\d*)?|\.\d+)\s*s?$/.exec(text.trim());
  const [, hours = '0', minutes = '0', rest] = match ?? [];
  if (rest === undefined || (minutes !== '0' && Number(rest) >= 60)) {
    throw new InvalidArgumentError('Expected seconds such as 3.2 or 3.2s, or a time such as 1:03.2.');
  }
  return Number(hours) * 3600 + Number(minutes) * 60 + Number(rest);
}
