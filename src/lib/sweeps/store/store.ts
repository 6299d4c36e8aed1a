// Where a sweep lies that several machines work on: a folder that they share, or a bucket. Everything that is known of the
// sweep is in it; whoever loses a connection, a queue or a process finds the state there again.
//
//   points/ID, sources/ID, trainings/ID/stages/N   results, as in any sweep's folder: complete once their last file is there
//   .shared/state.json      whether work may be taken
//   .shared/jobs/*/N.json   jobs and the inputs that they read, plain data
//   .shared/inputs/SHA256   contents of videos, models and adapters
//   .shared/leases/JOB.N    who does a job, for the N-th time; JOB.N.free once that holder has let go of it
//   .shared/partial/JOB/    unfinished work, from which another machine goes on
//   .shared/previews/JOB    its last preview, a `data:` URI, removed with the lease
//   .shared/curves/JOB      the losses of a training that goes on
//   .shared/done/JOB, .shared/failed/JOB   by whom and in how many seconds, or why not

import { join, sep } from 'node:path';
import { FailureError } from '../../base/errors.js';
import type { Job } from '../jobs/job.js';

/** Files by keys with forward slashes, read and written by several machines at once. */
export interface Store {
  /** As the user names it. */
  readonly name: string;
  /** Its folder, where files can be read in place. */
  readonly folder?: string;
  /** Milliseconds between looks at what has changed. */
  readonly interval: number;
  /** Creates what holds the keys; without it, every other call fails rather than creating it elsewhere. */
  found(): Promise<void>;
  /** Keys below a prefix that ends in a slash, without the prefix. */
  names(prefix: string): Promise<string[]>;
  /** The same keys, each with a text that changes with its content. */
  versions(prefix: string): Promise<Map<string, string>>;
  /** The content; undefined where there is none. */
  read(key: string): Promise<Uint8Array | undefined>;
  /** Writes or replaces the content, in one step. */
  write(key: string, data: Uint8Array | string): Promise<void>;
  /** Writes the content unless there is one; of several callers exactly one writes. */
  create(key: string, data: Uint8Array | string): Promise<boolean>;
  /** Removes a key, or all below a prefix that ends in a slash. */
  remove(key: string): Promise<void>;
  /** Stores a file that does not change any more. */
  upload(key: string, path: string): Promise<void>;
  /** Writes the content into a new file; false where there is none. */
  download(key: string, path: string): Promise<boolean>;
}

/** The parts of a store that hold the state of the work. */
export const SHARED = {
  state: '.shared/state.json',
  jobs: '.shared/jobs/',
  inputs: '.shared/inputs/',
  leases: '.shared/leases/',
  partial: '.shared/partial/',
  previews: '.shared/previews/',
  curves: '.shared/curves/',
  done: '.shared/done/',
  failed: '.shared/failed/',
} as const;

/** Whether work may be taken. */
export interface StoreState {
  /** The name of the sweep. */
  readonly name: string;
  /** Distinguishes sweeps in a worker's cache. */
  readonly id: string;
  /** The version of this package that offers the work: that of another one leaves other results. */
  readonly version: string;
  /** The process that offers it; the one before it gives up. */
  readonly by: string;
  /** `held` while nobody gives out work; what was begun is finished. */
  readonly state: 'open' | 'held' | 'ended';
}

/** What a job has come to. */
export interface JobReport {
  readonly label: string;
  readonly machine: string;
  /** Seconds of work by the one who finished it; undefined where it was found finished. */
  readonly seconds?: number;
  /** Amount of work in passes of the UNet. */
  readonly passes: number;
  /** Why it failed. */
  readonly reason?: string;
  /** Whether a retry would fail in the same way. */
  readonly isUsage?: boolean;
}

/**
 * The path of a key on this machine.
 *
 * @throws FailureError for a key that leads out of the folder: what a store says is not believed
 */
export function pathOf(folder: string, key: string): string {
  const parts = key.split('/');
  const leadsElsewhere = (part: string): boolean => ['', '.', '..'].includes(part) || part.includes(sep);
  if (!parts.some(leadsElsewhere)) return join(folder, ...parts);
  throw new FailureError(`the store names '${key}', which leads out of its folder; do not work for whoever wrote that`);
}

/** The name of a job in the store: its kind and hash. */
export function jobKey({ id }: Pick<Job, 'id'>): string {
  const [kind, hash, ...more] = id.split(' ');
  return [kind, hash.slice(0, 16), ...more].join('-');
}

/** The state of a store; undefined if nobody has offered work yet. */
export async function readState(store: Store): Promise<StoreState | undefined> {
  return readJson<StoreState>(store, SHARED.state);
}

/** A JSON value in the store. */
export async function readJson<T>(store: Store, key: string): Promise<T | undefined> {
  const bytes = await store.read(key);
  return bytes && (JSON.parse(Buffer.from(bytes).toString('utf8')) as T);
}

/** Whether what was found is what was to be written. */
export function isContent(found: Uint8Array | undefined, data: Uint8Array | string): boolean {
  return found !== undefined && Buffer.compare(found, Buffer.from(data as string)) === 0;
}
