// A table of metrics: a row for each metric, a column for each video.

import { isOwnMotion, METRICS, type Measurement, type MetricName } from '../../lib/metrics/measurement.js';
import { formatNumber, formatTable } from '../table.js';

type Means = Measurement['means'];

/**
 * The metrics that `listed` has, of one or more videos by their headings.
 *
 * @param motion the motion along which a method made a video: metrics that are judged along the same one are marked
 */
export function metricTable(listed: Means, videos: Readonly<Record<string, Means>>, motion?: string): string {
  const names = (Object.keys(METRICS) as MetricName[]).filter((name) => name in listed);
  const title = (name: MetricName): string => `${METRICS[name].title}${isOwnMotion(name, motion) ? ' *' : ''}`;
  const table = formatTable(
    ['metric', ...Object.keys(videos)],
    names.map((name) => [title(name), ...Object.values(videos).map((means) => formatNumber(means[name]))]),
  );
  if (!names.some((name) => isOwnMotion(name, motion))) return table;
  return `${table}* judged along the motion by which the video was made, which flatters it\n`;
}
