// Edits that are finished while others are still being made, kept on disk so that an interrupted proposal goes on from there.

import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder } from '../base/atomic-folder.js';
import { sha256, sha256Json } from '../base/hash.js';
import { VERSION } from '../base/version.js';
import type { Model } from '../models/model.js';
import type { Frame } from '../tensor/frame.js';
import { readPicture, writePicture } from '../video/still.js';
import type { EditStore, RenderEditsOptions } from './render-edits.js';

/**
 * A store for the edits of one picture by one model under one prompt and sampler; others find nothing of it. Weights are told
 * apart by the size and date of their files.
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
  const files = [...model.checkpoint.files, ...model.loras.map(({ file }) => file)];
  const weights = await Promise.all(files.map(async (file) => [(await stat(file)).size, (await stat(file)).mtimeMs]));
  const key = sha256Json({
    version: VERSION,
    files,
    weights,
    scales: model.loras.map(({ scale = 1 }) => scale),
    device: model.device,
    picture: [picture.width, picture.height, sha256(picture.data)],
    denoise: { prompt, negativePrompt, guidanceScale, steps, sampler, noiseDraw },
  }).slice(0, 16);
  const pathOf = (name: string): string => join(folder, `${key}-${name}.png`);
  await makeFolder(folder);
  return {
    read: async (name) => (existsSync(pathOf(name)) ? readPicture(pathOf(name)) : undefined),
    write: (name, frame) => writePicture(pathOf(name), frame),
  };
}
