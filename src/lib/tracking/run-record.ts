// What run.json says about a run: its shape, reading it, and where things lie in a run's folder. Metrics lie in metrics.jsonl.

import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { FailureError, UsageError } from '../base/errors.js';
import type { GitState } from './git-state.js';
import type { Machine } from './machine.js';
import type { MetricSummary } from './metric-summary.js';

/** How a run stands. A run whose process is gone without an end is `interrupted`, whatever its file says. */
export type RunStatus = 'running' | 'finished' | 'failed' | 'interrupted';

/** All of them. */
export const RUN_STATUSES: readonly RunStatus[] = ['running', 'finished', 'failed', 'interrupted'];

/** A setting of a run; lists and objects are kept as JSON. */
export type ParameterValue = string | number | boolean | null | readonly unknown[];

/** A file that a run reads, by its content. */
export interface RunInput {
  /** What it is to the run: the model it uses, the video it works on, a picture that it learns from. */
  readonly kind: 'model' | 'video' | 'adapter' | 'picture';
  readonly name: string;
  /** SHA-256 of the bytes: of one file, or of the list of a folder's files. */
  readonly sha256: string;
  readonly path?: string;
  /** More about it, such as frames, width, height, frameRate. */
  readonly about?: Readonly<Record<string, string | number>>;
}

/** What `run.json` holds. Times are ISO 8601 in UTC. */
export interface RunRecord {
  readonly format: 1;
  /** 32 hexadecimal digits, never given twice. */
  readonly id: string;
  readonly name: string;
  readonly experiment: string;
  readonly status: RunStatus;
  readonly start: string;
  readonly end?: string;
  /** The id of the run that this one is a part of. */
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
  /** Where every metric stood in the end. */
  readonly metrics?: Readonly<Record<string, MetricSummary>>;
}

/** Names of what lies in a run's folder. */
export const RUN_FILES = {
  record: 'run.json',
  metrics: 'metrics.jsonl',
  artifactRecords: 'artifacts.jsonl',
  artifacts: 'artifacts',
  uploads: '.mlflow.json',
} as const;

/** The folder that holds all runs: `STEADYFRAME_RUNS`, else `runs` in the current folder; absolute. */
export function runsRoot(env: Readonly<Record<string, string | undefined>> = process.env): string {
  return resolve(env.STEADYFRAME_RUNS || 'runs');
}

/**
 * Reads a run's `run.json`.
 *
 * @throws UsageError when the folder holds none; FailureError when it is not one of this version
 */
export async function readRunRecord(folder: string): Promise<RunRecord> {
  const path = join(folder, RUN_FILES.record);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      throw new UsageError(`${folder}: holds no run (${RUN_FILES.record} is missing); name a run's folder`);
    }
    throw error;
  }
  return parseRunRecord(path, text);
}

/**
 * The record in the text of a `run.json`.
 *
 * @throws FailureError when it is damaged or of another version
 */
export function parseRunRecord(path: string, text: string): RunRecord {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new FailureError(`${path}: is damaged (not JSON); delete the run's folder, or restore the file`);
  }
  const record = value as RunRecord;
  const isRecord =
    typeof value === 'object' &&
    value !== null &&
    record.format === 1 &&
    [record.id, record.name, record.experiment, record.start].every((field) => typeof field === 'string') &&
    RUN_STATUSES.includes(record.status) &&
    isObject(record.parameters) &&
    isObject(record.tags) &&
    Array.isArray(record.inputs);
  if (isRecord) return record;
  throw new FailureError(
    `${path}: is no run of this version of steadyframe; delete it, or read it with the version that wrote it`,
  );
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
