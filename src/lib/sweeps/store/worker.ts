// A worker on any machine that reaches the sweep's store: takes jobs that nobody does, does them, and stores their results.
// Several workers need no server and no order among them.

import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { availableParallelism, hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { assertInteger } from '../../base/assert.js';
import { makeFolder } from '../../base/atomic-folder.js';
import { FailureError, UsageError } from '../../base/errors.js';
import { lockFolder, type Unlock } from '../../base/folder-lock.js';
import { onAbort } from '../../base/on-abort.js';
import type { Executor } from '../jobs/executor.js';
import { processExecutor } from '../jobs/process-executor.js';
import { createLeases, type HeldLease, type Leases } from './leases.js';
import { type OfferedJob, type OfferedJobs, offeredJobs, openJobs } from './offered-jobs.js';
import { openStore } from './open-store.js';
import { patientStore } from './patient-store.js';
import { type Performed, performJob } from './perform-job.js';
import { type QueuedJob, workFromQueue } from './redis-queue.js';
import { readState, type Store } from './store.js';

/** Options of a worker. */
export interface WorkerOptions {
  /** The folder for inputs and unfinished work. */
  readonly cache: string;
  /** Number of jobs at once; 1 by default. */
  readonly slots?: number;
  /** The graphics cards to share out among the slots; by default those with the numbers 0, 1, ... */
  readonly cards?: readonly string[] | undefined;
  /** Do the jobs, one for each slot, instead of processes on this machine. */
  readonly executors?: readonly Executor[];
  /** Seconds without a sign of life after which others may take a job of this worker; 60 by default. */
  readonly lease?: number;
  /** Seconds without work after which it ends; by default it stays until the sweep has ended. */
  readonly idle?: number | undefined;
  /** Stops after the current steps; unfinished work is left to others. */
  readonly signal?: AbortSignal;
  readonly onWarning?: (message: string) => void;
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
interface Place {
  readonly store: Store;
  readonly leases: Leases;
  readonly offered: OfferedJobs;
}

type Taken = OfferedJob & { readonly lease: HeldLease; readonly sweep: string };

/**
 * Works on a sweep until it has ended.
 *
 * @returns the number of jobs that this worker did
 * @throws UsageError when nothing can be used under that name; the signal's reason when it is aborted
 */
export async function workOn(given: Store, options: WorkerOptions): Promise<number> {
  const { signal, idle = Infinity } = options;
  await assertReachable(given);
  const hands = await openHands(options);
  const place = hands.place(given);
  const next = inTurn((asked: Asked) => takeNext(place, asked));
  let lastWork = performance.now();
  const work = async (slot: number): Promise<void> => {
    let model = '';
    for (;;) {
      signal?.throwIfAborted();
      const taken = await next({ model, slot });
      if (taken === 'ended') return;
      if (taken !== undefined) {
        model = taken.job.model;
        await hands.perform(place, taken, slot);
        lastWork = performance.now();
      } else {
        if (!hands.isBusy() && performance.now() - lastWork > 1000 * idle) return;
        await sleep(place.store.interval, undefined, { signal }).catch(() => {});
      }
    }
  };
  try {
    await Promise.all(Array.from({ length: hands.slots }, (_, slot) => work(slot)));
    const state = await readState(given).catch(() => undefined);
    if (state?.state === 'ended') await hands.clear(state.id);
  } finally {
    await hands.close();
  }
  return hands.done();
}

/**
 * Works on the jobs of any sweep that a queue in Redis names, until the signal is aborted or there is no work for a while.
 *
 * @param given the store of all of them; by default each sweep's own
 * @returns the number of jobs that this worker did
 * @throws UsageError when there is no queue; the signal's reason when it is aborted
 */
export async function workOnQueue(url: string, given: Store | undefined, options: WorkerOptions): Promise<number> {
  const hands = await openHands(options);
  const places = new Map<string, Place>();
  const perform = async ({ store: name, key }: QueuedJob, slot: number): Promise<void> => {
    let place = places.get(name);
    if (!place) {
      place = hands.place(given ?? (await openStore(name)));
      places.set(name, place);
    }
    const taken = await takeNamed(place, key, slot, options);
    const performed = taken && (await hands.perform(place, taken, slot));
    if (performed?.status === 'failed') throw new FailureError(performed.reason);
  };
  try {
    await workFromQueue(url, { ...pick(options), slots: hands.slots, perform });
  } finally {
    await hands.close();
  }
  return hands.done();
}

function pick({ signal, idle }: WorkerOptions): { signal?: AbortSignal; idle?: number } {
  return { ...(signal && { signal }), ...(idle !== undefined && { idle }) };
}

/** The slots of a worker, which do jobs of any store. */
async function openHands(options: WorkerOptions) {
  const { signal, onWarning, lease: seconds = 60 } = options;
  const own = await ownFolder(options.cache);
  const executors = options.executors ?? workerSlots(options);
  const late = new AbortController();
  const forget = onAbort(signal, () => setTimeout(() => late.abort(signal?.reason), FAREWELL).unref());
  const watching: Promise<void>[] = [];
  let [busy, done] = [0, 0];
  return {
    slots: executors.length,
    isBusy: () => busy > 0,
    done: () => done,
    /** Opens a sweep, which may be away at times. */
    place(given: Store): Place {
      const store = patientStore(given, { signal: late.signal, onWarning });
      const leases = createLeases(store, seconds);
      watching.push(watch(leases, late.signal, 125 * seconds));
      return { store, leases, offered: offeredJobs(store) };
    },
    async perform({ store }: Place, { key, job, inputs, lease, sweep }: Taken, slot: number): Promise<Performed> {
      const told = { key, label: job.label, slot };
      const folders = { inputs: join(options.cache, 'inputs'), sweep: join(own.folder, sweep) };
      busy++;
      options.onBegin?.(told);
      try {
        const bench = { store, folders, executor: executors[slot], seconds, signal, onWarning };
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
      await rm(join(own.folder, sweep), { recursive: true, force: true });
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
export function workerSlots({ slots = 1, cards }: Pick<WorkerOptions, 'slots' | 'cards'>): Executor[] {
  assertInteger('slots: the number', slots, 1);
  const threads = slots === 1 ? undefined : Math.max(1, Math.floor(availableParallelism() / slots));
  return Array.from({ length: slots }, (_, slot) =>
    processExecutor({
      ...(threads !== undefined && { threads }),
      // One card a slot: a model takes the first that it sees.
      ...(slots > 1 && { env: { CUDA_VISIBLE_DEVICES: cards ? cards[slot % cards.length] : String(slot) } }),
    }),
  );
}

/** Who asks for a job: a slot, with the model that it has open. */
interface Asked {
  readonly model: string;
  readonly slot: number;
}

/** A job with its lease; `ended` when there is no more work to come, undefined when there is none now. */
async function takeNext(
  { store, leases, offered }: Place,
  { model, slot }: Asked,
): Promise<Taken | 'ended' | undefined> {
  const state = await readState(store);
  if (state?.state === 'ended') return 'ended';
  const all = await offered.all();
  if (state?.state !== 'open') return undefined;
  const open = await openJobs(store, all);
  if (open.length === 0) return undefined;
  const taken = await leases.look();
  const left = open.filter(({ key }) => !taken.has(key));
  // Those for which the model is open already come first, among jobs of the same kind: the order decides otherwise.
  const { kind } = left[0]?.job ?? {};
  const fitting = left.filter(({ job }) => job.kind === kind && job.model === model);
  for (const each of new Set([...fitting, ...left])) {
    const lease = await leases.take(each.key, each.job.label, slot);
    if (lease) return { ...each, lease, sweep: state.id };
  }
  return undefined;
}

/** The job of this name with its lease; undefined where it is done, not offered any more, or somebody else's. */
async function takeNamed(
  { store, leases, offered }: Place,
  key: string,
  slot: number,
  { signal, lease: seconds = 60 }: WorkerOptions,
): Promise<Taken | undefined> {
  // The queue may give a job out a second time while its holder is alive, or is not known to be dead yet.
  const end = performance.now() + 1500 * seconds;
  do {
    const state = await readState(store);
    const [job] =
      state?.state === 'open' ? (await openJobs(store, await offered.all())).filter((each) => each.key === key) : [];
    if (!job || !state) return undefined;
    if (!(await leases.look()).has(key)) {
      const lease = await leases.take(key, job.job.label, slot);
      if (lease) return { ...job, lease, sweep: state.id };
    }
    await sleep(store.interval, undefined, { signal }).catch(() => {});
  } while (!signal?.aborted && performance.now() < end);
  return undefined;
}

/** Calls that follow one another: slots of one worker do not compete for a job. */
function inTurn<A, T>(call: (argument: A) => Promise<T>): (argument: A) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (argument) => {
    const mine = last.then(() => call(argument));
    last = mine.catch(() => {});
    return mine;
  };
}

/** Looks at the leases also while all slots are busy, so that the death of another is seen early. */
async function watch(leases: Leases, signal: AbortSignal, pause: number): Promise<void> {
  while (!signal.aborted) {
    await sleep(pause, undefined, { signal }).catch(() => {});
    if (!signal.aborted) await leases.look().catch(() => {});
  }
}

/**
 * Checks that a store holds the work of a sweep.
 *
 * @throws UsageError when nothing can be read there
 */
export async function assertReachable(store: Store): Promise<void> {
  try {
    if (await readState(store)) return;
    throw new FailureError('it is empty');
  } catch (error) {
    if (store.folder !== undefined && !existsSync(store.folder)) {
      throw new UsageError(`${store.name}: there is no such folder; name the folder of a sweep that offers work`);
    }
    const reason = error instanceof Error ? error.message : String(error);
    throw new UsageError(`${store.name}: no work is offered there (${reason}); start a sweep that offers it first`, {
      cause: error,
    });
  }
}
