// What is known of a run without opening its files of points: what tables show and filters ask for.

import { statSync } from 'node:fs';
import { join } from 'node:path';
import { readError } from '../../base/regular-file.js';
import { holderOf } from '../log/claim.js';
import { OWNER } from '../log/run-folder.js';
import { followMetrics, type MetricsFollower } from './follow-metrics.js';
import type { MetricSummary } from './metric-summary.js';
import { RUN_FILES, type RunRecord, type RunStatus } from './run-record.js';

/** A run in a table. */
export interface RunSummary extends Omit<RunRecord, 'given' | 'metrics' | 'format'> {
  /** As it is now: `interrupted` where the process of a running one is gone. */
  readonly status: RunStatus;
  /** For an interrupted run the time of its last sign of life. */
  readonly end?: string;
  /** Absolute path of the run's folder. */
  readonly folder: string;
  readonly metrics: Readonly<Record<string, MetricSummary>>;
}

/** What a summary was read from: when one of these changes, it is read again. */
export interface SummaryStamp {
  readonly record: string;
  /** Of the points, where the record does not sum them up. */
  readonly metrics?: string;
}

/**
 * Size and time of change of a file, as a text; undefined where there is none.
 *
 * @throws FailureError where it cannot be told, as of a link that leads in a circle
 */
export function stampOf(path: string): string | undefined {
  try {
    const about = statSync(path, { throwIfNoEntry: false });
    return about && `${about.size} ${about.mtimeMs}`;
  } catch (error) {
    throw readError(path, error);
  }
}

/** A summary from a run's record; `follower` counts its points where the record does not sum them up. */
export async function summarize(
  folder: string,
  { given: _, format: __, metrics, ...record }: RunRecord,
  follower: MetricsFollower = followMetrics(folder),
): Promise<RunSummary> {
  return withStatus({ ...record, folder, metrics: metrics ?? (await follower.read()) });
}

/** The summary with the status that the run has now: whether a process lives can change while its files do not. */
export function withStatus(summary: RunSummary): RunSummary {
  return { ...summary, ...statusOf(summary.folder, summary) };
}

/** How a run stands, and when it ended: a running one whose process is gone is interrupted, since its last sign of life. */
export function statusOf(
  folder: string,
  { status, start, end }: Pick<RunRecord, 'status' | 'start' | 'end'>,
): { status: RunStatus; end?: string } {
  if (status !== 'running') return { status, ...(end !== undefined && { end }) };
  const owner = holderOf(folder, OWNER);
  if (owner?.alive) return { status };
  const metrics = statSync(join(folder, RUN_FILES.metrics), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  return {
    status: 'interrupted',
    end: new Date(Math.max(Date.parse(start), metrics, owner?.heartbeat ?? 0)).toISOString(),
  };
}
