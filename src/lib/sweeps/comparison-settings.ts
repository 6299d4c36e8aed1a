// What decides the bits of a comparison, as data: results are told apart, and continued, by it.

import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { UsageError } from '../base/errors.js';
import { canonicalJson, sha256File, sha256Json } from '../base/hash.js';
import { VERSION } from '../base/version.js';
import type { Model } from '../models/model.js';
import type { Cell } from './cell.js';
import type { ComparisonOptions } from './comparison-options.js';

/** Everything that decides what a comparison renders; equal settings render equal bits. */
export type Settings = Readonly<Record<string, unknown>>;

/** The settings of a comparison, with the content of video and weights as hashes. */
export async function settingsOf(
  kind: string,
  model: Model,
  video: string,
  cells: readonly Cell[],
  options: ComparisonOptions,
): Promise<Settings> {
  const { size, start, duration, frames, every, crop, frameRate, columns, audio = false } = options;
  const { prompt, negativePrompt = '', steps = 50, sampler = 'ddim', guidanceScale = 7.5 } = options;
  const { noiseDraw = 1, batch = 1, signal, onProgress } = options;
  const files = [...model.checkpoint.files, ...model.loras.map(({ file }) => file)];
  const hashes = new Map<string, string>();
  for (const [done, file] of files.entries()) {
    signal?.throwIfAborted();
    onProgress?.({ done, total: files.length, label: 'reading the model' });
    if (!hashes.has(file)) hashes.set(file, await sha256File(file));
  }
  onProgress?.({ done: files.length, total: files.length, label: 'reading the model' });
  const settings = {
    kind,
    version: VERSION,
    video: await hashVideo(video),
    selection: { size, start, duration, frames, every, crop, frameRate },
    model: model.checkpoint.files.map((file) => hashes.get(file)).sort(),
    loras: model.loras.map(({ file, scale = 1 }) => ({ sha256: hashes.get(file), scale })),
    device: model.device,
    denoise: { prompt, negativePrompt, steps, sampler, guidanceScale, noiseDraw, batch },
    cells: cells.map(({ name, options: { strength, seed = 42, noise = 'fixed' } }) => ({
      name,
      strength,
      seed: String(seed),
      noise,
    })),
    columns,
    audio,
  };
  return JSON.parse(JSON.stringify(settings));
}

/** A hash of a video's bytes: of the file, or of all files of a folder of pictures. */
export async function hashVideo(path: string): Promise<string> {
  if (!(await stat(path)).isDirectory()) return sha256File(path);
  const hashes: [string, string][] = [];
  for (const entry of (await readdir(path, { withFileTypes: true })).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (entry.isFile()) hashes.push([entry.name, await sha256File(join(path, entry.name))]);
  }
  return sha256Json(hashes);
}

/**
 * Checks that a comparison may be continued.
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
