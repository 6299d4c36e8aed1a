// Classifier-free guidance [Ho and Salimans 2022]: away from what the negative prompt predicts, towards the prompt's.

import { assertSameLength } from '../base/assert.js';
import { UsageError } from '../base/errors.js';
import { RENDER } from '../settings/table.js';

/**
 * Checks a guidance scale.
 *
 * @throws UsageError when it is not a finite number of at least 0
 */
export function assertGuidanceScale(scale: number): void {
  if (scale >= 0 && scale < Infinity) return;
  throw new UsageError(
    `guidance scale: ${scale} is not a number of at least 0; ${RENDER.guidanceScale.default} is usual`,
  );
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
