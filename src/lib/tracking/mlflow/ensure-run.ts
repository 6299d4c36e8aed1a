// Ensures that a server has a run, once: it is searched for by its tag before it is created.

import { isClaim, takeClaim } from '../log/claim.js';
import { type RunRecord, readRunRecord } from '../stored/run-record.js';
import type { MlflowClient } from './client.js';
import { ServerTrouble } from './http.js';
import type { ServerRun } from './server-run.js';
import { readUploadState, type UploadState, writeUploadState } from './upload-state.js';

/** The server and the other runs that an upload refers to. */
export interface UploadContext {
  readonly client: MlflowClient;
  /** The folder of a parent run by its id. */
  readonly folderOf: (id: string) => Promise<string | undefined>;
  /** Our runs in an experiment of the server by our id, requested once instead of a search for each run. */
  readonly onServer?: ((experiment: string) => Promise<Map<string, ServerRun[]>>) | undefined;
  /** Lookups of parents, by our id. */
  readonly parents: Map<string, Promise<string | undefined>>;
}

/** Codes of problems that the server did not cause. */
export const BUSY = 'STEADYFRAME_BUSY';
export const DELETED = 'STEADYFRAME_DELETED';

/**
 * The upload state of a run on a server, where the run is created if it is missing.
 *
 * @param onCreate called when the run was created
 */
export async function ensureRun(
  folder: string,
  record: RunRecord,
  context: UploadContext,
  onCreate?: () => void,
): Promise<UploadState> {
  const { client, onServer } = context;
  const state = await readUploadState(folder, client.uri);
  if (!onServer && state.run !== undefined && state.artifactUri !== undefined) return state;
  const experiment = await client.experiment(record.experiment);
  const known = await onServer?.(record.experiment);
  const found = known ? (known.get(record.id) ?? []) : await client.runs(experiment, record.id);
  let run = found.find(({ id }) => id === state.run) ?? found.find(({ deleted }) => !deleted) ?? found[0];
  if (run?.deleted) {
    const message = `the run was deleted on ${client.uri}; restore it there to go on uploading`;
    throw new ServerTrouble(message, { again: false, code: DELETED });
  }
  if (run !== undefined && run.id === state.run && state.artifactUri !== undefined) return state;
  if (run === undefined) {
    run = await client.createRun({ experiment, name: record.name, start: Date.parse(record.start), ourId: record.id });
    known?.set(record.id, [run]);
    onCreate?.();
  }
  // The stored state is of a run that was removed, or there is none.
  const fresh: UploadState = { run: run.id, artifactUri: run.artifactUri };
  await writeUploadState(folder, client.uri, fresh);
  return fresh;
}

/** The server's id of a run's parent, which is created there if it is missing; undefined without a parent. */
export function parentOn({ parent }: RunRecord, context: UploadContext): Promise<string | undefined> {
  if (parent === undefined) return Promise.resolve(undefined);
  const id = context.parents.get(parent) ?? findParent(parent, context);
  context.parents.set(parent, id);
  id.catch(() => context.parents.delete(parent));
  return id;
}

async function findParent(parent: string, context: UploadContext): Promise<string | undefined> {
  const folder = await context.folderOf(parent);
  if (folder === undefined) return undefined;
  return withClaim(folder, async () => (await ensureRun(folder, await readRunRecord(folder), context)).run);
}

/** Only one process uploads a run at a time. */
export async function withClaim<T>(folder: string, work: () => Promise<T>): Promise<T> {
  const taken = await takeClaim(folder, 'upload');
  if (!isClaim(taken)) {
    const { pid, host } = taken.process;
    throw new ServerTrouble(`process ${pid} on ${host} is uploading this run`, { again: true, code: BUSY });
  }
  try {
    return await work();
  } finally {
    await taken.release();
  }
}
