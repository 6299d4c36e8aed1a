// The slots of a worker: child processes that do the jobs of any store, with a folder of this process alone and a share of the
// machine's cores and graphics cards.

import { rm } from 'node:fs/promises';
import { availableParallelism, hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { assertInteger } from '../../base/assert.js';
import { makeFolder } from '../../base/atomic-folder.js';
import { UsageError } from '../../base/errors.js';
import { lockFolder, type Unlock } from '../../base/folder-lock.js';
import { onAbort } from '../../base/on-abort.js';
import type { Executor } from '../jobs/executor.js';
import { processExecutor } from '../jobs/process-executor.js';
import { createLeases, type HeldLease, type Leases } from './leases.js';
import { type OfferedJob, type OfferedJobs, offeredJobs } from './offered-jobs.js';
import { patientStore } from './patient-store.js';
import { type Bench, type Performed, performJob } from './perform-job.js';
import { pathOf, type Store } from './store.js';

/** Options of a worker. */
export interface WorkerOptions {
  /** The folder for inputs and unfinished work. */
  readonly cache: string;
  /** Number of jobs at once; 1 by default. */
  readonly slots?: number;
  /** The graphics cards to share out among the slots; by default those with the numbers 0, 1, ... */
  readonly cards?: readonly string[] | undefined;
  /** The program of those processes; by default the built one of this package. */
  readonly program?: string;
  /** Do the jobs, one for each slot, instead of processes on this machine. */
  readonly executors?: readonly Executor[];
  /** Seconds without a sign of life after which others may take a job of this worker; 60 by default. */
  readonly lease?: number;
  /** Seconds without work after which it ends; by default it stays until the sweep has ended. */
  readonly idle?: number | undefined;
  /** Stops after the current steps; unfinished work is left to others. */
  readonly signal?: AbortSignal;
  readonly onWarning?: (message: string) => void;
  /** Called once where no sweep is there yet, with the reason. */
  readonly onWait?: (reason: string) => void;
  /** Called when a job begins. */
  readonly onBegin?: (job: WorkedJob) => void;
  /** Called with what a job has come to. */
  readonly onEnd?: (job: WorkedJob, performed: Performed) => void;
}

/** A job of a worker, for messages. */
export interface WorkedJob {
  readonly key: string;
  readonly label: string;
  readonly slot: number;
}

/** Most workers of one machine with the same cache. */
const MOST_WORKERS = 1000;

/** Milliseconds that a worker that was told to stop waits for the store. */
const FAREWELL = 10_000;

/** A sweep in which a worker does jobs. */
export interface Place {
  readonly store: Store;
  readonly leases: Leases;
  readonly offered: OfferedJobs;
  /** Looks at it no more. */
  leave(): void;
}

/** A job with its lease. */
export type Taken = OfferedJob & { readonly lease: HeldLease; readonly sweep: string };

/** The slots of a worker, which do jobs of any store. */
export async function openHands(options: WorkerOptions) {
  const { signal, onWarning, lease: seconds = 60 } = options;
  const own = await ownFolder(options.cache);
  const executors = options.executors ?? workerSlots(options);
  const late = new AbortController();
  const forget = onAbort(signal, () => setTimeout(() => late.abort(signal?.reason), FAREWELL).unref());
  const watching = new Set<Promise<void>>();
  let [busy, done] = [0, 0];
  return {
    slots: executors.length,
    isBusy: () => busy > 0,
    done: () => done,
    /** Opens a sweep, which may be away at times. */
    place(given: Store): Place {
      const left = new AbortController();
      const signal = AbortSignal.any([late.signal, left.signal]);
      const store = patientStore(given, { signal, onWarning });
      const leases = createLeases(store, seconds);
      const looking = watch(leases, signal, 125 * seconds).finally(() => watching.delete(looking));
      watching.add(looking);
      return { store, leases, offered: offeredJobs(store), leave: () => left.abort(new Error('left')) };
    },
    async perform(
      { store }: Place,
      { key, job, inputs, lease, sweep }: Taken,
      slot: number,
      onProgress?: Bench['onProgress'],
    ): Promise<Performed> {
      const told = { key, label: job.label, slot };
      const folders = { inputs: join(options.cache, 'inputs'), sweep: pathOf(own.folder, sweep) };
      busy++;
      options.onBegin?.(told);
      try {
        const bench = { store, folders, executor: executors[slot], seconds, signal, onWarning, onProgress };
        const performed = await performJob(bench, job, inputs, lease);
        if (performed.status === 'done') done++;
        options.onEnd?.(told, performed);
        return performed;
      } finally {
        busy--;
      }
    },
    async close(): Promise<void> {
      forget();
      await Promise.all(executors.map((executor) => executor.close()));
      late.abort();
      await Promise.all(watching);
      await own.unlock();
    },
    /** Removes what is left of a sweep that has ended. */
    async clear(sweep: string): Promise<void> {
      await rm(pathOf(own.folder, sweep), { recursive: true, force: true });
    },
  };
}

/** A folder for the work of this process alone: the first of this machine that no living worker has. */
async function ownFolder(cache: string): Promise<{ folder: string; unlock: Unlock }> {
  for (let number = 0; ; number++) {
    const folder = join(cache, 'work', `${hostname()}-${number}`);
    await makeFolder(folder, cache);
    try {
      return { folder, unlock: await lockFolder(folder) };
    } catch (error) {
      if (!(error instanceof UsageError) || number === MOST_WORKERS) throw error;
    }
  }
}

/** One executor of child processes for each slot. */
export function workerSlots({
  slots = 1,
  cards,
  program,
}: Pick<WorkerOptions, 'slots' | 'cards' | 'program'>): Executor[] {
  assertInteger('slots: the number', slots, 1);
  const threads = slots === 1 ? undefined : Math.max(1, Math.floor(availableParallelism() / slots));
  return Array.from({ length: slots }, (_, slot) =>
    processExecutor({
      ...(threads !== undefined && { threads }),
      ...(program !== undefined && { program }),
      // One card a slot: a model takes the first that it sees.
      ...(slots > 1 && { env: { CUDA_VISIBLE_DEVICES: cards ? cards[slot % cards.length] : String(slot) } }),
    }),
  );
}

/** Looks at the leases also while all slots are busy, so that the death of another is seen early. */
async function watch(leases: Leases, signal: AbortSignal, pause: number): Promise<void> {
  while (!signal.aborted) {
    await sleep(pause, undefined, { signal }).catch(() => {});
    if (!signal.aborted) await leases.look().catch(() => {});
  }
}
