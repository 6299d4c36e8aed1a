// The results of a sweep: its points with their metrics, the best one, and the result files.

import { join, relative, sep } from 'node:path';
import { writeFileAtomic } from '../base/atomic-file.js';
import { csvRow } from '../base/csv.js';
import type { PointSettings, StoredSettingName } from './file/point-settings.js';
import type { SweepFile } from './file/read-sweep-file.js';
import { settingText } from './file/sweep-points.js';
import { ranked } from './points/halving.js';

/**
 * The outcome of a point.
 *
 * @inline
 */
export interface PointOutcome {
  /** SHA-256 of its identity. */
  readonly point: string;
  readonly label: string;
  readonly settings: PointSettings;
  /** `stopped` if early_terminate ended it; its metrics are then those after the iterations so far. */
  readonly status: 'done' | 'stopped' | 'failed';
  /** Absolute path of its folder. */
  readonly folder: string;
  readonly metrics: Readonly<Record<string, number | null>>;
  /** Cause of the failure. */
  readonly reason?: string;
}

/** The outcome of a sweep. */
export interface SweepOutcome {
  readonly name: string;
  /** Absolute path of its folder. */
  readonly out: string;
  readonly metric?: { readonly name: string; readonly goal: 'minimize' | 'maximize' };
  /** Settings in which the points differ. */
  readonly varying: readonly StoredSettingName[];
  /** In the order of the sweep. */
  readonly points: readonly PointOutcome[];
  /** The finished point with the best metric; absent without a metric. */
  readonly best?: PointOutcome;
}

/** Collects the results of the points. */
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

/** Points in the order of tables: finished ones first, by the metric if there is one. */
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

/** Writes `result.json` and `points.csv`; their bytes depend only on the points and their outcomes. */
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

/** A setting with file names in place of paths. */
function withoutFolders(value: unknown): unknown {
  if (typeof value === 'string') return value.split(/[\\/]/).at(-1);
  if (Array.isArray(value)) return value.map(withoutFolders);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [key, key === 'file' ? withoutFolders(each) : each]),
  );
}
