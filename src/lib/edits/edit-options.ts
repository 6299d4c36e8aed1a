// Options of edits of one frame.

import { UsageError } from '../base/errors.js';
import type { OnProgress } from '../base/progress.js';
import type { DenoiseOptions } from '../diffusion/img2img.js';
import { type ChosenSettings, chosenSettings } from '../settings/defaults.js';
import type { OptionsOf } from '../settings/setting.js';
import { DENOISE, type OUTPUT, type RENDER } from '../settings/table.js';
import type { TrackingOptions } from '../tracking/log/tracked-work.js';
import type { FrameRequest } from './choose-frame.js';
import type { FrameEdit } from './frame-edit.js';

/** Options of edits of one frame. */
export interface EditFrameOptions
  extends DenoiseOptions,
    OptionsOf<Pick<typeof RENDER, 'noiseDraw'>>,
    OptionsOf<typeof OUTPUT>,
    FrameRequest,
    Omit<TrackingOptions, 'onWarning'> {
  /**
   * Strengths in (0, 1]; 0.45, 0.6 and 0.75 by default, for proposals 0.75, 0.85 and 0.95, under a control
   * 0.75, 0.9 and 1.
   */
  readonly strengths?: readonly number[];
  /** Seeds of the noise at each strength; 42, 43 and 44 by default. */
  readonly seeds?: readonly number[];
  /** New or empty folder to write into; that of the run's artifacts by default. */
  readonly out?: string;
  /** Called after each step with the progress over all edits. */
  readonly onProgress?: OnProgress;
  /** Called with each rendered edit; files are written after all are rendered. */
  readonly onEdit?: (edit: FrameEdit) => void;
}

/** Options of proposals. */
export interface ProposeEditsOptions extends EditFrameOptions {
  /** Pick the best one immediately, as with `pickEdit`. */
  readonly auto?: boolean;
}

/** The settings of the sampler and the prompt, all required. */
export type DenoiseSettings = ChosenSettings<typeof DENOISE>;

/** The settings of edits, all required. */
export type EditSettings = DenoiseSettings & Required<Pick<EditFrameOptions, 'strengths' | 'seeds'>>;

/** Options with their defaults. */
export type ResolvedEditOptions = EditFrameOptions & EditSettings;

/**
 * Options with their defaults.
 *
 * @param lists default strengths and seeds
 * @throws UsageError when there is no strength or no seed
 */
export function resolveEditOptions(
  options: EditFrameOptions,
  { strengths, seeds }: Required<Pick<EditFrameOptions, 'strengths' | 'seeds'>>,
): ResolvedEditOptions {
  const lists = { strengths: options.strengths ?? strengths, seeds: options.seeds ?? seeds };
  for (const [name, values] of Object.entries(lists)) {
    if (values.length === 0) throw new UsageError(`edits of a frame: the list of ${name} is empty; give at least one`);
  }
  return { ...options, ...chosenSettings(DENOISE, options), ...lists };
}
