// Makes sure that a server has a run, once: it is looked for by its tag before it is made.

import { isClaim, takeClaim } from '../log/claim.js';
import { type RunRecord, readRunRecord } from '../stored/run-record.js';
import type { MlflowClient } from './client.js';
import { ServerTrouble } from './http.js';
import type { ServerRun } from './server-run.js';
import { readUploadState, type UploadState, writeUploadState } from './upload-state.js';

/** What an upload needs to know besides. */
export interface UploadContext {
  readonly client: MlflowClient;
  /** The folder of another run by its id, for parents. */
  readonly folderOf: (id: string) => Promise<string | undefined>;
  /** Our runs in an experiment of the server by our id, asked for once: spares a search a run, and tells which are gone. */
  readonly onServer?: ((experiment: string) => Promise<Map<string, ServerRun[]>>) | undefined;
  /** Parents that are being looked up, by our id. */
  readonly parents: Map<string, Promise<string | undefined>>;
}

/** Codes of troubles that are no fault of the server. */
export const BUSY = 'STEADYFRAME_BUSY';
export const DELETED = 'STEADYFRAME_DELETED';

/**
 * What a server has of a run, which is made there where it is not yet.
 *
 * @param onCreate told when it was made
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
  // What was remembered is of a run that is gone, or of none.
  const fresh: UploadState = { run: run.id, artifactUri: run.artifactUri };
  await writeUploadState(folder, client.uri, fresh);
  return fresh;
}

/** The server's id of a run's parent, which is made there where need be; undefined where there is none. */
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
