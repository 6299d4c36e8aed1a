// What decides the bits of a comparison, as data: results are told apart, and continued, by it.

import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256File, sha256Json } from '../base/hash.js';
import type { Settings } from '../base/settings.js';
import { VERSION } from '../base/version.js';
import type { Model } from '../models/model.js';
import type { Cell } from './cell.js';
import type { ComparisonOptions } from './comparison-options.js';

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
async function hashVideo(path: string): Promise<string> {
  if (!(await stat(path)).isDirectory()) return sha256File(path);
  const hashes: [string, string][] = [];
  for (const entry of (await readdir(path, { withFileTypes: true })).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (entry.isFile()) hashes.push([entry.name, await sha256File(join(path, entry.name))]);
  }
  return sha256Json(hashes);
}
