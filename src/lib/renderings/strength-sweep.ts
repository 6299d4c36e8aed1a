// The same video at several strengths under one seed and one noise: where does the edit begin, where do objects vanish?

import type { Model } from '../models/model.js';
import { compareCells } from './comparison.js';
import type { ComparisonOptions, ComparisonPlan, ComparisonResult } from './comparison-options.js';
import { planComparison } from './comparison-plan.js';
import type { Cell } from './rendering.js';

/** Options of a strength sweep. */
export interface StrengthSweepOptions extends ComparisonOptions {
  /** Strengths in (0, 1], one cell each. */
  strengths: readonly number[];
  /** Seed of the noise that all frames and cells share; 42 by default. */
  seed?: number;
}

/**
 * Renders a video at each strength and compares them; see `ComparisonResult` for what is written.
 *
 * @throws UsageError for a bad video, strength or folder; FailureError when latents turn NaN or the disk is full
 */
export function strengthSweep(model: Model, video: string, options: StrengthSweepOptions): Promise<ComparisonResult> {
  return compareCells('sweep', model, video, cellsOf(options), options);
}

/** What a strength sweep would render, checked without rendering. */
export function planStrengthSweep(model: Model, video: string, options: StrengthSweepOptions): Promise<ComparisonPlan> {
  return planComparison(model, video, cellsOf(options), options);
}

function cellsOf({ strengths, seed = 42, ...options }: StrengthSweepOptions): Cell[] {
  return strengths.map((strength) => ({
    name: `strength-${strength}`,
    label: `strength ${strength}`,
    options: { ...options, strength, seed },
  }));
}
