// Executes jobs by offering them to workers of any machine through a store, and waiting until they are done there. Nothing
// is kept here that the store does not have: a coordinator that ends leaves workers with what they have, and the next one
// goes on.

import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { FailureError, UsageError } from '../../base/errors.js';
import { onAbort } from '../../base/on-abort.js';
import type { Executor, JobHooks, OpenedSweep } from '../jobs/executor.js';
import type { Job } from '../jobs/job.js';
import { hasStage, readStage } from '../jobs/training-job.js';
import { fetchFolder } from './fetch-job.js';
import { finalKey, isFinished, resultPrefix } from './finish-job.js';
import { folderStore } from './folder-store.js';
import { currentLeases, previewOf } from './leases.js';
import { type PassedCurve, passedCurve } from './live-curve.js';
import { patientStore } from './patient-store.js';
import { packJobs } from './portable-job.js';
import type { JobQueue } from './redis-queue.js';
import { type JobReport, jobKey, readJson, readState, SHARED, type Store } from './store.js';

/** Options of offering jobs. */
export interface StoreExecutorOptions {
  readonly onWarning?: (message: string) => void;
  /** Opens a queue that tells workers what can be begun; those who look into the store need none. */
  readonly queue?: ((sweep: { store: string; sweep: string }) => Promise<JobQueue>) | undefined;
}

/** A job that this process waits for. */
interface Awaited {
  readonly job: Job;
  /** The job in terms of the store. */
  packed: Job;
  readonly begin: () => void;
  readonly begun: Promise<void>;
  hooks?: JobHooks;
  curve?: PassedCurve;
  /** The sign of life of its worker after which its curve was looked at. */
  beat?: number;
  settle?: (error?: unknown) => void;
}

/** Jobs of one list. */
const PART = 500;

/** Milliseconds that a coordinator that was told to stop waits for the store. */
const FAREWELL = 10_000;

/**
 * Offers jobs in a store.
 *
 * @param chosen the store; by default the sweep's own folder
 */
