// The same video at several strengths with the same seed and noise: where does the edit begin, where do objects vanish?

import { UsageError } from '../base/errors.js';
import { given } from '../base/given.js';
import type { NoiseMode } from '../diffusion/restyle.js';
import type { Model } from '../models/model.js';
import { SWEEP_STRENGTHS } from '../settings/lists.js';
import { largestStrength } from '../settings/schedule.js';
import type { VideoInput } from '../video/read/video.js';
import { compareRenderings } from './comparison.js';
import type { ComparisonOptions, ComparisonPlan, ComparisonResult } from './comparison-options.js';
import { type PlanOptions, planComparison } from './comparison-plan.js';
import type { Rendering } from './rendering.js';

/** Options of a strength sweep. */
export interface StrengthSweepOptions extends ComparisonOptions {
  /** Strengths in (0, 1], one rendering each; 0.45 and 0.75 by default. */
  strengths?: readonly number[];
  /** Seed of the noise of all renderings. */
  seed?: number;
  /** Noise mode; `fixed` by default. */
  noise?: NoiseMode;
}

/**
 * Renders a video at each strength and compares the renderings; `ComparisonResult` lists the files.
 *
 * @throws UsageError for a bad video, strength or folder; FailureError when latents turn NaN or the disk is full
 */
export function strengthSweep(
  model: Model,
  video: VideoInput,
  options: StrengthSweepOptions,
): Promise<ComparisonResult> {
  return compareRenderings(model, { kind: 'sweep', video, renderings: renderingsOf(options) }, options);
}

/** Plans and checks a strength sweep without rendering. */
export function planStrengthSweep(
  model: Model,
  video: VideoInput,
  options: StrengthSweepOptions & PlanOptions,
): Promise<ComparisonPlan> {
  return planComparison(model, { video, renderings: renderingsOf(options) }, options);
}

function renderingsOf({ strengths, seed, ...options }: StrengthSweepOptions): Rendering[] {
  const steady = options.steady ? ', steady' : '';
  const { strengthSchedule: schedule } = options;
  if (schedule !== undefined) {
    if (strengths) throw new UsageError('strength: both a list and a schedule are given; leave one of them out');
    const own = {
      ...options,
      strength: largestStrength({ strength: 1, strengthSchedule: schedule }),
      ...given({ seed }),
    };
    return [{ name: 'strength-schedule', label: `strength ${schedule}${steady}`, options: own }];
  }
  return (strengths ?? SWEEP_STRENGTHS).map((strength) => ({
    name: `strength-${strength}`,
    label: `strength ${strength}${steady}`,
    options: { ...options, strength, ...given({ seed }) },
  }));
}
