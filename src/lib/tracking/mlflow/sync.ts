// Uploads stored runs to an MLflow server: everything that it lacks, parents before their parts.

import { basename, dirname } from 'node:path';
import type { OnProgress } from '../../base/progress.js';
import { listRuns, locateRuns } from '../query/list-runs.js';
import { runsRoot } from '../stored/run-record.js';
import type { RunSummary } from '../stored/run-summary.js';
import { type ClientOptions, createClient, type MlflowClient } from './client.js';
import { BUSY, DELETED, type UploadContext } from './ensure-run.js';
import { ServerTrouble } from './http.js';
import { serverAddress } from './server-address.js';
import type { ServerRun } from './server-run.js';
import { isChange, type Uploaded, uploadRun } from './upload-run.js';

/**
 * The runs to upload.
 *
 * @inline
 */
export interface SyncOptions extends Pick<ClientOptions, 'attempts' | 'base' | 'longest' | 'signal'> {
  /** Runs by folder, `experiment/name` or id; all by default. */
  readonly runs?: readonly string[] | undefined;
  /** The folder of all runs; `STEADYFRAME_RUNS` or `runs` by default. */
  readonly root?: string | undefined;
  /** Uploads only the runs that match a filter; see `listRuns`. */
  readonly filter?: string | undefined;
  /** Called with the number of finished runs. */
  readonly onProgress?: OnProgress | undefined;
  /** Called for runs that cannot be read, and for missing files. */
  readonly onWarning?: ((message: string) => void) | undefined;
  /** The environment with the credentials; the process's by default. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
}

/**
 * The result for one run.
 *
 * @inline
 */
export interface SyncedRun {
  readonly folder: string;
  readonly experiment: string;
  readonly name: string;
  readonly outcome: 'uploaded' | 'unchanged' | 'skipped' | 'failed';
  /** Reason why it was skipped or failed. */
  readonly reason?: string;
  readonly sent?: Uploaded;
}

/** Number of runs that are uploaded at the same time. */
const ABREAST = 4;

/**
 * Uploads everything that a tracking server lacks. A second call changes nothing.
 *
 * @param uri the server's address
 * @throws UsageError for an invalid address, run or filter; ServerTrouble when the server cannot be reached at all
 */
export async function syncRuns(uri: string, options: SyncOptions = {}): Promise<SyncedRun[]> {
  const { root = runsRoot(), filter, signal, onProgress, onWarning, env, attempts, base, longest } = options;
  const address = serverAddress(uri, env);
  const all = await listRuns({ root, onWarning, orderBy: 'start_time' });
  const { found: chosen, damaged } = options.runs?.length
    ? await locateRuns(options.runs, root)
    : { found: all, damaged: [] };
  const asked = filter === undefined ? undefined : await listRuns({ root, filter, onWarning });
  const admitted = asked && new Set(asked.map(({ id }) => id));
  const runs = chosen.filter(({ id }) => admitted === undefined || admitted.has(id));
  // Reported once: repeated failures succeed later or end in an error of their own.
  let said = false;
  const onRetry = (error: Error): void => {
    if (!said) onWarning?.(`${error.message}; trying again`);
    said = true;
  };
  const client = createClient(address, { attempts, base, longest, signal, onRetry });
  const byId = new Map([...all, ...runs].map((run) => [run.id, run]));
  const context: UploadContext = {
    client,
    parents: new Map(),
    folderOf: async (id) => byId.get(id)?.folder,
    onServer: onServer(client),
  };
  // One request before all others: an unreachable server is one problem, not one for each run.
  if (runs.length > 0) await client.findExperiment(runs[0].experiment);
  const synced: SyncedRun[] = damaged.map(({ name, reason }) => ({
    folder: name,
    experiment: basename(dirname(name)),
    name: basename(name),
    outcome: 'failed',
    reason,
  }));
  const report = (): void =>
    onProgress?.({ done: synced.length, total: runs.length + damaged.length, label: 'uploading runs' });
  report();
  for (const generation of generations(runs, byId)) {
    const queue = [...generation];
    const work = async (): Promise<void> => {
      for (let run = queue.shift(); run !== undefined; run = queue.shift()) {
        signal?.throwIfAborted();
        const outcome = await syncRun(run, context, signal);
        for (const sentence of outcome.sent?.missing ?? []) onWarning?.(`${run.folder}: ${sentence}`);
        synced.push(outcome);
        report();
      }
    };
    await Promise.all(Array.from({ length: ABREAST }, work));
  }
  return synced;
}

async function syncRun(
  { folder, experiment, name }: RunSummary,
  context: UploadContext,
  signal: AbortSignal | undefined,
): Promise<SyncedRun> {
  const run = { folder, experiment, name };
  try {
    const sent = await uploadRun(folder, context);
    return { ...run, outcome: isChange(sent) ? 'uploaded' : 'unchanged', sent };
  } catch (error) {
    if (signal?.aborted || !(error instanceof Error)) throw error;
    const skips = error instanceof ServerTrouble && [BUSY, DELETED].includes(error.details.code ?? '');
    return { ...run, outcome: skips ? 'skipped' : 'failed', reason: error.message };
  }
}

/** Searches for all our runs of an experiment on the server at once. */
function onServer(client: MlflowClient): NonNullable<UploadContext['onServer']> {
  const known = new Map<string, Promise<Map<string, ServerRun[]>>>();
  const ask = async (experiment: string): Promise<Map<string, ServerRun[]>> => {
    const byId = new Map<string, ServerRun[]>();
    for (const run of await client.runs(await client.experiment(experiment))) {
      if (run.ourId !== undefined) byId.set(run.ourId, [...(byId.get(run.ourId) ?? []), run]);
    }
    return byId;
  };
  return (experiment) => {
    const runs = known.get(experiment) ?? ask(experiment);
    known.set(experiment, runs);
    runs.catch(() => known.delete(experiment));
    return runs;
  };
}

/** Runs without a parent, then their parts, then the parts of those. */
function generations(runs: readonly RunSummary[], byId: ReadonlyMap<string, RunSummary>): RunSummary[][] {
  const depthOf = (run: RunSummary | undefined, limit = 20): number =>
    run?.parent === undefined || limit === 0 ? 0 : 1 + depthOf(byId.get(run.parent), limit - 1);
  const found: RunSummary[][] = [];
  for (const run of runs) {
    const depth = depthOf(run);
    while (found.length <= depth) found.push([]);
    found[depth].push(run);
  }
  return found;
}
