// A queue in Redis, by BullMQ, that tells workers which jobs can be begun. It carries names of jobs only: the store has the
// jobs and their results, so that a queue that is lost is filled again.

import type * as BullMQ from 'bullmq';
import type { Redis } from 'ioredis';
import { UsageError } from '../../base/errors.js';
import type { Job } from '../jobs/job.js';
import { jobKey } from './store.js';

/** The name of the queue, for dashboards of BullMQ. */
export const QUEUE = 'steadyframe';

/** What the queue says of a job. */
export interface QueuedJob {
  /** The store, as the sweep named it. */
  readonly store: string;
  /** The sweep in that store. */
  readonly sweep: string;
  /** The job in that sweep. */
  readonly key: string;
}

/** Keeps jobs in the queue until they have ended. */
export interface JobQueue {
  /** Queues a job, or one that failed again. */
  add(job: Job): void;
  /** The job has ended. */
  drop(job: Job): void;
  /** Takes what nobody has begun out of the queue, and closes the connection. */
  close(): Promise<void>;
}

/** Milliseconds between looks at whether the queue has lost something. */
const CHECK = 1000;

/** Jobs that are queued at once. */
const PART = 500;

/** Jobs whose state is asked for at each look. */
const LOOKED_AT = 100;

/** States of jobs that somebody will do, or does. */
const ALIVE = ['waiting', 'active', 'prioritized', 'delayed'] as const;

/** Small numbers first: what others need, then finetunes, which are judged together, then all else. */
function priorityOf({ kind, settings }: Job): number {
  if (kind !== 'point') return 1;
  return settings.iterations === undefined ? 3 : 2;
}

/**
 * Opens the queue for a sweep.
 *
 * @throws UsageError where BullMQ is not installed, or nothing answers at the address
 */
export async function openJobQueue(
  url: string,
  { store, sweep }: Pick<QueuedJob, 'store' | 'sweep'>,
): Promise<JobQueue> {
  const { bullmq, redis } = await connect(url);
  const queue = new bullmq.Queue<QueuedJob>(QUEUE, { connection: redis });
  queue.on('error', () => {}); // it is tried again
  const wanted = new Map<string, { key: string; priority: number }>();
  const fresh = new Set<string>();
  let closed = false;
  const id = (key: string): string => `${key}-${sweep}`;
  const put = async (ids: readonly string[]): Promise<void> => {
    // In parts: ten thousand at once would take more memory than all else.
    for (let start = 0; start < ids.length; start += PART) await putPart(ids.slice(start, start + PART));
  };
  const putPart = async (ids: readonly string[]): Promise<void> => {
    const jobs = ids.flatMap((jobId) => {
      const job = wanted.get(jobId);
      if (!job) return [];
      const options = { jobId, priority: job.priority, removeOnComplete: true, removeOnFail: { count: 1000 } };
      return [{ name: job.key, data: { store, sweep, key: job.key }, opts: options }];
    });
    if (jobs.length > 0) await queue.addBulk(jobs);
  };
  const restore = async (lost: readonly string[]): Promise<void> => {
    for (const each of lost) await queue.remove(each).catch(() => {}); // one that failed keeps its name
    await put(lost);
  };
  const missing = async (ids: readonly string[]): Promise<string[]> => {
    const states = await Promise.all(ids.map((each) => queue.getJobState(each)));
    return ids.filter((_, i) => !(ALIVE as readonly string[]).includes(states[i]));
  };
  const nextOf = inTurns(LOOKED_AT);
  const check = async (): Promise<void> => {
    if (fresh.size > 0) {
      const ids = [...fresh];
      await put(ids);
      for (const each of ids) fresh.delete(each);
    }
    // Cheap while nothing is lost. Jobs of others count too, so that some own ones are looked for whatever the number.
    const counts = await queue.getJobCounts(...ALIVE);
    if (Object.values(counts).reduce((sum, count) => sum + count, 0) >= wanted.size) {
      await restore(await missing(nextOf(wanted)));
      return;
    }
    const there = new Set((await queue.getJobs([...ALIVE])).map((job) => job?.id));
    await restore([...wanted.keys()].filter((each) => !there.has(each)));
  };
  const keep = async (): Promise<void> => {
    while (!closed) {
      await check().catch(() => {}); // Redis is away
      await new Promise((resolve) => setTimeout(resolve, CHECK).unref());
    }
  };
  void keep();
  return {
    add(job) {
      const key = jobKey(job);
      wanted.set(id(key), { key, priority: priorityOf(job) });
      fresh.add(id(key));
    },
    drop(job) {
      wanted.delete(id(jobKey(job)));
      fresh.delete(id(jobKey(job)));
    },
    async close() {
      closed = true;
      const clear = async (): Promise<void> => {
        for (const each of wanted.keys()) await queue.remove(each).catch(() => {}); // those that are done now stay
      };
      await Promise.race([clear(), new Promise((resolve) => setTimeout(resolve, 5000).unref())]);
      redis.disconnect();
    },
  };
}

