// The values of a sweep's parameter: listed for a grid, drawn for a random search. Names and meanings are those of W&B
// sweeps, except that a range of whole numbers is `int_uniform` only for settings with whole numbers.

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
 * A parameter in a sweep file.
 *
 * @inline
 */
export interface Parameter<T = unknown> {
  readonly value?: T | undefined;
  readonly values?: readonly T[] | undefined;
  /** Probability of each of `values`, for a random search. */
  readonly probabilities?: readonly number[] | undefined;
  readonly distribution?: Distribution | undefined;
  readonly min?: number | undefined;
  readonly max?: number | undefined;
  /** Mean and standard deviation of normal distributions; 0 and 1 by default. */
  readonly mu?: number | undefined;
  readonly sigma?: number | undefined;
  /** Values of q_ distributions are rounded to multiples of it; 1 by default. */
  readonly q?: number | undefined;
}

/** The distribution of a parameter; inferred if none is named. */
export function distributionOf(parameter: Parameter, takesWhole: boolean): Distribution {
  if (parameter.distribution) return parameter.distribution;
  if (parameter.value !== undefined) return 'constant';
  if (parameter.values) return 'categorical';
  return takesWhole ? 'int_uniform' : 'uniform';
}

/** The values of a grid in order; null if there are infinitely many. */
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

/** A drawn value of a parameter: a pure function of `key`, which has the seed, the name and the draw's number. */
export function drawValue(parameter: Parameter, takesWhole: boolean, key: string): unknown {
  const generator = createGenerator(seedOf(key));
  const { value, values = [], probabilities, min = 0, max = 0, mu = 0, sigma = 1, q = 1 } = parameter;
  const between = (low: number, high: number): number => low + (high - low) * generator.uniform();
  // Box-Muller transform in double precision.
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

/** 3 x 0.1 as 0.3, without rounding errors of doubles. */
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
