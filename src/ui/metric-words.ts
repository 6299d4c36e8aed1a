// Titles of metrics, and which of them come first.

import { describeMetric, withUnit } from '../lib/report/report-metrics.js';

/** The axes of the report's main scatter plot. */
export const DECIDING = { x: 'edit_strength', y: 'warping_error_normalised' } as const;

/** Metrics at the head of every list, in order; others follow in the order found. */
export const METRICS_FIRST: readonly string[] = [
  DECIDING.x,
  DECIDING.y,
  'contrast_normalised_flicker',
  'flicker_ratio',
  'warping_error',
  'frame_difference',
  'loss',
];

/** The order of metrics. */
export function inMetricOrder(a: string, b: string): number {
  // Without a sign, -1 is the largest number: what is not listed comes last.
  const [one, two] = [a, b].map((key) => METRICS_FIRST.indexOf(key) >>> 0);
  return one - two;
}

/** A metric's title with its unit, or its key where it has no description. */
export function metricTitle(key: string): string {
  // Prefixes that comparisons and trainings add to their keys.
  const [, group, name] = /^(per_frame|preview|source|round_trip)\.(.+)$/.exec(key) ?? [];
  if (group === 'per_frame') return metricTitle(name);
  if (group !== undefined) return `${group.replace('_', ' ')}: ${metricTitle(name)}`;
  const metric = describeMetric(key);
  const hasNoWords = metric.title === key.replaceAll('_', ' ') && !metric.unit;
  return hasNoWords ? key : withUnit(metric);
}