/** A function that returns some keys of a map, others at each call, until all have had their turn. */
function inTurns(count: number): (of: ReadonlyMap<string, unknown>) => string[] {
  let start = 0;
  return (of) => {
    const keys = [...of.keys()];
    if (start >= keys.length) start = 0;
    const some = keys.slice(start, start + count);
    start += count;
    return some;
  };
}

/** The queue, as far as one who does a job needs it. */
export interface AtQueue {
  /** Tells it how far the job is. */
  readonly onProgress: (progress: { readonly fraction: number; readonly doing: string }) => void;
  /** Whether it has other jobs that could be done. */
  readonly othersWait: () => Promise<boolean>;
}

/** Options of taking jobs from the queue. */
export interface QueueWorkerOptions {
  readonly slots: number;
  /** Does a job; `slot` is free until it ends. Its reason is thrown where it failed. */
  readonly perform: (job: QueuedJob, slot: number, at: AtQueue) => Promise<void>;
  /** Ends the work. */
  readonly signal?: AbortSignal | undefined;
  /** Seconds without work after which it ends. */
  readonly idle?: number;
}

/**
 * Takes jobs from the queue until the signal is aborted, or there is no work for a while.
 *
 * @throws UsageError where BullMQ is not installed, or nothing answers at the address; the signal's reason
 */
export async function workFromQueue(url: string, options: QueueWorkerOptions): Promise<void> {
  const { slots, perform, signal, idle = Infinity } = options;
  const { bullmq, redis } = await connect(url);
  const free = Array.from({ length: slots }, (_, slot) => slot);
  let lastWork = performance.now();
  const queue = new bullmq.Queue<QueuedJob>(QUEUE, { connection: redis });
  queue.on('error', () => {}); // it is tried again
  const othersWait = async (): Promise<boolean> => {
    if (redis.status !== 'ready') return false; // an answer would be waited for
    const counts = await queue.getJobCounts('waiting', 'prioritized').catch(() => ({}));
    return Object.values(counts).some((count) => count > 0);
  };
  const worker = new bullmq.Worker<QueuedJob>(
    QUEUE,
    async (job) => {
      const slot = free.shift() ?? 0;
      try {
        await perform(job.data, slot, { onProgress: toldTo(job), othersWait });
      } finally {
        free.push(slot);
        lastWork = performance.now();
      }
    },
    // A worker that is killed is no reason to give a job up.
    { connection: redis, concurrency: slots, maxStalledCount: 1000, stalledInterval: 5000, drainDelay: 1 },
  );
  worker.on('error', () => {}); // it is tried again
  try {
    while (!signal?.aborted && (free.length < slots || performance.now() - lastWork < 1000 * idle)) {
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  } finally {
    await Promise.race([worker.close(), new Promise((resolve) => setTimeout(resolve, 15_000).unref())]);
    redis.disconnect();
  }
  signal?.throwIfAborted();
}

/** Tells a job of the queue its progress, not more often than somebody looks. */
function toldTo(job: BullMQ.Job<QueuedJob>): AtQueue['onProgress'] {
  let last = Number.NEGATIVE_INFINITY;
  return ({ fraction, doing }) => {
    if (performance.now() - last < CHECK) return;
    last = performance.now();
    void job.updateProgress({ percent: Math.floor(100 * fraction), doing }).catch(() => {}); // Redis is away
  };
}

/** A connection that is restored whenever it is lost. */
async function connect(url: string): Promise<{ bullmq: typeof BullMQ; redis: Redis }> {
  if (!/^rediss?:\/\//.test(url)) throw new UsageError(`${url}: expected the address of Redis, redis://HOST:PORT`);
  let bullmq: typeof BullMQ;
  let Client: typeof Redis;
  try {
    bullmq = await import('bullmq');
    Client = (await import('ioredis')).Redis;
  } catch (error) {
    throw new UsageError(`${url}: needs the packages bullmq and ioredis; install them beside steadyframe`, {
      cause: error,
    });
  }
  const retryStrategy = (attempt: number): number => Math.min(100 * attempt, 1000);
  const redis = new Client(url, { maxRetriesPerRequest: null, retryStrategy, lazyConnect: true });
  redis.on('error', () => {});
  try {
    const first = new Client(url, { maxRetriesPerRequest: 0, retryStrategy: () => null, lazyConnect: true });
    first.on('error', () => {});
    await first.connect();
    first.disconnect();
  } catch (error) {
    throw new UsageError(
      `${url}: Redis does not answer (${(error as Error).message}); start it, or correct the address`,
    );
  }
  return { bullmq, redis };
}
