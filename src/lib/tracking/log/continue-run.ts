// Work identified by its settings: continues its earlier run, or starts one.

import { resolve } from 'node:path';
import { findRun } from '../query/list-runs.js';
import type { RunSummary } from '../stored/run-summary.js';
import type { Run } from './run.js';
import { resumeRun, type StartChildOptions, type StartRunOptions, startChild, startRun } from './start-run.js';

/** Options of `startRun`, with the key of the settings. */
export interface ContinueRunOptions extends StartRunOptions {
  /** The hash of the resolved settings: `sha256Json(settings)`. */
  readonly key: string;
  /** Continue the latest run of this key, if there is one. */
  readonly resume: boolean;
}

/**
 * A run to log to. With `resume`, a latest run of this key that is finished is returned instead: no work is left.
 *
 * @throws UsageError when a living process writes the run to continue
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

/** Continues or starts the part of a run with this name; undefined when it is finished. */
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
