// A stored run, opened for reading: its record, its points, its artifacts.

import { locateRun } from '../query/list-runs.js';
import { type Artifact, artifactPath, readArtifacts } from './artifact-records.js';
import { type RunMetrics, readMetrics } from './read-metrics.js';
import { type RunRecord, readRunRecord } from './run-record.js';
import type { RunSummary } from './run-summary.js';

/** A stored run. Each call reads the files again, so that a running one can be followed. */
export interface StoredRun {
  readonly folder: string;
  /** The summary at the time of opening. */
  readonly summary: RunSummary;
  /** The content of run.json. */
  record(): Promise<RunRecord>;
  /** Every point of every metric. */
  metrics(): Promise<RunMetrics>;
  /** Its artifacts with absolute paths; files may have been deleted since. */
  artifacts(): Promise<Artifact[]>;
}

/**
 * Opens a run by the path of its folder, by `experiment/name`, or by its id or the start of it.
 *
 * @throws UsageError when there is none, or several; FailureError when its run.json is damaged
 */
export async function openRun(name: string, { root }: { root?: string | undefined } = {}): Promise<StoredRun> {
  const summary = await locateRun(name, root);
  const { folder } = summary;
  return {
    folder,
    summary,
    record: () => readRunRecord(folder),
    metrics: () => readMetrics(folder),
    async artifacts() {
      const found = await readArtifacts(folder);
      return found.map((artifact) => ({ ...artifact, path: artifactPath(folder, artifact) }));
    },
  };
}
