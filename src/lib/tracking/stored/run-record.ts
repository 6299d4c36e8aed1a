// The content of run.json: its type, reading it, and the names of the files in a run's folder. Metrics are in metrics.jsonl.

import { join, resolve } from 'node:path';
import { type Environment, variable } from '../../base/environment.js';
import { FailureError, UsageError } from '../../base/errors.js';
import { readRegularSync } from '../../base/regular-file.js';
import type { GitState } from '../log/git-state.js';
import type { Machine } from '../log/machine.js';
import { recordProblem } from './check-record.js';
import type { MetricSummary } from './metric-summary.js';
import type { RunStatus } from './run-status.js';

export { RUN_STATUSES, type RunStatus } from './run-status.js';

/**
 * A setting of a run; lists and objects are stored as JSON.
 *
 * @inline
 */
export type ParameterValue = string | number | boolean | null | readonly unknown[];

/**
 * A file that a run reads, identified by its content.
 *
 * @inline
 */
export interface RunInput {
  /** Its role in the run: the model, the source video, a training picture. */
  readonly kind: 'model' | 'video' | 'adapter' | 'picture';
  readonly name: string;
  /** SHA-256 of a file, or of the list of a folder's files. */
  readonly sha256: string;
  readonly path?: string;
  /** Further properties, such as frames, width, height, frameRate. */
  readonly about?: Readonly<Record<string, string | number>>;
}

/** The content of `run.json`. Times are ISO 8601 in UTC. */
export interface RunRecord {
  readonly format: 1;
  /** 32 hexadecimal digits, unique. */
  readonly id: string;
  readonly name: string;
  readonly experiment: string;
  readonly status: RunStatus;
  readonly start: string;
  readonly end?: string;
  /** The id of the parent run, if this is a part of it. */
  readonly parent?: string;
  /** What tells runs of one experiment apart that compute the same: the hash of the resolved settings. */
  readonly key?: string;
  /** Settings as they were resolved, nested ones by their path: `denoise.steps`. */
  readonly parameters: Readonly<Record<string, ParameterValue>>;
  /** Settings as the user gave them. */
  readonly given?: unknown;
  readonly inputs: readonly RunInput[];
  readonly tags: Readonly<Record<string, string>>;
  /** Version of this package. */
  readonly version: string;
  readonly git?: GitState;
  readonly machine: Machine;
  readonly user?: string;
  /** The command or script that started the run. */
  readonly command?: string;
  /** What computed: `cpu`, `cuda`, `webgpu`. */
  readonly device?: string;
  /** Why it failed. */
  readonly error?: string;
  /** Folders outside of the runs' root that it recorded files of, besides the one in its tag `out`. */
  readonly outside?: readonly string[];
  /** Where every metric stood in the end. */
  readonly metrics?: Readonly<Record<string, MetricSummary>>;
}

/** Names of what lies in a run's folder. */
export const RUN_FILES = {
  record: 'run.json',
  metrics: 'metrics.jsonl',
  artifactRecords: 'artifacts.jsonl',
  artifacts: 'artifacts',
  progress: 'progress.json',
  uploads: '.mlflow.json',
} as const;

/** The folder that holds all runs: `STEADYFRAME_RUNS`, else `runs` in the current folder; absolute. */
export function runsRoot(env?: Environment): string {
  return resolve(variable('STEADYFRAME_RUNS', env) ?? 'runs');
}

/** Bytes of the largest `run.json` that is read. */
const MOST_BYTES = 16e6;

/**
 * Reads a run's `run.json`.
 *
 * @throws UsageError when the folder holds none; FailureError when it cannot be read, or is not one of this version
 */
export async function readRunRecord(folder: string): Promise<RunRecord> {
  try {
    return readRecordFile(join(folder, RUN_FILES.record));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      throw new UsageError(`${folder}: holds no run (${RUN_FILES.record} is missing); name a run's folder`);
    }
    throw error;
  }
}

/**
 * The record in a `run.json`.
 *
 * @throws FailureError when it cannot be read, is damaged, or of another version; the system's own error where it is not
 *   there
 */
export function readRecordFile(path: string): RunRecord {
  const text = readRegularSync(path, MOST_BYTES).toString('utf8');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new FailureError(`${path}: is damaged (not JSON); delete the run's folder, or restore the file`);
  }
  const format = (value as { format?: unknown } | null)?.format;
  if (format !== 1) {
    throw new FailureError(
      `${path}: is no run of this version of steadyframe; delete it, or read it with the version that wrote it`,
    );
  }
  const problem = recordProblem(value);
  if (problem === undefined) return value as RunRecord;
  throw new FailureError(`${path}: is damaged (${problem}); delete the run's folder, or restore the file`);
}
