// A worker on any machine that reaches the sweep's store: takes jobs that nobody does, does them, and stores their results.
// Several workers need no server and no order among them.

import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { FailureError, UsageError } from '../../base/errors.js';
import { openJobs } from './offered-jobs.js';
import { openStore } from './open-store.js';
import { type QueueWorkerOptions, workFromQueue } from './redis-queue.js';
import { readState, type Store } from './store.js';
import { openHands, type Place, type Taken, type WorkerOptions } from './worker-slots.js';

/**
 * Works on a sweep until it has ended. One that is not there yet is waited for.
 *
 * @returns the number of jobs that this worker did
 * @throws UsageError when there was none for `idle` seconds; the signal's reason when it is aborted
 */
export async function workOn(given: Store, options: WorkerOptions): Promise<number> {
  const { signal, idle = Infinity } = options;
  await waitForSweep(given, options);
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
  const places = new Map<string, { place: Place; own: Store; users: number }>();
  /** Leaves the sweeps that no job is done of, and removes what is left here of those that have ended. */
  const leaveUnused = async (): Promise<void> => {
    for (const [name, { place, own, users }] of places) {
      if (users > 0) continue;
      places.delete(name);
      place.leave();
      const state = await readState(own).catch(() => undefined);
      if (state?.state === 'ended') await hands.clear(state.id);
    }
  };
  const perform: QueueWorkerOptions['perform'] = async ({ store: name, key }, slot, onProgress) => {
    const own = given ?? (await openStore(name));
    if (!places.has(name)) await leaveUnused();
    const at = places.get(name) ?? { place: hands.place(own), own, users: 0 };
    places.set(name, at);
    at.users++;
    try {
      const taken = await takeNamed(at.place, key, slot, options);
      const performed = taken && (await hands.perform(at.place, taken, slot, onProgress));
      if (performed?.status === 'failed') throw new FailureError(performed.reason);
    } finally {
      at.users--;
    }
  };
  try {
    await workFromQueue(url, { ...pick(options), slots: hands.slots, perform });
  } finally {
    await leaveUnused();
    await hands.close();
  }
  return hands.done();
}

function pick({ signal, idle }: WorkerOptions): { signal?: AbortSignal; idle?: number } {
  return { ...(signal && { signal }), ...(idle !== undefined && { idle }) };
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

async function waitForSweep(store: Store, { signal, idle = Infinity, onWait }: WorkerOptions): Promise<void> {
  const begun = performance.now();
  for (let told = false; ; told = true) {
    signal?.throwIfAborted();
    try {
      return await assertReachable(store);
    } catch (error) {
      if (performance.now() - begun >= 1000 * idle) throw error;
      if (!told) onWait?.((error as Error).message);
    }
    await sleep(store.interval, undefined, { signal }).catch(() => {});
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
