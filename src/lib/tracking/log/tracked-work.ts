// Work that fills a folder and is tracked as a run: the folder of its files, its run, and the record of its end.

import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { canonicalJson, sha256Json } from '../../base/hash.js';
import { listRuns } from '../query/list-runs.js';
import { RUN_FILES, runsRoot } from '../stored/run-record.js';
import type { RunSummary } from '../stored/run-summary.js';
import { folderName } from './names.js';
import { flattenParameters } from './parameters.js';
import type { LoggingOptions, Run } from './run.js';
import { resumeRun, type StartRunOptions, startRun } from './start-run.js';
import { untrackedRun } from './untracked-run.js';

/** Whether and where work is tracked. */
export interface TrackingOptions extends LoggingOptions {
  /** Track the work as a run: true by default. A given run is logged to, and the caller finishes it. */
  readonly track?: boolean | Run | undefined;
  /** The folder of all runs; `STEADYFRAME_RUNS` or `runs` by default. */
  readonly root?: string | undefined;
  /** The command or script that started the work; the script's name by default. */
  readonly command?: string | undefined;
}

/** The identity of a piece of work, for `beginWork`. */
export interface WorkOptions extends TrackingOptions, Omit<StartRunOptions, keyof LoggingOptions | 'parent'> {
  readonly name: string;
  /** A hash of everything that determines the result; resumed work has the same. */
  readonly key: string;
  /** The folder for the results; the run's artifacts by default. */
  readonly out?: string | undefined;
  /** Continue the latest work of this key in the same place, if there is any. */
  readonly resume?: boolean | undefined;
}

/** Work in progress. */
export interface TrackedWork<Folder> {
  readonly folder: Folder;
  readonly run: Run;
  /** Whether the run may contain results of an earlier process. */
  readonly resumed: boolean;
  /** Records that the work is done. */
  finish(): Promise<void>;
  /** Records that it failed, or was interrupted if `signal` was aborted. Does not throw: the error matters more. */
  fail(error: unknown, signal?: AbortSignal): Promise<void>;
  /** Closes the folder; work that neither finished nor failed is recorded as interrupted. */
  close(): Promise<void>;
}

/**
 * Starts or continues work. When the folder is known beforehand and `open` throws, no run is created.
 *
 * A run has one set of parameters: work that continues with other ones (such as more iterations) is another run, with its
 * files in the folder of the first. Finished work logs nothing.
 *
 * @param open opens the folder for the results and locks it against other processes
 * @throws UsageError when the runs' root cannot be written, and any error of `open`
 */
export async function beginWork<Folder extends { close(): Promise<void> }>(
  options: WorkOptions,
  open: (out: string) => Promise<Folder>,
): Promise<TrackedWork<Folder>> {
  const { out, begin } = await placeWork(options);
  const early = out === undefined ? undefined : await open(out);
  let begun: BegunRun | undefined;
  try {
    begun = await begin();
    return working(early ?? (await open(begun.run.artifacts)), begun, typeof options.track === 'object');
  } catch (error) {
    await early?.close();
    await begun?.run.finish('failed', { error }).catch(() => {});
    throw error;
  }
}

/**
 * Does work from start to end, started by `beginWork`. When `work` throws, the run is `failed`, or `interrupted` if `signal`
 * was aborted, and the error is thrown.
 */
export async function trackWork<Folder extends { close(): Promise<void> }, T>(
  options: WorkOptions & { readonly signal?: AbortSignal | undefined },
  open: (out: string) => Promise<Folder>,
  work: (begun: TrackedWork<Folder>) => Promise<T>,
): Promise<T> {
  const begun = await beginWork(options, open);
  try {
    const result = await work(begun);
    await begun.finish();
    return result;
  } catch (error) {
    await begun.fail(error, options.signal);
    throw error;
  } finally {
    await begun.close();
  }
}

/** A folder that needs no lock. */
export async function plainFolder(out: string): Promise<{ readonly out: string; close(): Promise<void> }> {
  return { out, close: async () => {} };
}

function working<Folder extends { close(): Promise<void> }>(
  folder: Folder,
  { run, resumed }: BegunRun,
  isBorrowed: boolean,
): TrackedWork<Folder> {
  let ended = isBorrowed;
  return {
    folder,
    run,
    resumed,
    async finish() {
      if (!ended) await run.finish();
      ended = true;
    },
    async fail(error, signal) {
      if (!ended) await (signal?.aborted ? run.finish('interrupted') : run.finish('failed', { error })).catch(() => {});
      ended = true;
    },
    async close() {
      if (!ended) await run.finish('interrupted');
      ended = true;
      await folder.close();
    },
  };
}

