// Settings of the recipe for models of the published size, and for the demo model.

import { PROPOSED_STRENGTHS } from '../settings/lists.js';
import { RENDER } from '../settings/table.js';
import type { Training } from './plan.js';

/** The settings of a preset. */
export interface Preset {
  /** Guidance scales: without finetuning, for proposals of the edited frame, and with finetuning. */
  readonly guidance: { readonly plain: number; readonly proposals?: number; readonly tuned: number };
  /** Strengths of proposals for the edited frame. */
  readonly proposals: readonly number[];
  readonly training: Training;
}

/**
 * Settings for the demo model, which has 1 % of the published size: its own learning rate, and larger batches with fewer
 * iterations. The objective and guidance were chosen by the ground truth over nine shots and prompts; see README.md.
 */
export const DEMO_TRAINING: Training = {
  trainingFrames: 30,
  objective: 'rendering-path',
  train: 'all',
  learningRate: 1e-4,
  iterations: 200,
  trainingBatch: 4,
};

/** Guidance scales for the demo model: without finetuning, for proposals of the edited frame, and with finetuning. */
export const DEMO_GUIDANCE = { plain: 3, proposals: 5, tuned: 1 };

/** Strengths of proposals for the demo model, which loses the composition early; models/demo/README.md has the numbers. */
export const DEMO_PROPOSALS: readonly number[] = [0.55, 0.65, 0.75];

/** Strengths of the plain model: the first is also the finetuned model's, the second shows what a strong edit loses. */
export const RECIPE_STRENGTHS: readonly number[] = [0.45, 0.75, 0.3, 0.6, 0.9, 1];

/** Frames that go through the network together. */
export const RECIPE_BATCH = 4;

const guidance = RENDER.guidanceScale.default;

/** The presets by name: `published` has the published recipe's numbers. */
export const PRESETS: Readonly<Record<'published' | 'demo', Preset>> = {
  published: { guidance: { plain: guidance, tuned: guidance }, proposals: PROPOSED_STRENGTHS, training: {} },
  demo: { guidance: DEMO_GUIDANCE, proposals: DEMO_PROPOSALS, training: DEMO_TRAINING },
};
