// How much a setting matters to a metric, over a set of runs.

import { groupBy } from './group-by.js';
import { mean, squaredDistances } from './mean.js';

/** A setting's value and a metric's, of one run. */
export type Observation = readonly [setting: string, metric: number];

/**
 * The share of the metric's variance that the setting explains, from 0 to 1, corrected for chance: epsilon squared
 * [Kelley 1935], 1 - (SSW / (n - k)) / (SST / (n - 1)) for n runs with k values of the setting, SSW within runs of one value.
 * Where no value is repeated, as of a learning rate drawn at random, the corrected square of the correlation.
 */
export function importanceOf(observations: readonly Observation[]): number {
  const n = observations.length;
  const total = squaredDistances(observations.map(([, metric]) => metric));
  const groups = groupBy(observations, ([setting]) => setting);
  if (groups.size < 2 || total === 0) return 0;
  if (groups.size < n) {
    const within = [...groups.values()].reduce(
      (sum, own) => sum + squaredDistances(own.map(([, metric]) => metric)),
      0,
    );
    return Math.max(0, 1 - within / (n - groups.size) / (total / (n - 1)));
  }
  const settings = observations.map(([setting]) => Number(setting));
  if (n < 3 || !settings.every(Number.isFinite)) return 0;
  const [a, b] = [mean(settings), mean(observations.map(([, metric]) => metric))];
  const product = observations.reduce((sum, [, metric], i) => sum + (settings[i] - a) * (metric - b), 0);
  return Math.max(0, 1 - ((1 - product ** 2 / (squaredDistances(settings) * total)) * (n - 1)) / (n - 2));
}
