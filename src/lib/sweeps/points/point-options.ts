// The settings of a point as options of the library's functions.

import type { LoadModelOptions } from '../../models/model.js';
import type { RenderingOptions } from '../../renderings/rendering.js';
import type { OptionsOf } from '../../settings/setting.js';
import { optionsFromStored } from '../../settings/stored.js';
import { APPLIED, CHECKPOINT, RENDER, SELECTION, STEADIED, TRAINING } from '../../settings/table.js';
import type { FinetuneOptions } from '../../training/finetune/options.js';
import type { PointSettings } from '../file/point-settings.js';

/** Options of the source's selection and size. */
export function sourceOptions(settings: PointSettings): OptionsOf<typeof SELECTION> {
  const options = optionsFromStored(SELECTION, settings);
  return typeof options.size === 'string' ? { ...options, size: sidesIn(options.size) } : options;
}

function sidesIn(text: string): { width: number; height: number } {
  const [width, height] = text.split('x').map(Number);
  return { width, height };
}

/** Options of opening the model. */
export function modelOptions(
  settings: PointSettings,
): Required<Pick<LoadModelOptions, 'loras' | 'embeddings'>> & LoadModelOptions {
  const filed = <T>(entries: readonly (string | T)[] = []) =>
    entries.map((each) => (typeof each === 'string' ? { file: each } : each));
  return {
    ...optionsFromStored({ ...CHECKPOINT, ...APPLIED }, settings),
    embeddings: filed(settings.embeddings),
    loras: filed(settings.loras),
  };
}

/** Options of rendering frames. */
export function renderOptions(settings: PointSettings): RenderingOptions {
  return optionsFromStored({ ...RENDER, ...STEADIED }, settings) as unknown as RenderingOptions;
}

/** Options of training, without folder, edits and iterations. */
export function trainingOptions(settings: PointSettings): Omit<FinetuneOptions, 'out' | 'edits' | 'iterations'> {
  const { iterations: _iterations, ...rows } = TRAINING;
  return optionsFromStored(rows, settings);
}
