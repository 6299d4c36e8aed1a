// The jobs that a sweep offers to workers, and which of them can be begun.

import type { Job } from '../jobs/job.js';
import type { Inputs, Packed } from './portable-job.js';
import { jobKey, readJson, SHARED, type Store } from './store.js';

/** A job that is offered, in terms of the store. */
export interface OfferedJob {
  readonly key: string;
  readonly job: Job;
  readonly inputs: Inputs;
  /** Names of the jobs that must be done before. */
  readonly needs: readonly string[];
}

/** Reads what is offered; what was read before is not read again. */
export interface OfferedJobs {
  /** Jobs by their keys, in the order in which they should be done. */
  all(): Promise<ReadonlyMap<string, OfferedJob>>;
}

/** The jobs offered in a store. */
export function offeredJobs(store: Store): OfferedJobs {
  let lists = new Map<string, readonly OfferedJob[]>();
  let jobs = new Map<string, OfferedJob>();
  return {
    async all() {
      const names = (await store.names(SHARED.jobs)).sort();
      if (names.length === lists.size && names.every((name) => lists.has(name))) return jobs;
      const now = new Map<string, readonly OfferedJob[]>();
      for (const name of names) {
        const list = lists.get(name) ?? (await readList(store, name));
        if (list) now.set(name, list);
      }
      lists = now;
      jobs = new Map([...now.values()].flat().map((offered) => [offered.key, offered]));
      return jobs;
    },
  };
}

/** Jobs that are neither done nor failed, and what they need is done. */
export async function openJobs(store: Store, offered: ReadonlyMap<string, OfferedJob>): Promise<OfferedJob[]> {
  if (offered.size === 0) return [];
  const done = new Set(await store.names(SHARED.done));
  const failed = new Set(await store.names(SHARED.failed));
  return [...offered.values()].filter(
    ({ key, needs }) => !done.has(key) && !failed.has(key) && needs.every((each) => done.has(each)),
  );
}

async function readList(store: Store, name: string): Promise<readonly OfferedJob[] | undefined> {
  const packed = await readJson<Packed>(store, SHARED.jobs + name);
  return packed?.jobs.map((job) => ({
    ...{ key: jobKey(job), job, inputs: packed.inputs },
    needs: job.needs.map((id) => jobKey({ id })),
  }));
}
