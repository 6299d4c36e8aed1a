// Pieces of the schemas of `config.json` files, and the error about values that do not fit together.

import { z } from 'zod';
import { UsageError } from '../../base/errors.js';
import { shownJson } from './json-file.js';

/** A longer side than any model was trained at. */
const MOST_PIXELS = 16_384;

/** A JSON object as it came from a file. */
export type Json = Record<string, unknown>;
/** @internal A number of something, below what any index can count. */
export const count = z
  .int()
  .positive()
  .max(2 ** 31 - 1);
/**
 * @internal How many layers of a kind: more than any model of this architecture has, and few enough that a file cannot make
 *   us build for minutes what its tensors then contradict.
 */
export const layers = z.int().positive().max(128);
/** @internal One number a level. */
export const counts = z.array(count).min(1).max(16);
/** @internal A side, or height and width, of which the height is taken. */
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

/** @internal Blocks by diffusers' class names; any other class is an architecture that is not built here. */
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
