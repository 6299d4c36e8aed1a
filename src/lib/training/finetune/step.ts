// One update of a finetuning.

import type { TrainingStep } from '../loop/train.js';
import type { Preview } from './preview.js';

/** One update of a finetuning, with what was measured after it. */
export interface FinetuneStep extends Omit<TrainingStep, 'state'> {
  /** What the model renders after this update, where a preview was due. */
  readonly preview?: Preview;
  /** Mean squared change of the UNet's predictions for held-aside prompts, with each preview and each checkpoint. */
  readonly forgetting?: number;
  /** With the first update: the preview of the model as it was before, untouched or as it was resumed. */
  readonly before?: Preview;
}
