// Settings of work that can be interrupted: what must be the same when it goes on.

import { UsageError } from './errors.js';
import { canonicalJson } from './hash.js';

/** Everything that decides what a piece of work computes; equal settings give equal bits. Values are JSON's. */
export type Settings = Readonly<Record<string, unknown>>;

/**
 * Checks that unfinished work may be continued.
 *
 * @throws UsageError naming what differs
 */
export function assertSameSettings(folder: string, before: Settings, now: Settings): void {
  const [old, wanted] = [leaves(before), leaves(now)];
  const keys = [...new Set([...old.keys(), ...wanted.keys()])].sort();
  const differences = keys
    .filter((key) => old.get(key) !== wanted.get(key))
    .map((key) => `${key}: ${old.get(key) ?? 'nothing'} before, ${wanted.get(key) ?? 'nothing'} now`);
  if (differences.length === 0) return;
  throw new UsageError(
    `${folder}: cannot be continued with other settings (${differences.join('; ')}); use the same ones, or another folder`,
  );
}

/** The values of nested settings by their path, `denoise.steps`; hashes are cut to what tells them apart. */
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
