// The few calls of MLflow's REST API (2.0) that uploading needs. What a run is made of there is decided in upload-run.ts.

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

/** A point as the server takes it; NaN and the infinities are texts. */
export interface ServerPoint {
  readonly key: string;
  readonly value: number | string;
  readonly step: number;
  readonly timestamp: number;
}

/** What `runs/create` takes. */
export interface NewServerRun {
  readonly experiment: string;
  readonly name: string;
  /** Milliseconds since 1970. */
  readonly start: number;
  /** The id of our run. */
  readonly ourId: string;
}

/** A server, through its calls. All of them throw `ServerTrouble`, after trying again where that makes sense. */
export interface MlflowClient {
  /** The server's address without credentials. */
  readonly uri: string;
  /** The id of an experiment; undefined where there is none. UsageError when it was deleted there. */
  findExperiment(name: string): Promise<string | undefined>;
  /** The id of an experiment, which is made where there is none. */
  experiment(name: string): Promise<string>;
  /** Our runs in an experiment, deleted ones included; of one id where that is given. */
  runs(experiment: string, ourId?: string): Promise<ServerRun[]>;
  /** Makes a run, once: where the answer was lost, the run is looked for before another is made. */
  createRun(run: NewServerRun): Promise<ServerRun>;
  updateRun(id: string, change: { name: string; status: string; end?: number | undefined }): Promise<void>;
  logBatch(
    id: string,
    batch: { metrics?: readonly ServerPoint[]; params?: readonly Pair[]; tags?: readonly Pair[] },
  ): Promise<void>;
  logInputs(id: string, datasets: readonly object[]): Promise<void>;
  /** Writes an artifact of a run whose artifacts the server takes, over one of the same name. */
  putArtifact(run: Pick<ServerRun, 'artifactUri'>, name: string, type: string, body: Body): Promise<void>;
}

/** How a client works. */
export interface ClientOptions extends RetryOptions {
  /** Told whenever bytes have moved. */
  readonly onMove?: (() => void) | undefined;
}

const API = '/api/2.0/mlflow';

/** Pages of a thousand runs that a search may have. */
const MOST_PAGES = 200;
/** How long a search may take with all its pages (ms). */
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
      // Someone else made it in between.
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

/** Whether an error is the server's, with a code of MLflow's. */
export function isCode(error: unknown, code: string): boolean {
  return error instanceof ServerTrouble && error.details.code === code;
}
