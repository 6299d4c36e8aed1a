// Checks of what callers pass in, with errors that say what was expected, what came and what to do.

import { UsageError } from './errors.js';

/** One side of an expected shape: a number is a fixed length; a text is a letter that stands for one length throughout. */
export type Side = number | string;

/**
 * Checks a shape against a pattern such as `['B', 4, 'h', 'w']` and gives the letters' lengths.
 *
 * @param what the function and the argument, as the error shall name them: `img2img: latent`
 * @param remedy the end of the error's sentence: `pass the VAE's mean of one frame`
 * @param bound letters whose length is known already, from an earlier check
 * @throws UsageError when the rank, a fixed side or a repeated letter disagrees
 */
export function assertShape(
  what: string,
  shape: readonly number[],
  pattern: readonly Side[],
  remedy: string,
  bound: Readonly<Record<string, number>> = {},
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
 * Checks that two arrays that belong together are equally long.
 *
 * @throws UsageError naming both lengths
 */
export function assertSameLength(what: string, actual: number, expected: number): void {
  if (actual === expected) return;
  throw new UsageError(`${what} has ${actual} elements, expected ${expected}; pass arrays of the same shape`);
}
