// Edits that are finished while others are still being made, kept on disk so that an interrupted proposal goes on from there.

import { existsSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from '../base/atomic-file.js';
import { makeFolder } from '../base/atomic-folder.js';
import { sha256, sha256Json } from '../base/hash.js';
import { VERSION } from '../base/version.js';
import { loraFiles } from '../models/lora/source.js';
import type { Model } from '../models/model.js';
import { embeddingFile } from '../models/text/textual-inversion.js';
import type { Frame } from '../tensor/frame.js';
import { readPicture, writePicture } from '../video/still.js';
import type { EditStore, RenderEditsOptions } from './render-edits.js';

/**
 * A store for the edits of one picture by one model under one prompt and sampler; others find nothing of it. Weights are told
 * apart by the size and date of their files. An edit that is damaged is made again.
 *
 * @throws UsageError when the folder cannot be made
 */
export async function openEditStore(
  folder: string,
  model: Model,
  picture: Frame,
  options: Omit<RenderEditsOptions, 'signal'>,
): Promise<EditStore> {
  const { prompt, negativePrompt = '', guidanceScale = 7.5, steps = 50, sampler = 'ddim', noiseDraw = 1 } = options;
  const files = [
    ...model.checkpoint.files,
    ...model.loras.flatMap(({ file }) => loraFiles(file)),
    ...model.embeddings.map(({ file }) => embeddingFile(file)),
  ];
  const weights = await Promise.all(files.map(async (file) => [(await stat(file)).size, (await stat(file)).mtimeMs]));
  const key = sha256Json({
    version: VERSION,
    files,
    weights,
    ...(model.checkpoint.options.prediction !== undefined && { prediction: model.config.predictionType }),
    scales: model.loras.map(({ scale = 1 }) => scale),
    ...(model.embeddings.length > 0 && { words: model.embeddings.map(({ word }) => word) }),
    ...(model.clipSkip > 0 && { clipSkip: model.clipSkip }),
    device: model.device,
    picture: [picture.width, picture.height, sha256(picture.data)],
    denoise: { prompt, negativePrompt, guidanceScale, steps, sampler, noiseDraw },
  }).slice(0, 16);
  const pathOf = (name: string): string => join(folder, `${key}-${name}.png`);
  await makeFolder(folder);
  const sumOf = (name: string): string => `${pathOf(name)}.sha256`;
  return {
    async read(name) {
      if (!existsSync(pathOf(name))) return undefined;
      const expected = await readFile(sumOf(name), 'utf8').catch(() => undefined);
      const frame = await readPicture(pathOf(name)).catch(() => undefined);
      return frame && sha256(frame.data) === expected?.trim() ? frame : undefined;
    },
    async write(name, frame) {
      await writeFileAtomic(sumOf(name), `${sha256(frame.data)}\n`);
      await writePicture(pathOf(name), frame);
    },
  };
}