export function storeExecutor(chosen?: Store, { onWarning, queue: openQueue }: StoreExecutorOptions = {}): Executor {
  const closing = new AbortController();
  let store: Store;
  let queue: JobQueue | undefined;
  const waiting = new Map<string, Awaited>();
  let sweep: OpenedSweep | undefined;
  // Another coordinator's list of the same number has another name: workers do not read one twice.
  const own = randomBytes(4).toString('hex');
  let lists = 0;
  let watching: Promise<void> | undefined;
  let isEnded = false;
  const opened = (): OpenedSweep => {
    if (!sweep) throw new Error('storeExecutor: jobs before open');
    return sweep;
  };
  const setState = async (state: 'open' | 'held' | 'ended'): Promise<string> => {
    const { id = randomBytes(8).toString('hex') } = (await readState(store)) ?? {};
    await store.write(SHARED.state, JSON.stringify({ name: opened().name, id, state }));
    return id;
  };
  const settle = async (key: string, awaited: Awaited, failed: boolean): Promise<void> => {
    const { job, packed } = awaited;
    waiting.delete(key);
    queue?.drop(job);
    awaited.begin();
    try {
      if (failed) throw failure(await readJson<JobReport>(store, SHARED.failed + key));
      if (store.folder !== opened().out && job.kind !== 'source') {
        await rm(folderOf(job), { recursive: true, force: true }); // a damaged one
        await fetchFolder(store, resultPrefix(packed), folderOf(job));
      }
      await replayCurve(job, awaited.curve);
      awaited.settle?.();
    } catch (error) {
      awaited.settle?.(error);
    }
  };
  const look = async (): Promise<void> => {
    const done = new Set(await store.names(SHARED.done));
    const failed = new Set(await store.names(SHARED.failed));
    for (const [key, awaited] of waiting) {
      if (!awaited.settle) {
        if (done.has(key) || failed.has(key)) awaited.begin();
        continue;
      }
      if (done.has(key) || failed.has(key)) void settle(key, awaited, failed.has(key));
    }
    for (const [key, { fraction, doing, beat }] of await currentLeases(store)) {
      const awaited = waiting.get(key);
      if (!awaited) continue;
      awaited.begin();
      const phase = awaited.job.kind === 'training' ? 'training' : 'denoising';
      const progress = { done: Math.round(1000 * fraction), total: 1000, label: doing };
      const isNew = awaited.hooks !== undefined && awaited.beat !== beat;
      if (isNew) awaited.beat = beat;
      if (isNew && awaited.job.kind === 'training') await awaited.curve?.look(store, awaited.job);
      const picture = isNew ? await previewOf(store, key) : undefined;
      awaited.hooks?.onProgress?.({ ...progress, ...(fraction > 0 && { phase }), ...(picture && { picture }) });
    }
  };
  const watch = async (): Promise<void> => {
    while (!closing.signal.aborted) {
      await look().catch((error: Error) => {
        if (!closing.signal.aborted) onWarning?.(`${store.name}: ${error.message}; it is looked at again`);
      });
      await sleep(store.interval, undefined, { signal: closing.signal }).catch(() => {});
    }
  };
  return {
    slots: Infinity,
    async open(of) {
      sweep = of;
      // A store that is away does not keep a sweep that is told to stop.
      onAbort(of.signal, () => setTimeout(() => closing.abort(of.signal?.reason), FAREWELL).unref());
      const given = chosen ?? folderStore(of.out);
      store = patientStore(given, { signal: closing.signal, onWarning });
      await given.found().catch((error) => {
        const reason = error instanceof Error ? error.message : String(error);
        throw new UsageError(`${given.name}: cannot be used for the sweep (${reason}); create it, or choose another`);
      });
      // Lists of an earlier coordinator may hold what the file does not list any more.
      await store.remove(SHARED.jobs);
      const id = await setState('open');
      queue = await openQueue?.({ store: given.name, sweep: id });
      watching = watch();
    },
    async offer(jobs) {
      const { out, inputs } = opened();
      const stored = new Set(await store.names(SHARED.inputs));
      const done = new Set(await store.names(SHARED.done));
      const failed = new Set(await store.names(SHARED.failed));
      // In parts: the text of ten thousand jobs at once would take more memory than they do.
      for (let start = 0; start < jobs.length; start += PART) {
        const part = jobs.slice(start, start + PART);
        const packed = packJobs(out, part, inputs());
        for (const [hash, { path }] of packed.places) {
          if (!stored.has(hash)) await store.upload(SHARED.inputs + hash, path);
          stored.add(hash);
        }
        for (const [i, job] of part.entries()) {
          const key = jobKey(job);
          if (failed.has(key)) await store.remove(SHARED.failed + key);
          if (done.has(key)) await forgetDamaged(store, packed.jobs[i], opened());
          let begin = (): void => {};
          const begun = new Promise<void>((resolve) => (begin = resolve));
          waiting.set(key, { job, packed: packed.jobs[i], begin, begun });
        }
        const name = `${own}/${String(lists++).padStart(6, '0')}.json`;
        await store.write(SHARED.jobs + name, JSON.stringify({ jobs: packed.jobs, inputs: packed.inputs }));
      }
    },
    async begun(job, signal) {
      queue?.add(job);
      const awaited = waiting.get(jobKey(job));
      let forget = (): void => {};
      const stopped = new Promise<never>((_, reject) => {
        if (signal?.aborted) reject(signal.reason);
        forget = onAbort(signal, () => reject(signal?.reason));
      });
      await Promise.race([awaited?.begun, stopped]).finally(forget);
    },
    async run(job, hooks) {
      const key = jobKey(job);
      const known = waiting.get(key);
      // Tried again: workers leave what has failed alone.
      if (!known) await store.remove(SHARED.failed + key);
      const packed = known?.packed ?? packJobs(opened().out, [job], opened().inputs()).jobs[0];
      if (!known) queue?.add(job);
      await new Promise<void>((resolve, reject) => {
        const forget = onAbort(hooks.signal, () => end(hooks.signal?.reason));
        const end = (error?: unknown): void => {
          forget();
          waiting.delete(key);
          if (error === undefined) resolve();
          else reject(error);
        };
        const begun = known?.begun ?? Promise.resolve();
        waiting.set(key, {
          job,
          packed,
          begin: known?.begin ?? (() => {}),
          begun,
          hooks,
          curve: passedCurve(hooks),
          settle: end,
        });
        if (hooks.signal?.aborted) end(hooks.signal.reason);
      });
    },
    async finish(failed) {
      await setState('ended');
      isEnded = true;
      await store.remove(SHARED.jobs);
      await store.remove(SHARED.leases);
      await store.remove(SHARED.previews);
      await store.remove(SHARED.curves);
      if (failed > 0) return;
      for (const prefix of [SHARED.partial, SHARED.inputs]) await store.remove(prefix);
      for (const name of await store.names('sources/')) {
        if (name.includes('/encoded/')) await store.remove(`sources/${name}`);
      }
    },
    async close() {
      if (!sweep || closing.signal.aborted) return;
      // Workers finish what they have, and begin nothing more.
      const held = isEnded ? Promise.resolve() : setState('held').catch(() => {});
      await Promise.race([Promise.all([held, queue?.close()]), sleep(FAREWELL, undefined, { ref: false })]);
      closing.abort();
      await watching;
    },
  };
}

function folderOf(job: Job): string {
  return job.kind === 'training' ? job.stage : job.folder;
}

function failure(report: JobReport | undefined): Error {
  const reason = report?.reason ?? 'a worker gave no reason';
  return report?.isUsage ? new UsageError(reason) : new FailureError(reason);
}

/** The rest of the curve of a training, which a worker has stored with its weights. */
async function replayCurve(job: Job, curve: PassedCurve | undefined): Promise<void> {
  if (job.kind !== 'training' || !hasStage(job.stage)) return;
  const { losses, gradientNorms } = await readStage(job.stage);
  for (const [i, loss] of losses.entries()) curve?.pass(i + 1, { loss, gradient_norm: gradientNorms[i] });
}

/** Lets a job be done again whose results are gone, or not what they were. */
async function forgetDamaged(store: Store, packed: Job, { out }: OpenedSweep): Promise<void> {
  if (await isFinished(store, packed)) {
    // In the sweep's own folder the coordinator has looked already, and offers nothing that is whole.
    if (store.folder !== out || packed.kind === 'source') return;
    await store.remove(finalKey(packed));
  }
  await store.remove(SHARED.done + jobKey(packed));
}