/** A started run, and whether it existed before. */
type BegunRun = Pick<TrackedWork<unknown>, 'run' | 'resumed'>;

/** The folder for the results, undefined if it will be that of a new run; and the function that starts the run. */
async function placeWork(
  options: WorkOptions,
): Promise<{ readonly out: string | undefined; begin(): Promise<BegunRun> }> {
  const { track = true, experiment, name, resume = false, root = runsRoot(), tags } = options;
  const given = options.out === undefined ? undefined : resolve(options.out);
  if (typeof track === 'object') {
    return {
      out: given ?? track.artifacts,
      async begin() {
        await track.logParams(options.parameters ?? {});
        await track.logInputs(options.inputs ?? []);
        return { run: track, resumed: resume };
      },
    };
  }
  if (!track) {
    const out = given ?? freeFolder(resolve(root, experiment), folderName(name), resume);
    return { out, begin: async () => ({ run: untrackedRun(out), resumed: false }) };
  }
  const key = sha256Json({ key: options.key, out: given ?? null });
  const before = resume ? await latestWork(options, key, root) : undefined;
  const out = given ?? (before && outOf(before));
  const isSame = before?.key === key && hasParameters(before, options);
  return {
    out,
    async begin() {
      if (before && isSame && before.status === 'finished') return { run: untrackedRun(out!), resumed: false };
      if (before && isSame) return { run: await resumeRun(before.folder, options), resumed: true };
      const place: Record<string, string> = out === undefined ? {} : { out };
      return { run: await startRun({ ...options, key, root, tags: { ...tags, ...place } }), resumed: false };
    },
  };
}

/**
 * The work to continue: of the same key, else interrupted work of the same name, whose folder then shows the differences.
 */
async function latestWork(
  { experiment, name, out }: WorkOptions,
  key: string,
  root: string,
): Promise<RunSummary | undefined> {
  if (!existsSync(join(root, experiment))) return undefined;
  const runs = (await listRuns({ root, experiment })).filter(({ parent }) => parent === undefined);
  const same = runs.find((run) => run.key === key);
  if (same !== undefined || out !== undefined) return same;
  return runs.find((run) => run.name === name && run.status !== 'finished' && run.tags.out === undefined);
}

/** The folder of the latest work of a name; undefined if there is none. */
export async function lastWork({
  experiment,
  name,
  track = true,
  root = runsRoot(),
}: Pick<WorkOptions, 'experiment' | 'name' | 'root'> & { readonly track?: boolean }): Promise<string | undefined> {
  const parent = resolve(root, experiment);
  const folder = freeFolder(parent, folderName(name), true);
  if (!track) return existsSync(folder) ? folder : undefined;
  const runs = existsSync(parent) ? await listRuns({ root, experiment }) : [];
  const run = runs.find((each) => each.name === name && each.parent === undefined);
  return run ? outOf(run) : existsSync(folder) ? folder : undefined;
}

/** The folder of a run's results. */
function outOf({ folder, tags }: Pick<RunSummary, 'folder' | 'tags'>): string {
  return tags.out ?? join(folder, RUN_FILES.artifacts);
}

function hasParameters(run: RunSummary, { parameters = {} }: WorkOptions): boolean {
  return Object.entries(flattenParameters(parameters)).every(
    ([name, value]) => canonicalJson(run.parameters[name] ?? null) === canonicalJson(value),
  );
}

/**
 * The folder NAME in `parent`, or NAME-2, NAME-3, ... if that exists.
 *
 * @param reuse returns the last existing one that is not a run's, if any
 */
export function freeFolder(parent: string, name: string, reuse: boolean): string {
  let latest: string | undefined;
  for (let n = 1; ; n++) {
    const folder = join(parent, n === 1 ? name : `${name}-${n}`);
    if (!existsSync(folder)) return reuse ? (latest ?? folder) : folder;
    if (!existsSync(join(folder, RUN_FILES.record))) latest = folder;
  }
}

/** The options of a piece of work that are data, as a record of the request. */
export function givenOptions(options: object): Record<string, unknown> {
  const notAsked = ['signal', 'track', 'root', 'mlflow', 'command', 'resume'];
  return Object.fromEntries(
    Object.entries(options).filter(
      ([name, value]) => value !== undefined && typeof value !== 'function' && !notAsked.includes(name),
    ),
  );
}
