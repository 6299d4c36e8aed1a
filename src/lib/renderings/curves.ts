// Per-frame metric curves as a CSV table: one row per video and frame, one column per metric.

import { readFile } from 'node:fs/promises';
import { writeFileAtomic } from '../base/atomic-file.js';
import { csvRow } from '../base/csv.js';
import { METRICS, type Measurement, type MetricName, type MetricValue } from '../metrics/measurement.js';

/**
 * Writes the curves of several videos. Row t has the metrics of frame t, of the pair t, t + 1, and of the frames t to t + 2.
 * A cell is empty if a metric does not apply or is undefined; a metric that no video has gets no column.
 */
export async function writeCurves(path: string, videos: Readonly<Record<string, Measurement>>): Promise<void> {
  const measured = Object.values(videos).map(({ curves }) => curves);
  const names = (Object.keys(METRICS) as MetricName[]).filter((name) => measured.some((curves) => name in curves));
  const rows = [csvRow(['video', 'frame', ...names])];
  for (const [video, { curves }] of Object.entries(videos)) {
    const length = Math.max(...names.map((name) => curves[name]?.length ?? 0));
    for (let t = 0; t < length; t++) {
      rows.push(csvRow([video, t, ...names.map((name) => curves[name]?.[t] ?? '')]));
    }
  }
  await writeFileAtomic(path, `${rows.join('\n')}\n`);
}

/** The curves of a video in a table of `writeCurves`; values that are undefined at the end of a curve are missing. */
export async function readCurves(path: string, video: string): Promise<Partial<Record<MetricName, MetricValue[]>>> {
  const [head, ...lines] = (await readFile(path, 'utf8')).trimEnd().split('\n');
  const [, , ...names] = head.split(',');
  const rows = lines.map((line) => line.split(',')).filter(([of]) => of === video);
  const curves = names.map((name, column): [string, MetricValue[]] => {
    const cells = rows.map((row) => row[column + 2] ?? '');
    const length = cells.findLastIndex((cell) => cell !== '') + 1;
    return [name, cells.slice(0, length).map((cell) => (cell === '' ? null : Number(cell)))];
  });
  return Object.fromEntries(curves.filter(([, values]) => values.length > 0));
}
