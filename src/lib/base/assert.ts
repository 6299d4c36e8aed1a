// Checks of arguments, with errors that say what was expected, what came and what to do.

import { UsageError } from './errors.js';

/** One side of an expected shape: a fixed length, or a letter that stands for the same length wherever it occurs. */
export type Side = number | string;

/** What a check of a shape needs besides the pattern. */
export interface ShapeOptions {
  /** The end of the error's sentence: `pass the VAE's mean of one frame`. */
  readonly remedy: string;
  /** Letters whose length is known from an earlier check. */
  readonly bound?: Readonly<Record<string, number>>;
}

/**
 * Checks a shape against a pattern such as `['B', 4, 'h', 'w']` and returns the letters' lengths.
 *
 * @param what the function and the argument as the error names them: `img2img: latent`
 * @throws UsageError when the rank, a fixed side or a repeated letter disagrees
 */
export function assertShape(
  what: string,
  shape: readonly number[],
  pattern: readonly Side[],
  { remedy, bound = {} }: ShapeOptions,
): Record<string, number> {
  const letters: Record<string, number> = { ...bound };
  const fits =
    shape.length === pattern.length &&
    pattern.every((side, i) => {
      if (typeof side === 'number') return side === shape[i];
      if (!(side in letters)) letters[side] = shape[i];
      return letters[side] === shape[i];
    });
  if (fits) return letters;
  const known = pattern.filter((side): side is string => typeof side === 'string' && side in bound);
  const where =
    known.length > 0 ? ` where ${[...new Set(known)].map((side) => `${side} = ${bound[side]}`).join(', ')}` : '';
  throw new UsageError(
    `${what} must have shape [${pattern.join(', ')}]${where} but has [${shape.join(', ')}]; ${remedy}`,
  );
}

/**
 * Checks that a value is an integer within [minimum, maximum].
 *
 * @throws UsageError naming `what`, the range and what came
 */
export function assertInteger(what: string, value: number, minimum: number, maximum: number = Infinity): void {
  if (Number.isInteger(value) && value >= minimum && value <= maximum) return;
  const range = maximum === Infinity ? `of at least ${minimum}` : `from ${minimum} to ${maximum}`;
  throw new UsageError(`${what} is ${value}, expected an integer ${range}`);
}

/**
 * Checks the length of an array that belongs to another.
 *
 * @throws UsageError naming both lengths
 */
export function assertSameLength(what: string, actual: number, expected: number): void {
  if (actual === expected) return;
  throw new UsageError(`${what} has ${actual} elements, expected ${expected}; pass arrays of the same shape`);
}
