// What decides the bits of a comparison, as data: results are told apart, and continued, by it.

import { sha256Path } from '../base/hash.js';
import type { Settings } from '../base/settings.js';
import { VERSION } from '../base/version.js';
import { hashModel } from '../models/checkpoint/hash-model.js';
import type { Model } from '../models/model.js';
import { renderSize } from '../video/read/open-for-model.js';
import type { ComparisonOptions } from './comparison-options.js';
import type { Cell } from './rendering.js';

/** The settings of a comparison, with the content of video and weights as hashes. */
export async function settingsOf(
  kind: string,
  model: Model,
  video: string,
  cells: readonly Cell[],
  options: ComparisonOptions,
): Promise<Settings> {
  const { start, duration, frames, every, crop, frameRate, columns, audio = false } = options;
  const { prompt, negativePrompt = '', steps = 50, sampler = 'ddim', guidanceScale = 7.5 } = options;
  const { noiseDraw = 1, batch = 1 } = options;
  const settings = {
    kind,
    version: VERSION,
    video: await sha256Path(video),
    selection: { size: renderSize(model, options.size), start, duration, frames, every, crop, frameRate },
    ...(await hashModel(model, options)),
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
