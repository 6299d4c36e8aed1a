// The arithmetic mean, and how far values are from it.

/** Sum of the values / number of values; NaN if there are none. */
export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Sum of the squared distances to the mean. */
export function squaredDistances(values: readonly number[]): number {
  const centre = mean(values);
  return values.reduce((sum, value) => sum + (value - centre) ** 2, 0);
}

/** A number over several cases. */
export interface Spread {
  readonly mean: number;
  /** Standard deviation over the cases; 0 for one. */
  readonly deviation: number;
}

/** Mean and standard deviation (of a sample, n - 1) of values. */
export function spread(values: readonly number[]): Spread {
  const deviation = values.length > 1 ? Math.sqrt(squaredDistances(values) / (values.length - 1)) : 0;
  return { mean: mean(values), deviation };
}
