// The values that a parameter of a sweep takes: listed for a grid, drawn for a random search. Names and meanings are those of
// W&B sweeps; differs from them in that a range of whole numbers is `int_uniform` only for settings that take whole numbers.

import { seedOf } from '../../base/hash.js';
import { createGenerator } from '../../base/random.js';

/** The distributions by name. */
export const DISTRIBUTIONS = [
  'constant',
  'categorical',
  'int_uniform',
  'uniform',
  'q_uniform',
  'log_uniform',
  'q_log_uniform',
  'log_uniform_values',
  'q_log_uniform_values',
  'normal',
  'q_normal',
  'log_normal',
  'q_log_normal',
] as const;

/** The name of a distribution. */
export type Distribution = (typeof DISTRIBUTIONS)[number];

/**
 * A parameter as a sweep file gives it.
 *
 * @inline
 */
export interface Parameter<T = unknown> {
  readonly value?: T | undefined;
  readonly values?: readonly T[] | undefined;
  /** Of each of `values`, for a random search. */
  readonly probabilities?: readonly number[] | undefined;
  readonly distribution?: Distribution | undefined;
  readonly min?: number | undefined;
  readonly max?: number | undefined;
  /** Mean and deviation of the normal ones; 0 and 1 by default. */
  readonly mu?: number | undefined;
  readonly sigma?: number | undefined;
  /** What the q_ ones are rounded to multiples of; 1 by default. */
  readonly q?: number | undefined;
}

/** The distribution that is meant where none is named. */
export function distributionOf(parameter: Parameter, takesWhole: boolean): Distribution {
  if (parameter.distribution) return parameter.distribution;
  if (parameter.value !== undefined) return 'constant';
  if (parameter.values) return 'categorical';
  return takesWhole ? 'int_uniform' : 'uniform';
}

/** The values of a grid in order; null where there are endlessly many. */
export function gridValues(parameter: Parameter, takesWhole: boolean): readonly unknown[] | null {
  const { value, values = [], min = 0, max = 0, q = 1 } = parameter;
  switch (distributionOf(parameter, takesWhole)) {
    case 'constant':
      return [value];
    case 'categorical':
      return values;
    case 'int_uniform':
      return Array.from({ length: max - min + 1 }, (_, i) => min + i);
    case 'q_uniform': {
      const first = Math.ceil(min / q - 1e-9);
      const last = Math.floor(max / q + 1e-9);
      return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => quantised((first + i) * q, q));
    }
    default:
      return null;
  }
}

/** The value number `draw` of a parameter: a pure function of seed, name and number, whatever else is in the sweep. */
export function drawValue(parameter: Parameter, takesWhole: boolean, key: string): unknown {
  const generator = createGenerator(seedOf(key));
  const { value, values = [], probabilities, min = 0, max = 0, mu = 0, sigma = 1, q = 1 } = parameter;
  const between = (low: number, high: number): number => low + (high - low) * generator.uniform();
  // Box and Muller, in double precision.
  const normal = (): number =>
    mu + sigma * Math.sqrt(-2 * Math.log1p(-generator.uniform())) * Math.cos(2 * Math.PI * generator.uniform());
  const within = (x: number): number => Math.min(max, Math.max(min, x));
  const toQ = (x: number): number => quantised(Math.round(x / q) * q, q);
  switch (distributionOf(parameter, takesWhole)) {
    case 'constant':
      return value;
    case 'categorical':
      return values[probabilities ? chosen(probabilities, generator.uniform()) : generator.integer(values.length)];
    case 'int_uniform':
      return min + generator.integer(max - min + 1);
    case 'uniform':
      return between(min, max);
    case 'q_uniform':
      return toQ(between(min, max));
    case 'log_uniform':
      return Math.exp(between(min, max));
    case 'q_log_uniform':
      return toQ(Math.exp(between(min, max)));
    case 'log_uniform_values':
      return within(Math.exp(between(Math.log(min), Math.log(max))));
    case 'q_log_uniform_values':
      return toQ(within(Math.exp(between(Math.log(min), Math.log(max)))));
    case 'normal':
      return normal();
    case 'q_normal':
      return toQ(normal());
    case 'log_normal':
      return Math.exp(normal());
    case 'q_log_normal':
      return toQ(Math.exp(normal()));
  }
}

/** 3 x 0.1 as 0.3: no more digits than doubles hold. */
function quantised(x: number, q: number): number {
  return Number.isInteger(q) ? Math.round(x) : Number(x.toPrecision(12));
}

function chosen(probabilities: readonly number[], at: number): number {
  const total = probabilities.reduce((sum, each) => sum + each, 0);
  let sum = 0;
  const index = probabilities.findIndex((each) => {
    sum += each / total;
    return at < sum;
  });
  return index < 0 ? probabilities.findLastIndex((each) => each > 0) : index;
}
