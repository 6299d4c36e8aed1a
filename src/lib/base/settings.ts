// Settings of resumable work, which must be the same when it continues.

import { brief } from './brief.js';
import { UsageError } from './errors.js';
import { canonicalJson } from './hash.js';

/** Everything that determines the result of a piece of work; equal settings give equal bits. Values are JSON's. */
export type Settings = Readonly<Record<string, unknown>>;

/** Most differences in an error, and most characters of each. */
const TOLD = 10;
const LENGTH = 120;

/**
 * Checks that unfinished work may be continued.
 *
 * @throws UsageError naming the differences
 */
export function assertSameSettings(folder: string, before: Settings, now: Settings): void {
  const [old, wanted] = [leaves(before), leaves(now)];
  const keys = [...new Set([...old.keys(), ...wanted.keys()])].sort();
  const differences = keys
    .filter((key) => old.get(key) !== wanted.get(key))
    .map((key) => `${brief(key)}: ${side(old, key)} before, ${side(wanted, key)} now`);
  if (differences.length === 0) return;
  if (differences.length > TOLD) differences.splice(TOLD, Infinity, `and ${differences.length - TOLD} more`);
  throw new UsageError(
    `${folder}: cannot be continued with other settings (${differences.join('; ')}); use the same ones, or another folder`,
  );
}

const side = (values: ReadonlyMap<string, string>, key: string): string => brief(values.get(key) ?? 'nothing', LENGTH);

/** The values of nested settings by their path, such as `denoise.steps`; hashes are shortened. */
function leaves(value: unknown, path = '', found: Map<string, string> = new Map()): Map<string, string> {
  if (typeof value === 'object' && value !== null) {
    for (const [key, inner] of Object.entries(value)) leaves(inner, path ? `${path}.${key}` : key, found);
  } else if (value !== undefined) {
    found.set(
      path,
      canonicalJson(typeof value === 'string' ? value.replace(/^[0-9a-f]{64}$/, (h) => h.slice(0, 8)) : value),
    );
  }
  return found;
}
