// One update of a finetuning.

import type { TrainingStep } from '../loop/train.js';
import type { Preview } from './preview.js';

/** One update of a finetuning, with the measurements after it. */
export interface FinetuneStep extends Omit<TrainingStep, 'state'> {
  /** The preview after this update, if one was due. */
  readonly preview?: Preview;
  /** Mean squared change of the UNet's predictions for held-out prompts, at each preview and each checkpoint. */
  readonly forgetting?: number;
  /** At the first update: the preview of the base or resumed model before it. */
  readonly before?: Preview;
}
