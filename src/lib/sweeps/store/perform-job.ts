// One job of a store on this machine: its inputs are fetched, its lease is renewed while it is done in a child process, and
// its results are stored if the lease is still held.

import { rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { UsageError } from '../../base/errors.js';
import { onAbort } from '../../base/on-abort.js';
import { thisProcess } from '../../base/process-identity.js';
import type { Executor } from '../jobs/executor.js';
import type { Job } from '../jobs/job.js';
import { fetchJob, type WorkerFolders } from './fetch-job.js';
import { commitJob, isFinished, reportDone, reportFailed } from './finish-job.js';
import type { HeldLease } from './leases.js';
import { removeCurve, writtenCurve } from './live-curve.js';
import { partialPrefix, partialWork, restorePartialWork } from './partial-work.js';
import type { Inputs } from './portable-job.js';
import type { Store } from './store.js';

/** Times that a job may be begun: one that kills every worker shall not go round for ever. */
const MOST_BEGUN = 100;

/** A slot of a worker, in a sweep. */
export interface Bench {
  readonly store: Store;
  readonly folders: WorkerFolders;
  /** Does jobs in a child process. */
  readonly executor: Executor;
  /** Seconds of a lease; it is renewed four times as often. */
  readonly seconds: number;
  /** Stops the job after its current step; what it has is kept. */
  readonly signal?: AbortSignal | undefined;
  readonly onWarning?: ((message: string) => void) | undefined;
  /** Called with how far the job is, from 0 to 1, and what is done. */
  readonly onProgress?: ((progress: { fraction: number; doing: string }) => void) | undefined;
}

/** What a job has come to here; `lost` when another has taken it, `stopped` when this worker was told to end. */
export type Performed =
  | { readonly status: 'done' | 'found' | 'lost' | 'stopped' }
  | { readonly status: 'failed'; readonly reason: string; readonly isUsage: boolean };

/** Does a job whose lease this process holds. */
export async function performJob(bench: Bench, packed: Job, inputs: Inputs, lease: HeldLease): Promise<Performed> {
  const { store, signal } = bench;
  const machine = thisProcess().host;
  const { label, passes } = packed;
  if (await isFinished(store, packed)) {
    await reportDone(store, packed, { label, machine, passes });
    await lease.end();
    return { status: 'found' };
  }
  if (lease.number > MOST_BEGUN) {
    const reason = `it was begun ${lease.number - 1} times and never ended; it may be more than the machines can do`;
    await reportFailed(store, packed, { label, machine, passes, reason, isUsage: true });
    await lease.free();
    return { status: 'failed', reason, isUsage: true };
  }
  const stop = new AbortController();
  const forget = onAbort(signal, () => stop.abort(signal?.reason));
  const keeping = keepLease(bench, lease, stop);
  try {
    const job = await fetchJob(store, packed, inputs, bench.folders);
    const partial = partialWork(store, job);
    await restorePartialWork(store, job);
    const curve = writtenCurve(store, packed);
    keeping.saves(async () => {
      await curve.save();
      await partial.save();
    });
    const begun = performance.now();
    await bench.executor.run(job, {
      signal: stop.signal,
      ...(bench.onWarning && { onWarning: bench.onWarning }),
      onMetrics: curve.note,
      onProgress: ({ done, total, label: doing, phase, picture }) =>
        keeping.note({ ...(phase && { fraction: done / Math.max(1, total) }), doing: phase ?? doing }, picture),
    });
    const seconds = (performance.now() - begun) / 1000;
    await keeping.savesNoMore();
    // Later stages of a training go on from its state.
    if (job.kind === 'training') await partial.save();
    // Renewed while results are stored, which may take longer than the lease.
    const committed = await commitJob(store, packed, job, async () => !keeping.isLost() && (await lease.isHeld()));
    await keeping.end();
    if (committed === 'lost') return { status: 'lost' };
    const isOurs = committed === 'stored';
    await reportDone(store, packed, { label, machine, passes, ...(isOurs && { seconds }) });
    await removeCurve(store, packed);
    if (job.kind !== 'training') await store.remove(partialPrefix(packed));
    await lease.end();
    if (job.kind === 'point') {
      await rm(job.folder, { recursive: true, force: true }).catch((error: Error) =>
        bench.onWarning?.(`${job.folder} cannot be removed: ${error.message}`),
      );
    }
    return { status: isOurs ? 'done' : 'found' };
  } catch (error) {
    await keeping.end();
    if (keeping.isLost()) return { status: 'lost' };
    if (signal?.aborted) {
      await keeping.save();
      await lease.free();
      return { status: 'stopped' };
    }
    const reason = error instanceof Error ? error.message : String(error);
    const isUsage = error instanceof UsageError;
    if (await lease.isHeld()) {
      await reportFailed(store, packed, { label, machine, passes, reason, isUsage });
      await lease.free();
    }
    return { status: 'failed', reason, isUsage };
  } finally {
    forget();
    await keeping.end();
  }
}

/** Renews a lease, saves unfinished work, and stops the job when another has taken it. */
function keepLease({ seconds, onWarning, onProgress }: Bench, lease: HeldLease, stop: AbortController) {
  const begun = performance.now();
  const ended = new AbortController();
  let progress = { fraction: 0, doing: 'starting' };
  let last: string | undefined;
  let saveWork: (() => Promise<void>) | undefined;
  let lost = false;
  let saving: Promise<void> | undefined;
  const save = async (): Promise<void> => {
    await saving;
    // Without it another machine starts from the beginning, no more.
    saving = saveWork?.().catch((error: Error) => onWarning?.(`unfinished work could not be copied: ${error.message}`));
    await saving;
    saving = undefined;
  };
  const beat = async (): Promise<void> => {
    while (!ended.signal.aborted) {
      await sleep(250 * seconds, undefined, { signal: ended.signal }).catch(() => {});
      if (ended.signal.aborted) return;
      if (await lease.renew({ running: (performance.now() - begun) / 1000, ...progress }, last)) {
        if (!saving) void save(); // the lease does not wait for it
        continue;
      }
      lost = true;
      stop.abort(new Error('another worker has taken the job'));
      return;
    }
  };
  const beating = beat();
  beating.catch(() => {}); // `end` throws it
  return {
    note(now: { fraction?: number; doing: string }, picture: string | undefined = last): void {
      last = picture;
      progress = { ...progress, ...now };
      onProgress?.(progress);
    },
    saves(work: () => Promise<void>): void {
      saveWork = work;
    },
    save,
    async savesNoMore(): Promise<void> {
      saveWork = undefined;
      await saving;
    },
    isLost: () => lost,
    async end(): Promise<void> {
      ended.abort();
      await beating;
      await saving;
    },
  };
}
