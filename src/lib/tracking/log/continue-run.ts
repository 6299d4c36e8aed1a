// Work that is told apart by its settings: goes on with the run that it had, or begins one.

import { resolve } from 'node:path';
import { findRun } from '../query/list-runs.js';
import type { RunSummary } from '../stored/run-summary.js';
import type { Run } from './run.js';
import { resumeRun, type StartChildOptions, type StartRunOptions, startChild, startRun } from './start-run.js';

/** A run as `startRun` takes it, with the key that tells its settings. */
export interface ContinueRunOptions extends StartRunOptions {
  /** The hash of the resolved settings: `sha256Json(settings)`. */
  readonly key: string;
  /** Go on with the latest run of this key, if there is one; otherwise one is begun. */
  readonly resume: boolean;
}

/**
 * A run to log to; or, where the latest run with this key is finished and `resume` is set, that run, with which there is
 * nothing left to do.
 *
 * @throws UsageError when the run to go on with is written by a living process
 */
export async function continueRun(
  options: ContinueRunOptions,
): Promise<
  { readonly run: Run; readonly finished?: undefined } | { readonly run?: undefined; readonly finished: RunSummary }
> {
  const { key, resume, experiment, root, parent } = options;
  if (!resume) return { run: await startRun(options) };
  const above = typeof parent === 'object' ? parent.id : parent;
  const before = await findRun(key, { experiment, root, parent: above });
  if (before === undefined) return { run: await startRun(options) };
  if (before.status === 'finished') return { finished: before };
  return { run: await resumeRun(before.folder, options) };
}

/** The part of a run that was called so: goes on with it, or begins it; undefined where it is finished. */
export async function continueChild(
  parent: Run,
  options: StartChildOptions & { readonly name: string },
  resume: boolean,
): Promise<Run | undefined> {
  const keyed = { ...options, key: options.name };
  if (!resume || !parent.tracked) return startChild(parent, keyed);
  const { experiment = parent.record.experiment } = options;
  const root = resolve(parent.folder, '../..');
  return (await continueRun({ ...parent.logging, ...keyed, experiment, parent, root, resume })).run;
}
