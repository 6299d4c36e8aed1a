// Classifier-free guidance [Ho and Salimans 2022]: away from what the negative prompt predicts, towards the prompt's.

import { assertSameLength } from '../base/assert.js';
import { UsageError } from '../base/errors.js';
import { guidanceKeys } from '../settings/schedule.js';
import type { OptionsOf } from '../settings/setting.js';
import { RENDER } from '../settings/table.js';

/** The settings of guidance. */
export type GuidanceSettings = Required<
  OptionsOf<Pick<typeof RENDER, 'negativePrompt' | 'guidanceScale' | 'guidanceRescale' | 'guidanceUntil'>>
> &
  OptionsOf<Pick<typeof RENDER, 'guidanceSchedule'>>;

/**
 * Checks the settings of guidance.
 *
 * @param takesScale whether the network takes the scale as an input: then there is no second prediction to combine with
 * @throws UsageError when the scale is not a finite number of at least 0, the rescaling is not in [0, 1], or a setting has no
 *   meaning for the network
 */
export function assertGuidance(settings: GuidanceSettings, takesScale: boolean): void {
  const { negativePrompt, guidanceRescale: share, guidanceUntil: until } = settings;
  const foreign = {
    'negative prompt': negativePrompt !== '',
    'guidance rescale': share !== 0,
    'guidance until': until !== 1,
  };
  for (const [name, isGiven] of Object.entries(foreign)) {
    if (!takesScale || !isGiven) continue;
    throw new UsageError(
      `${name}: this model takes the guidance scale as an input and predicts once, so that it has no effect; leave it out`,
    );
  }
  for (const { value: scale } of guidanceKeys(settings)) {
    if (scale >= 0 && scale < Infinity) continue;
    throw new UsageError(
      `guidance scale: ${scale} is not a number of at least 0; ${RENDER.guidanceScale.default} is usual`,
    );
  }
  if (!(share >= 0 && share <= 1)) {
    throw new UsageError(`guidance rescale: ${share} is not a number from 0 to 1; 0 leaves guidance as it is`);
  }
  if (!(until > 0 && until <= 1)) {
    throw new UsageError(`guidance until: ${until} is not a share above 0 and at most 1; 1 guides all steps`);
  }
}

/**
 * unconditional + scale (conditional - unconditional), element by element. Scale 1 is the conditional prediction alone,
 * 0 the unconditional one.
 *
 * @throws UsageError when the two predictions differ in length
 */
export function combine(unconditional: Float32Array, conditional: Float32Array, scale: number): Float32Array {
  assertSameLength('combine: the conditional prediction', conditional.length, unconditional.length);
  const result = new Float32Array(conditional.length);
  for (let i = 0; i < result.length; i++) {
    result[i] = unconditional[i] + scale * (conditional[i] - unconditional[i]);
  }
  return result;
}

/**
 * Rescales a guided prediction of `rows` samples, each towards the standard deviation of its conditional prediction:
 * x (1 - share + share std(conditional) / std(x)) [Lin et al. 2023, section 3.4]. Share 0 returns the same array.
 */
export function rescale(
  guided: Float32Array,
  conditional: Float32Array,
  { rows, share }: { readonly rows: number; readonly share: number },
): Float32Array {
  if (share === 0) return guided;
  const size = guided.length / rows;
  const result = new Float32Array(guided.length);
  for (let start = 0; start < guided.length; start += size) {
    const [own, wanted] = [guided, conditional].map((values) => deviation(values.subarray(start, start + size)));
    const factor = own > 0 ? 1 - share + (share * wanted) / own : 1;
    for (let i = start; i < start + size; i++) result[i] = factor * guided[i];
  }
  return result;
}

/** Square root of the summed squares about the mean: a standard deviation up to a factor that quotients do not see. */
function deviation(values: Float32Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  const mean = sum / values.length;
  let squares = 0;
  for (const value of values) squares += (value - mean) ** 2;
  return Math.sqrt(squares);
}
