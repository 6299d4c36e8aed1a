// What a sweep has come to: its points with their metrics, the best of them, and the files that say so.

import { join, relative, sep } from 'node:path';
import { writeFileAtomic } from '../base/atomic-file.js';
import { csvRow } from '../base/csv.js';
import type { PointSettings, StoredSettingName } from './file/point-settings.js';
import type { SweepFile } from './file/read-sweep-file.js';
import { settingText } from './file/sweep-points.js';
import { ranked } from './points/halving.js';

/**
 * What became of a point.
 *
 * @inline
 */
export interface PointOutcome {
  /** SHA-256 of what decides its bits. */
  readonly point: string;
  readonly label: string;
  readonly settings: PointSettings;
  /** `stopped` where early_terminate ended it: its metrics are those of the iterations that it had. */
  readonly status: 'done' | 'stopped' | 'failed';
  /** Absolute path of its folder. */
  readonly folder: string;
  readonly metrics: Readonly<Record<string, number | null>>;
  /** Why it failed. */
  readonly reason?: string;
}

/** What a sweep has come to. */
export interface SweepOutcome {
  readonly name: string;
  /** Absolute path of its folder. */
  readonly out: string;
  readonly metric?: { readonly name: string; readonly goal: 'minimize' | 'maximize' };
  /** Settings in which points differ. */
  readonly varying: readonly StoredSettingName[];
  /** In the order of the sweep. */
  readonly points: readonly PointOutcome[];
  /** The point with the best metric, of those that are done; absent without a metric. */
  readonly best?: PointOutcome;
}

/** Puts together what points have come to. */
export function sweepOutcome(
  { name, sweep }: SweepFile,
  out: string,
  varying: readonly StoredSettingName[],
  points: readonly PointOutcome[],
): SweepOutcome {
  const metric = sweep.metric && { name: sweep.metric.name, goal: sweep.metric.goal ?? ('minimize' as const) };
  const done = points.filter(({ status, metrics }) => status === 'done' && metric && metrics[metric.name] != null);
  const [best] = metric ? ranked(done, ({ metrics }) => metrics[metric.name], metric.goal) : [];
  return { name, out, ...(metric && { metric }), varying, points, ...(best && { best }) };
}

/** Points as a table shows them: by the metric, if there is one, those that are done before the others. */
export function sortedPoints({ metric, points }: SweepOutcome): PointOutcome[] {
  if (!metric) return [...points];
  const value = ({ metrics }: PointOutcome): number | null | undefined => metrics[metric.name];
  const of = (status: PointOutcome['status']): PointOutcome[] =>
    ranked(
      points.filter((point) => point.status === status),
      value,
      metric.goal,
    );
  return [...of('done'), ...of('stopped'), ...of('failed')];
}

/** Writes `result.json` and `points.csv`; their bytes depend on the points and what became of them alone. */
export async function writeOutcome(outcome: SweepOutcome): Promise<void> {
  const { name, out, metric, points, best, varying } = outcome;
  const inside = (folder: string): string => relative(out, folder).split(sep).join('/');
  const result = {
    name,
    ...(metric && { metric }),
    ...(best && { best: best.point }),
    points: points.map(({ point, folder, label, settings, status, metrics }) => ({
      ...{ point, folder: inside(folder), label, status },
      settings: Object.fromEntries(varying.map((key) => [key, withoutFolders(settings[key])])),
      metrics,
    })),
  };
  await writeFileAtomic(join(out, 'result.json'), `${JSON.stringify(result, null, 1)}\n`);
  const keys = [...new Set(points.flatMap(({ metrics }) => Object.keys(metrics)))];
  const rows = points.map(({ point, status, settings, metrics }) => [
    ...[point, status],
    ...varying.map((key) => settingText(key, settings[key])),
    ...keys.map((key) => String(metrics[key] ?? '')),
  ]);
  const table = [['point', 'status', ...varying, ...keys], ...rows].map((row) => `${csvRow(row)}\n`).join('');
  await writeFileAtomic(join(out, 'points.csv'), table);
}

/** A setting without the folders of the files that it names. */
function withoutFolders(value: unknown): unknown {
  if (typeof value === 'string') return value.split(/[\\/]/).at(-1);
  if (Array.isArray(value)) return value.map(withoutFolders);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [key, key === 'file' ? withoutFolders(each) : each]),
  );
}
