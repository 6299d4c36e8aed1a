// Pieces of the schemas of `config.json` files, and the error about values that do not fit together.

import { z } from 'zod';
import { UsageError } from '../../base/errors.js';
import { shownJson } from './json-file.js';

/** Longer than the side of any model's training. */
const MOST_PIXELS = 16_384;

/** A JSON object from a file, unchecked. */
export type Json = Record<string, unknown>;
/** @internal A count, within the range of indices. */
export const count = z
  .int()
  .positive()
  .max(2 ** 31 - 1);
/**
 * @internal A number of layers, up to more than any model of this architecture has; the limit keeps a wrong file from
 *   building a huge network.
 */
export const layers = z.int().positive().max(128);
/** @internal One number a level. */
export const counts = z.array(count).min(1).max(16);
/** @internal A side, or height and width, of which the height is used. */
export const size = z.union([
  z.int().positive().max(MOST_PIXELS),
  z.tuple([z.int().positive().max(MOST_PIXELS), count]).transform(([height]) => height),
]);

/** @internal A key that may be absent or have one of these values, and no other. */
export function only<T extends string | number | boolean | null>(...values: [T, ...T[]]) {
  return z
    .literal(values, { error: () => `expected ${values.map((value) => JSON.stringify(value)).join(' or ')}` })
    .optional();
}

/** @internal Blocks by diffusers' class names; other classes are unsupported architectures. */
export function blocks<T>(kinds: Readonly<Record<string, T>>) {
  const names = Object.keys(kinds);
  return z
    .array(z.enum(names, { error: () => `expected ${names.join(' or ')}` }).transform((name) => kinds[name]))
    .min(1);
}

/** The error about a value that contradicts another one of the same file. */
export function mismatch(where: string, key: string, value: unknown, expected: string): UsageError {
  return new UsageError(
    `${where}: ${key} is ${shownJson(value)}, expected ${expected}; correct the file or use the checkpoint's own`,
  );
}
