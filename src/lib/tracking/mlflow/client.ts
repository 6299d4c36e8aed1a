// The calls of MLflow's REST API (2.0) that uploading needs. upload-run.ts decides what is sent.

import { z } from 'zod';
import { UsageError } from '../../base/errors.js';
import { type Body, createHttp, ServerTrouble } from './http.js';
import { type RetryOptions, retrying } from './retry.js';
import type { ServerAddress } from './server-address.js';
import {
  artifactPlace,
  encodePath,
  type Pair,
  RUN_ID_TAG,
  restRun,
  type ServerRun,
  serverId,
  serverRun,
} from './server-run.js';

/** A point in the API; NaN and the infinities are texts. */
export interface ServerPoint {
  readonly key: string;
  readonly value: number | string;
  readonly step: number;
  readonly timestamp: number;
}

/** Arguments of `runs/create`. */
export interface NewServerRun {
  readonly experiment: string;
  readonly name: string;
  /** Milliseconds since 1970. */
  readonly start: number;
  /** The id of our run. */
  readonly ourId: string;
}

/** The calls to a server. All of them throw `ServerTrouble`, after repeating where that makes sense. */
export interface MlflowClient {
  /** The server's address without credentials. */
  readonly uri: string;
  /** The id of an experiment; undefined if there is none. @throws UsageError when it was deleted there */
  findExperiment(name: string): Promise<string | undefined>;
  /** The id of an experiment, which is created if there is none. */
  experiment(name: string): Promise<string>;
  /** Our runs in an experiment, deleted ones included; only those of one id if it is given. */
  runs(experiment: string, ourId?: string): Promise<ServerRun[]>;
  /** Creates a run, once: after a lost answer the run is searched for before another one is created. */
  createRun(run: NewServerRun): Promise<ServerRun>;
  updateRun(id: string, change: { name: string; status: string; end?: number | undefined }): Promise<void>;
  logBatch(
    id: string,
    batch: { metrics?: readonly ServerPoint[]; params?: readonly Pair[]; tags?: readonly Pair[] },
  ): Promise<void>;
  logInputs(id: string, datasets: readonly object[]): Promise<void>;
  /** Writes an artifact of a run whose artifacts the server accepts; one of the same name is overwritten. */
  putArtifact(run: Pick<ServerRun, 'artifactUri'>, name: string, type: string, body: Body): Promise<void>;
}

/** Options of a client. */
export interface ClientOptions extends RetryOptions {
  /** Called whenever bytes were sent or received. */
  readonly onMove?: (() => void) | undefined;
}

const API = '/api/2.0/mlflow';

/** Most pages of a search, of a thousand runs each. */
const MOST_PAGES = 200;
/** Time limit of a search with all its pages (ms). */
const LONGEST_SEARCH = 300_000;

const anyAnswer = z.looseObject({});
const createdAnswer = z.object({ experiment_id: serverId });
const experimentAnswer = z.object({
  experiment: z.object({ experiment_id: serverId, lifecycle_stage: z.string().max(100).nullish() }),
});
const runAnswer = z.object({ run: restRun });
const searchAnswer = z.object({
  runs: z.array(restRun).max(10_000).nullish(),
  next_page_token: z.string().max(10_000).nullish(),
});

