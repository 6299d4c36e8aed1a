// A worker on any machine that reaches the sweep's store: takes jobs that nobody does, does them, and stores their results.
// Several workers need no server and no order among them.

import { setTimeout as sleep } from 'node:timers/promises';
import { FailureError, UsageError } from '../../base/errors.js';
import { given } from '../../base/given.js';
import { openJobs } from './offered-jobs.js';
import { openStore } from './open-store.js';
import { assertVersion, waitForSweep } from './reach-sweep.js';
import { type QueueWorkerOptions, workFromQueue } from './redis-queue.js';
import { readState, type Store } from './store.js';
import { openHands, type Place, type Taken, type WorkerOptions } from './worker-slots.js';

/**
 * Works on a sweep until it has ended. One that is not there yet is waited for.
 *
 * @returns the number of jobs that this worker did
 * @throws UsageError when there was none for `idle` seconds, or it is of another version; the signal's reason when it is aborted
 */
export async function workOn(given: Store, options: WorkerOptions): Promise<number> {
  const { signal, idle = Infinity } = options;
  await waitForSweep(given, options);
  const hands = await openHands(options);
  const place = hands.place(given);
  const next = inTurn((asked: Asked) => takeNext(place, asked));
  let lastWork = performance.now();
  let isBroken = false;
  const work = async (slot: number): Promise<void> => {
    let model = '';
    while (!isBroken) {
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
    // What other slots do is finished first.
    const begun = Array.from({ length: hands.slots }, (_, slot) =>
      work(slot).catch((error) => {
        isBroken = true;
        throw error;
      }),
    );
    for (const end of await Promise.allSettled(begun)) if (end.status === 'rejected') throw end.reason;
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
 * @param shared the store of all of them; by default each sweep's own
 * @returns the number of jobs that this worker did
 * @throws UsageError when there is no queue, or it has work of another version; the signal's reason when it is aborted
 */
export async function workOnQueue(url: string, shared: Store | undefined, options: WorkerOptions): Promise<number> {
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
  const refused = new AbortController();
  const perform: QueueWorkerOptions['perform'] = async ({ store: name, key }, slot, { onProgress, othersWait }) => {
    const own = shared ?? (await openStore(name));
    if (!places.has(name)) await leaveUnused();
    const at = places.get(name) ?? { place: hands.place(own), own, users: 0 };
    places.set(name, at);
    at.users++;
    try {
      const taken = await takeNamed(at.place, { key, slot, othersWait }, options).catch((error) => {
        if (error instanceof UsageError) refused.abort(error);
        throw error;
      });
      const performed = taken && (await hands.perform(at.place, taken, slot, onProgress));
      if (performed?.status === 'failed') throw new FailureError(performed.reason);
    } finally {
      at.users--;
    }
  };
  try {
    const signal = AbortSignal.any([refused.signal, ...(options.signal ? [options.signal] : [])]);
    await workFromQueue(url, { ...given({ idle: options.idle }), signal, slots: hands.slots, perform });
  } finally {
    await leaveUnused();
    await hands.close();
  }
  return hands.done();
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
  const all = await offered.all();
  // After the lists: work of another version is offered after its state.
  const state = await readState(store);
  if (state?.state === 'ended') return 'ended';
  if (state?.state !== 'open') return undefined;
  assertVersion(store, state);
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
  { key, slot, othersWait }: { key: string; slot: number; othersWait: () => Promise<boolean> },
  { signal, lease: seconds = 60 }: WorkerOptions,
): Promise<Taken | undefined> {
  // The queue may give a job out a second time while its holder is alive, or is not known to be dead yet. While there is
  // other work it is left alone: the sweep queues it again, behind the others.
  const end = performance.now() + 1500 * seconds;
  do {
    const all = await offered.all();
    const state = await readState(store);
    if (state?.state !== 'open') return undefined;
    assertVersion(store, state);
    const job = (await openJobs(store, all)).find((each) => each.key === key);
    if (!job) return undefined;
    if (!(await leases.look()).has(key)) {
      const lease = await leases.take(key, job.job.label, slot);
      if (lease) return { ...job, lease, sweep: state.id };
    }
    if (await othersWait()) return undefined;
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
