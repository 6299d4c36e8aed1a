// Starts a run, or continues an interrupted one.

import { randomBytes } from 'node:crypto';
import { basename, resolve } from 'node:path';
import { variable } from '../../base/environment.js';
import { UsageError } from '../../base/errors.js';
import { VERSION } from '../../base/version.js';
import { warnOnStderr } from '../../base/warn.js';
import { type RunInput, type RunRecord, readRunRecord, runsRoot } from '../stored/run-record.js';
import { isClaim, takeClaim } from './claim.js';
import { type GitState, gitState } from './git-state.js';
import { openForLogging } from './log-run.js';
import { thisMachine, thisUser } from './machine.js';
import { assertExperiment, assertKey, withoutCredentials, withoutCredentialsDeep } from './names.js';
import { flattenParameters, type NestedParameters } from './parameters.js';
import type { LoggingOptions, Run, RunListener } from './run.js';
import { createRunFolder, OWNER } from './run-folder.js';
import { untrackedRun } from './untracked-run.js';

/** The identity and the settings of a run. */
export interface StartRunOptions extends LoggingOptions {
  /** The group of comparable runs, such as `sweep` or `finetune`. Its runs are in a folder of this name. */
  readonly experiment: string;
  /** Name of the run, not necessarily unique; the experiment's name by default. */
  readonly name?: string | undefined;
  /** The run that this one is a part of. */
  readonly parent?: Pick<Run, 'id'> | string | undefined;
  /** When its work began, as ISO 8601, where that was before now. */
  readonly began?: string | undefined;
  /** A hash of the resolved settings, by which `findRun` finds the run. */
  readonly key?: string | undefined;
  /** The resolved settings, nested to any depth. */
  readonly parameters?: NestedParameters | undefined;
  /** The settings that the user gave. */
  readonly given?: unknown;
  /** Files that the run reads. */
  readonly inputs?: readonly RunInput[] | undefined;
  /** Texts by name; unlike parameters they may change later. */
  readonly tags?: Readonly<Record<string, string>> | undefined;
  /** The device: `cpu`, `cuda`. */
  readonly device?: string | undefined;
  /** The command or script that started the run; the script's name by default. */
  readonly command?: string | undefined;
  /** The folder of all runs; `STEADYFRAME_RUNS` or `runs` by default. */
  readonly root?: string | undefined;
}

/**
 * Starts a run: a new folder `ROOT/EXPERIMENT/NAME`, or NAME-2, NAME-3, ... if that exists. Call `finish`, or use
 * `trackRun`: a run whose process ends without it is shown as interrupted.
 *
 * @throws UsageError for an invalid name, or a root that cannot be written
 */
export async function startRun(options: StartRunOptions): Promise<Run> {
  assertExperiment(options.experiment);
  return begin(options, await gitState());
}

async function begin(options: StartRunOptions, git: GitState | undefined): Promise<Run> {
  const { experiment, name = experiment, parent, key, parameters = {}, given, inputs = [], tags = {} } = options;
  const { device, root = runsRoot(), began = new Date().toISOString() } = options;
  assertExperiment(experiment);
  for (const tag of Object.keys(tags)) assertKey('tag', tag);
  const user = thisUser();
  const command = options.command ?? (process.argv[1] && basename(process.argv[1]));
  const record: RunRecord = {
    format: 1,
    id: randomBytes(16).toString('hex'),
    name,
    experiment,
    status: 'running',
    start: began,
    ...(parent !== undefined && { parent: typeof parent === 'string' ? parent : parent.id }),
    ...(key !== undefined && { key }),
    parameters: flattenParameters(parameters),
    ...(given !== undefined && { given: withoutCredentialsDeep(given) }),
    inputs: withoutCredentialsDeep(inputs) as readonly RunInput[],
    tags: withoutCredentialsDeep(tags) as Record<string, string>,
    version: VERSION,
    ...(git && { git }),
    machine: thisMachine(),
    ...(user && { user }),
    ...(command && { command: withoutCredentials(command) }),
    ...(device !== undefined && { device }),
  };
  const listener = await listenerFor(options);
  const { folder, claim } = await createRunFolder(resolve(root), record);
  return openForLogging(folder, { record, claim }, options, listener?.(folder));
}

/** The identity of a part of a run; by default it has the experiment of the whole. */
export type StartChildOptions = Omit<StartRunOptions, 'experiment' | 'parent' | 'root' | keyof LoggingOptions> & {
  readonly experiment?: string | undefined;
};

/** Starts a part of a run, in a folder beside it and logged to the same places; a part of an untracked run is untracked. */
export function startChild(parent: Run, options: StartChildOptions): Promise<Run> {
  if (!parent.tracked) return Promise.resolve(untrackedRun(parent.artifacts));
  const { experiment = parent.record.experiment } = options;
  const { command } = parent.record;
  const root = resolve(parent.folder, '../..');
  // The state of the sources is that at the start of the whole; asking git again would cost a process.
  return begin({ command, ...parent.logging, ...options, experiment, parent, root }, parent.record.git);
}

/**
 * Continues a run: its status is `running` again, and new points and artifacts are added.
 *
 * @throws UsageError when there is no run, or a living process writes it
 */
export async function resumeRun(folder: string, options: LoggingOptions = {}): Promise<Run> {
  const path = resolve(folder);
  await readRunRecord(path);
  const taken = await takeClaim(path, OWNER);
  if (!isClaim(taken)) {
    const { pid, host } = taken.process;
    throw new UsageError(`${folder}: process ${pid} on ${host} is writing this run; wait for it, or start another run`);
  }
  try {
    // Read again, because another process may have written it before the claim.
    const { end: _, error: __, metrics: ___, ...rest } = await readRunRecord(path);
    const listener = await listenerFor(options);
    const run = await openForLogging(
      path,
      { record: { ...rest, status: 'running' }, claim: taken },
      options,
      listener?.(path),
    );
    await run.setTags({});
    return run;
  } catch (error) {
    await taken.release();
    throw error;
  }
}

/** The live uploads to an MLflow server; undefined when no server is set. */
async function listenerFor({
  mlflow,
  onWarning,
}: LoggingOptions): Promise<((folder: string) => RunListener) | undefined> {
  const uri = mlflow ?? variable('STEADYFRAME_MLFLOW_URI');
  if (!uri) return undefined;
  const { liveUploads } = await import('../mlflow/live.js');
  const uploads = liveUploads(uri, onWarning ?? warnOnStderr);
  return (folder) => uploads.follow(folder);
}
