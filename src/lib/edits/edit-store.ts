// Stores finished edits of an unfinished call on disk, from which an interrupted call continues.

import { existsSync } from 'node:fs';
import { readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from '../base/atomic-file.js';
import { makeFolder } from '../base/atomic-folder.js';
import { sha256, sha256Json } from '../base/hash.js';
import { VERSION } from '../base/version.js';
import type { SeenFrame } from '../diffusion/seen-frames.js';
import { requestOf } from '../models/controls/controls.js';
import { loraFiles } from '../models/lora/source.js';
import type { Model } from '../models/model.js';
import { embeddingFile } from '../models/text/textual-inversion.js';
import { identifyingSettings } from '../settings/stored.js';
import { DENOISE } from '../settings/table.js';
import type { Frame } from '../tensor/frame.js';
import { readPicture, writePicture } from '../video/still.js';
import type { DenoiseSettings } from './edit-options.js';

/** Edits of one picture by one model, prompt and sampler. */
export interface EditStore {
  /** The stored edit of this name; undefined if there is none or it is damaged. */
  read(name: string): Promise<Frame | undefined>;
  write(name: string, frame: Frame): Promise<void>;
  /** Deletes the store. */
  remove(): Promise<void>;
}

/**
 * Opens the store `PARENT/.unfinished-edits-KEY`, which is created at the first write. The key is a hash of everything that
 * determines an edit except its strength and seed; weights are identified by the size and date of their files.
 */
export async function openEditStore(
  parent: string,
  model: Model,
  { frame: picture, maps = new Map() }: SeenFrame,
  settings: DenoiseSettings,
): Promise<EditStore> {
  const files = [
    ...model.checkpoint.files,
    ...model.loras.flatMap(({ file }) => loraFiles(file)),
    ...model.embeddings.map(({ file }) => embeddingFile(file)),
    ...model.controls.flatMap(({ opened }) => opened.files),
  ];
  const weights = await Promise.all(files.map(async (file) => [(await stat(file)).size, (await stat(file)).mtimeMs]));
  const key = sha256Json({
    version: VERSION,
    files,
    weights,
    prediction: model.config.predictionType,
    scales: model.loras.map(({ scale = 1 }) => scale),
    words: model.embeddings.map(({ word }) => word),
    clipSkip: model.clipSkip,
    controls: model.controls.length > 0 ? model.controls.map(requestOf) : undefined,
    device: model.runsOn,
    picture: [picture.width, picture.height, sha256(picture.data)],
    maps: maps.size > 0 ? [...maps.values()].map(({ data }) => sha256(data)) : undefined,
    denoise: identifyingSettings(DENOISE, settings),
  }).slice(0, 16);
  const folder = join(parent, `.unfinished-edits-${key}`);
  const pathOf = (name: string): string => join(folder, `${name}.png`);
  const sumOf = (name: string): string => `${pathOf(name)}.sha256`;
  return {
    async read(name) {
      if (!existsSync(pathOf(name))) return undefined;
      const expected = await readFile(sumOf(name), 'utf8').catch(() => undefined);
      const frame = await readPicture(pathOf(name)).catch(() => undefined);
      return frame && sha256(frame.data) === expected?.trim() ? frame : undefined;
    },
    async write(name, frame) {
      await makeFolder(folder);
      await writeFileAtomic(sumOf(name), `${sha256(frame.data)}\n`);
      await writePicture(pathOf(name), frame);
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
