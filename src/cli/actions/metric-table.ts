// A table of metrics: a row for each metric, a column for each video.

import { METRICS, type Measurement, type MetricName } from '../../lib/metrics/measurement.js';
import { formatNumber, formatTable } from '../table.js';

type Means = Measurement['means'];

/** The metrics that `listed` has, of one or more videos by their headings. */
export function metricTable(listed: Means, videos: Readonly<Record<string, Means>>): string {
  const names = (Object.keys(METRICS) as MetricName[]).filter((name) => name in listed);
  return formatTable(
    ['metric', ...Object.keys(videos)],
    names.map((name) => [METRICS[name].title, ...Object.values(videos).map((means) => formatNumber(means[name]))]),
  );
}