/** A client of a server. */
export function createClient(address: ServerAddress, options: ClientOptions = {}): MlflowClient {
  const http = createHttp(address);
  const { signal, onMove } = options;
  const call = <T>(method: 'GET' | 'POST', path: string, schema: z.ZodType<T>, body?: object): Promise<T> =>
    retrying(() => callOnce(method, path, schema, body), options);
  const callOnce = async <T>(method: 'GET' | 'POST', path: string, schema: z.ZodType<T>, body?: object): Promise<T> => {
    const text = await http({
      method,
      path: `${API}/${path}`,
      ...(body && { body: JSON.stringify(body) }),
      signal,
      onMove,
    });
    try {
      return schema.parse(JSON.parse(text || '{}'));
    } catch (error) {
      const [issue] = error instanceof z.ZodError ? error.issues : [];
      const where = issue && issue.path.length > 0 ? ` (${path.replace(/\?.*/, '')}: ${issue.path.join('.')})` : '';
      throw new ServerTrouble(`${address.uri} does not answer like an MLflow server${where}; check the address`, {
        again: false,
      });
    }
  };
  const experiments = new Map<string, Promise<string>>();
  const findExperiment = async (name: string): Promise<string | undefined> => {
    try {
      const path = `experiments/get-by-name?experiment_name=${encodeURIComponent(name)}`;
      const { experiment } = await call('GET', path, experimentAnswer);
      if (experiment.lifecycle_stage !== 'deleted') return experiment.experiment_id;
    } catch (error) {
      if (error instanceof ServerTrouble && error.details.code === 'RESOURCE_DOES_NOT_EXIST') return undefined;
      throw error;
    }
    throw new UsageError(
      `MLflow at ${address.uri}: the experiment '${name}' was deleted there; restore it (mlflow experiments restore), or remove it for good (mlflow gc)`,
    );
  };
  const makeExperiment = async (name: string): Promise<string> => {
    const found = await findExperiment(name);
    if (found !== undefined) return found;
    try {
      return (await call('POST', 'experiments/create', createdAnswer, { name })).experiment_id;
    } catch (error) {
      // Another client created it in between.
      const id = isCode(error, 'RESOURCE_ALREADY_EXISTS') ? await findExperiment(name) : undefined;
      if (id === undefined) throw error;
      return id;
    }
  };
  const runs = async (experiment: string, ourId?: string): Promise<ServerRun[]> => {
    const found: ServerRun[] = [];
    const filter = ourId === undefined ? `tags.\`${RUN_ID_TAG}\` != ''` : `tags.\`${RUN_ID_TAG}\` = '${ourId}'`;
    const search = { experiment_ids: [experiment], filter, run_view_type: 'ALL', max_results: 1000 };
    const pages = new Set<string>();
    const end = performance.now() + LONGEST_SEARCH;
    for (let page: string | undefined; ; ) {
      const body = { ...search, ...(page && { page_token: page }) };
      const answer = await call('POST', 'runs/search', searchAnswer, body);
      found.push(...(answer.runs ?? []).map(serverRun));
      page = answer.next_page_token || undefined;
      if (page === undefined) return found;
      if (pages.has(page) || pages.size === MOST_PAGES || performance.now() > end) {
        throw new ServerTrouble(`${address.uri} lists runs without an end; check the address`, { again: false });
      }
      pages.add(page);
    }
  };
  return {
    uri: address.uri,
    findExperiment,
    experiment(name) {
      const id = experiments.get(name) ?? makeExperiment(name);
      experiments.set(name, id);
      id.catch(() => experiments.delete(name));
      return id;
    },
    runs,
    createRun: ({ experiment, name, start, ourId }) => {
      const tags: Pair[] = [{ key: RUN_ID_TAG, value: ourId }];
      const body = { experiment_id: experiment, run_name: name, start_time: start, tags };
      let isRepeat = false;
      return retrying(async () => {
        const [made] = isRepeat ? await runs(experiment, ourId) : [];
        isRepeat = true;
        return made ?? serverRun((await callOnce('POST', 'runs/create', runAnswer, body)).run);
      }, options);
    },
    async updateRun(id, { name, status, end }) {
      await call('POST', 'runs/update', anyAnswer, {
        run_id: id,
        run_name: name,
        status,
        ...(end !== undefined && { end_time: end }),
      });
    },
    async logBatch(id, batch) {
      await call('POST', 'runs/log-batch', anyAnswer, { run_id: id, ...batch });
    },
    async logInputs(id, datasets) {
      await call('POST', 'runs/log-inputs', anyAnswer, { run_id: id, datasets });
    },
    async putArtifact({ artifactUri }, name, type, body) {
      const path = `/api/2.0/mlflow-artifacts/artifacts/${artifactPlace(artifactUri)}/${encodePath(name)}`;
      await retrying(() => http({ method: 'PUT', path, type, body, signal, onMove }), options);
    },
  };
}

/** Whether an error is from the server, with this code of MLflow's. */
export function isCode(error: unknown, code: string): boolean {
  return error instanceof ServerTrouble && error.details.code === code;
}
