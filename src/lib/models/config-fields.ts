// Pieces of the schemas of `config.json` files, and the error about values that do not fit together.

import { z } from 'zod';
import { UsageError } from '../base/errors.js';

/** A JSON object as it came from a file. */
export type Json = Record<string, unknown>;
/** @internal A number of something. */
export const count = z.int().positive();
/** @internal One number a level. */
export const counts = z.array(count).min(1);
/** @internal A side, or height and width, of which the height is taken. */
export const size = z.union([count, z.tuple([count, count]).transform(([height]) => height)]);

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
    `${where}: ${key} is ${JSON.stringify(value)}, expected ${expected}; correct the file or use the checkpoint's own`,
  );
}
