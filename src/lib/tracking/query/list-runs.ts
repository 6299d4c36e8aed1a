// Finds runs: all that match a filter, in order; one by its name; the latest with the same settings.

import { existsSync } from 'node:fs';
import { join, resolve, sep } from 'node:path';
import { assertInteger } from '../../base/assert.js';
import { FailureError, UsageError } from '../../base/errors.js';
import { readError } from '../../base/regular-file.js';
import { openRunIndex, type RunIndex } from '../stored/run-index.js';
import { RUN_FILES, readRunRecord, runsRoot } from '../stored/run-record.js';
import { type RunSummary, stampOf, summarize } from '../stored/run-summary.js';
import { parseFilter } from './filter.js';
import { orderRuns } from './order-runs.js';
import { questionFields } from './question-fields.js';

/** The runs to list, and their order. */
export interface ListRunsOptions {
  /** The folder of all runs; `STEADYFRAME_RUNS` or `runs` by default. */
  readonly root?: string | undefined;
  /** Only runs of this experiment. */
  readonly experiment?: string | undefined;
  /** A filter of MLflow's search: `metrics.flicker_ratio < 1.1 and params.strength = '0.45'`. */
  readonly filter?: string | undefined;
  /** An order of MLflow's search: `metrics.flicker_ratio ASC`; the newest first by default. */
  readonly orderBy?: string | readonly string[] | undefined;
  /** Largest number of runs, the first in the order. */
  readonly limit?: number | undefined;
  /** Called for unreadable runs, and for names in the filter or the order that no run has. */
  readonly onWarning?: ((message: string) => void) | undefined;
}

/**
 * The runs that match a filter.
 *
 * @throws UsageError for an invalid filter or order, with the position of the error
 */
export function listRuns({ root, ...which }: ListRunsOptions = {}): Promise<RunSummary[]> {
  return runsOf(openRunIndex(root), which);
}

/** The same for an index that stays open because it is read often. */
export async function runsOf(index: RunIndex, options: Omit<ListRunsOptions, 'root'> = {}): Promise<RunSummary[]> {
  const { experiment, filter, orderBy = [], limit = Infinity, onWarning } = options;
  if (limit !== Infinity) assertInteger('listRuns: limit', limit, 1);
  const admits = filter === undefined || filter.trim() === '' ? undefined : parseFilter(filter);
  const inOrder = orderRuns(typeof orderBy === 'string' ? [orderBy] : orderBy);
  const { runs, damaged } = await index.read();
  for (const { reason } of damaged) onWarning?.(reason);
  const scope = experiment === undefined ? runs : runs.filter((run) => run.experiment === experiment);
  if (onWarning) {
    for (const question of questionFields(scope, [...(admits?.fields ?? []), ...inOrder.fields])) onWarning(question);
  }
  return inOrder(admits ? scope.filter(admits) : scope).slice(0, limit);
}

/**
 * The run that a text names: the path of its folder, `experiment/name` below the root, or its id or the start of it.
 *
 * @throws UsageError when there is none, or several
 */
export async function locateRun(name: string, root: string = runsRoot()): Promise<RunSummary> {
  const direct = [resolve(name), ...(name.split(sep).length < 3 ? [join(resolve(root), name)] : [])];
  const folder = direct.find((path) => existsSync(join(path, RUN_FILES.record)) || isUnreadable(path));
  if (folder !== undefined) {
    try {
      return await summarize(folder, await readRunRecord(folder));
    } catch (error) {
      throw readError(folder, error);
    }
  }
  if (/^[0-9a-f]{4,32}$/.test(name)) {
    const { runs } = await openRunIndex(root).read();
    const found = runs.filter(({ id }) => id.startsWith(name));
    if (found.length === 1) return found[0];
    if (found.length > 1)
      throw new UsageError(`${name}: ${found.length} runs have ids that begin so; give more digits`);
  }
  throw new UsageError(
    `${name}: there is no such run in ${root}; give a folder, experiment/name or id (steadyframe runs lists them)`,
  );
}

/** Whether there is a folder or link whose content cannot be read. */
function isUnreadable(path: string): boolean {
  try {
    stampOf(join(path, RUN_FILES.record));
    return false;
  } catch {
    return true;
  }
}

/**
 * The runs that texts name, as in `locateRun`. Unreadable runs are reported and do not affect others.
 *
 * @throws UsageError when a text names no run, or several
 */
export async function locateRuns(
  names: readonly string[],
  root?: string,
): Promise<{ found: RunSummary[]; damaged: { readonly name: string; readonly reason: string }[] }> {
  const found: RunSummary[] = [];
  const damaged: { name: string; reason: string }[] = [];
  for (const name of names) {
    try {
      found.push(await locateRun(name, root));
    } catch (error) {
      if (!(error instanceof FailureError)) throw error;
      damaged.push({ name, reason: error.message });
    }
  }
  return { found, damaged };
}

/** Where to search for a run with given settings. */
export interface FindRunOptions {
  readonly experiment: string;
  /** The run must be a part of this one. */
  readonly parent?: string | undefined;
  readonly root?: string | undefined;
}

/** The latest run with this key of `startRun`, in any status; undefined if there is none. */
export async function findRun(
  key: string,
  { experiment, parent, root }: FindRunOptions,
): Promise<RunSummary | undefined> {
  const runs = await listRuns({ experiment, root });
  return runs.find((run) => run.key === key && run.parent === parent);
}
