// Executes jobs by offering them to workers of any machine through a store, and waiting until they are done there. Nothing
// is kept here that the store does not have: a coordinator that ends leaves workers with what they have, and the next one
// goes on.

import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { removeLeftovers } from '../../base/atomic-file.js';
import { UsageError } from '../../base/errors.js';
import { onAbort } from '../../base/on-abort.js';
import type { Executor, JobHooks, OpenedSweep } from '../jobs/executor.js';
import type { Job } from '../jobs/job.js';
import { fetchFolder } from './fetch-job.js';
import { resultPrefix } from './finish-job.js';
import { folderStore } from './folder-store.js';
import { currentLeases, previewOf } from './leases.js';
import { type PassedCurve, passedCurve } from './live-curve.js';
import { type OwnState, ownState } from './own-state.js';
import { patientStore } from './patient-store.js';
import { packJobs } from './portable-job.js';
import { assertWhole, failure, folderOf, forgetDamaged, replayCurve } from './received-results.js';
import type { JobQueue } from './redis-queue.js';
import { type JobReport, jobKey, readJson, SHARED, type Store } from './store.js';

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
  let state: OwnState;
  /** Why this process gives up: another one has the store. */
  let taken: UsageError | undefined;
  const opened = (): OpenedSweep => {
    if (!sweep) throw new Error('storeExecutor: jobs before open');
    return sweep;
  };
  const settle = async (key: string, awaited: Awaited, failed: boolean): Promise<void> => {
    const { job, packed } = awaited;
    waiting.delete(key);
    try {
      const report = await readJson<JobReport>(store, (failed ? SHARED.failed : SHARED.done) + key);
      if (!report) {
        waiting.set(key, awaited); // the list was from before it was tried again
        return;
      }
      queue?.drop(job);
      awaited.begin();
      if (failed) throw failure(report);
      if (store.folder !== opened().out && job.kind !== 'source') {
        await rm(folderOf(job), { recursive: true, force: true }); // a damaged one
        await fetchFolder(store, resultPrefix(packed), folderOf(job));
      } else if (store.folder === opened().out) {
        await removeLeftovers(folderOf(job)); // of workers that were killed while they stored results
      }
      await assertWhole(store, job, packed);
      await replayCurve(job, awaited.curve);
      awaited.settle?.();
    } catch (error) {
      awaited.settle?.(error);
    }
  };
  const look = async (): Promise<void> => {
    taken = await state.taken();
    if (taken) {
      for (const { settle: end } of [...waiting.values()]) end?.(taken);
      return;
    }
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
    while (!closing.signal.aborted && !taken) {
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
      state = ownState(store, of.name, own);
      // Lists of an earlier coordinator may hold what the file does not list any more.
      await store.remove(SHARED.jobs);
      const id = await state.write('open');
      queue = await openQueue?.({ store: given.name, sweep: id });
      watching = watch();
    },
    async offer(jobs) {
      const { out, inputs } = opened();
      await state.assertOurs();
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
          if (done.has(key)) await forgetDamaged(store, packed.jobs[i], out);
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
      if (taken) throw taken;
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
      await state.assertOurs();
      await state.write('ended');
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
      const hold = async (): Promise<unknown> => state.assertOurs().then(() => state.write('held'));
      const held = isEnded ? Promise.resolve() : hold().catch(() => {});
      await Promise.race([Promise.all([held, queue?.close()]), sleep(FAREWELL, undefined, { ref: false })]);
      closing.abort();
      await watching;
    },
  };
}
