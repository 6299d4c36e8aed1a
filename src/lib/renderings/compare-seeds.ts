// The same video under several seeds at one strength, with the same noise for all frames or different noise for each.

import type { NoiseMode } from '../diffusion/restyle.js';
import type { Model } from '../models/model.js';
import { COMPARED_SEEDS } from '../settings/lists.js';
import { RENDER } from '../settings/table.js';
import type { VideoInput } from '../video/read/video.js';
import { compareRenderings } from './comparison.js';
import type { ComparisonOptions, ComparisonPlan, ComparisonResult } from './comparison-options.js';
import { type PlanOptions, planComparison } from './comparison-plan.js';
import type { Rendering } from './rendering.js';

/** Options of a comparison of seeds. */
export interface CompareSeedsOptions extends ComparisonOptions {
  /** Seeds of the noise, one rendering each; 1, 2 and 3 by default. */
  seeds?: readonly number[];
  /** Share of the steps that is executed, in (0, 1]. */
  strength?: number;
  /** Noise modes; every mode is rendered for every seed. `['fixed']` by default. */
  noise?: readonly NoiseMode[];
}

/**
 * Renders a video under each seed (and noise mode) and compares the renderings; `ComparisonResult` lists the files.
 *
 * @throws UsageError for a bad video, seed, strength or folder; FailureError when latents turn NaN or the disk is full
 */
export function compareSeeds(model: Model, video: VideoInput, options: CompareSeedsOptions): Promise<ComparisonResult> {
  return compareRenderings(model, { kind: 'seeds', video, renderings: renderingsOf(options) }, options);
}

/** Plans and checks a comparison of seeds without rendering. */
export function planCompareSeeds(
  model: Model,
  video: VideoInput,
  options: CompareSeedsOptions & PlanOptions,
): Promise<ComparisonPlan> {
  return planComparison(model, { video, renderings: renderingsOf(options) }, options);
}

function renderingsOf({
  seeds = COMPARED_SEEDS,
  strength = RENDER.strength.default,
  noise = [RENDER.noise.default],
  ...options
}: CompareSeedsOptions): Rendering[] {
  const several = noise.length > 1;
  const steady = options.steady ? ', steady' : '';
  return noise.flatMap((mode) =>
    seeds.map((seed) => ({
      name: several || mode !== 'fixed' ? `seed-${seed}-${mode}` : `seed-${seed}`,
      label: `seed ${seed}${several || mode !== 'fixed' ? `, ${mode} noise` : ''}${steady}`,
      options: { ...options, strength, seed, noise: mode },
    })),
  );
}
