// Reads JSON files of checkpoints and checks them against a schema.

import { readFileSync, statSync } from 'node:fs';
import type { z } from 'zod';
import { brief } from '../../base/brief.js';
import { UsageError } from '../../base/errors.js';
import { printableLine } from '../../base/printable.js';

/**
 * The content of a text file of a checkpoint.
 *
 * @throws UsageError when the file is missing, cannot be read or is no regular file
 */
export function readTextFile(path: string): string {
  try {
    if (statSync(path).isFile()) return readFileSync(path, 'utf8');
  } catch (error) {
    throw new UsageError(
      `${path}: cannot be read (${(error as NodeJS.ErrnoException).code}); the checkpoint folder is incomplete: copy it whole`,
    );
  }
  throw new UsageError(`${path}: this is not a file; the checkpoint folder is damaged: copy it whole`);
}

const CHECKPOINT = 'use a Stable Diffusion 1.x or 2.x checkpoint';

/**
 * The content of a JSON file.
 *
 * @throws UsageError when the file is missing, is a Git LFS pointer or is not JSON
 */
export function readJsonFile(path: string): unknown {
  const text = readTextFile(path);
  if (text.startsWith('version https://git-lfs')) {
    throw new UsageError(`${path}: this is a Git LFS pointer, not the file; run \`git lfs pull\` in its repository`);
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UsageError(
      `${path}: is not JSON (${printableLine((error as Error).message)}); copy or download it again`,
    );
  }
}

/**
 * The content of a JSON file, checked and with the schema's defaults.
 *
 * @internal
 * @throws UsageError as `readJsonFile`, and naming the first value that does not fit
 */
export function parseJsonFile<T>(path: string, schema: z.ZodType<T>): T {
  return parseJson(readJsonFile(path), schema, path);
}

/**
 * A JSON value, checked and with the schema's defaults; `where` names the file in the error, `remedy` ends it.
 *
 * @internal
 * @throws UsageError naming the first value that does not fit
 */
export function parseJson<T>(value: unknown, schema: z.ZodType<T>, where: string, remedy: string = CHECKPOINT): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const { path, message } = result.error.issues[0];
  let found: unknown = value;
  for (const part of path) found = (found as Record<PropertyKey, unknown> | undefined)?.[part];
  const key = path.length === 0 ? 'its content' : path.join('.');
  const expected = message
    .replace(/^Invalid input: /, '')
    .replace(/, received .*/, '')
    .replace(/^Too (big|small): /, '');
  throw new UsageError(`${where}: ${key} is ${shownJson(found)} (${expected}), which is not supported; ${remedy}`);
}

/** A value in a sentence: the start of its JSON. */
export function shownJson(value: unknown): string {
  let text: string;
  try {
    text = JSON.stringify(value) ?? 'missing';
  } catch {
    text = 'a value nested too deeply to show';
  }
  return brief(text, 80);
}
