// Metrics in words, and which of them come first: those of the picture that decides.

import { describeMetric, withUnit } from '../lib/report/report-metrics.js';

/** The axes of the picture that decides. */
export const DECIDING = { x: 'edit_strength', y: 'warping_error_normalised' } as const;

/** Metrics that lead every list, in order; others come as they are found. */
export const METRICS_FIRST: readonly string[] = [
  DECIDING.x,
  DECIDING.y,
  'contrast_normalised_flicker',
  'flicker_ratio',
  'warping_error',
  'frame_difference',
  'loss',
];

/** A metric's title with its unit, or its key where nobody has described it. */
export function metricTitle(key: string): string {
  // Of runs that are comparisons or trainings, beside their own metrics.
  const [, group, name] = /^(per_frame|preview|source|round_trip)\.(.+)$/.exec(key) ?? [];
  if (group === 'per_frame') return metricTitle(name);
  if (group !== undefined) return `${group.replace('_', ' ')}: ${metricTitle(name)}`;
  const metric = describeMetric(key);
  const hasNoWords = metric.title === key.replaceAll('_', ' ') && !metric.unit;
  return hasNoWords ? key : withUnit(metric);
}
