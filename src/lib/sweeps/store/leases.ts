// Who does which job. A lease is a file that only its holder writes, again and again, while it lives. Nobody compares
// clocks: whoever sees the same content for as long as the lease says, at looks that are close together, may take the job by
// creating the next lease, which one of several does. A number is never used again, so that a holder who was taken for dead
// finds a later one and gives up.

import { randomBytes } from 'node:crypto';
import { isAlive, type ProcessIdentity, thisProcess } from '../../base/process-identity.js';
import { isPreview } from '../../tracking/stored/run-stages.js';
import { SHARED, type Store } from './store.js';

/** The content of a lease. */
export interface LeaseContent extends ProcessIdentity {
  readonly slot: number;
  /** Distinguishes holders. */
  readonly nonce: string;
  /** Changes each time it is written. */
  readonly beat: number;
  /** Seconds without a change after which the job may be taken. */
  readonly lease: number;
  readonly label: string;
  /** Seconds that the job has been worked on, by the holder's own clock. */
  readonly running: number;
  /** Of the job's work, from 0 to 1. */
  readonly fraction: number;
  /** What is being done. */
  readonly doing: string;
}

/** How far a job is. */
export type LeaseProgress = Pick<LeaseContent, 'running' | 'fraction' | 'doing'>;

/** A lease of this process. */
export interface HeldLease {
  /** How often the job has been begun, with this time. */
  readonly number: number;
  /** Writes it again, and the last preview if it is another; false once another holder has taken the job. */
  renew(progress: LeaseProgress, picture?: string): Promise<boolean>;
  /** Whether nobody else has taken the job. */
  isHeld(): Promise<boolean>;
  /** Lets go of a job that is not finished. */
  free(): Promise<void>;
  /** Removes all leases of a job that is. */
  end(): Promise<void>;
}

/** Takes leases, and watches those of others. */
export interface Leases {
  /** Looks at all leases; returns the jobs that somebody does, and of which nobody can be taken for dead. */
  look(): Promise<ReadonlySet<string>>;
  /** Takes a job that the last look did not return; undefined if another was quicker. */
  take(job: string, label: string, slot: number): Promise<HeldLease | undefined>;
}

/** A lease of another, as it was seen. */
interface Seen {
  version: string;
  /** When its content was first seen, in this process's own milliseconds. */
  since: number;
  readonly content: LeaseContent;
}

/** Leases in a store, each for so many seconds. */
export function createLeases(store: Store, seconds: number): Leases {
  const seen = new Map<string, Seen>();
  let lastNumbers = new Map<string, number>();
  let lastLook = Number.NEGATIVE_INFINITY;

  const isDead = ({ content, since }: Seen, now: number): boolean => {
    // On this machine a killed process shows at once; elsewhere only its silence does.
    if (!isAlive(content, Date.now())) return true;
    return now - since > 1000 * content.lease;
  };
  return {
    async look() {
      const versions = await store.versions(SHARED.leases);
      const now = performance.now();
      const gap = now - lastLook;
      lastLook = now;
      const { numbers, free } = latest(versions.keys());
      lastNumbers = numbers;
      const held = [...numbers].map(([job, number]) => [job, `${job}.${number}`]).filter(([, name]) => !free.has(name));
      const fresh = held.map(([, name]) => name).filter((name) => !seen.has(name));
      for (const [name, content] of await readLeases(store, fresh)) {
        seen.set(name, { version: versions.get(name)!, since: now, content });
      }
      const taken = new Set<string>();
      for (const [job, name] of held) {
        const version = versions.get(name)!;
        const known = seen.get(name);
        if (!known) {
          taken.add(job); // being written
          continue;
        }
        // What was not watched does not count: the store may have been away, for its holder too.
        if (known.version !== version || gap > 500 * known.content.lease) Object.assign(known, { version, since: now });
        if (!isDead(known, now)) taken.add(job);
      }
      for (const name of seen.keys()) if (!versions.has(name)) seen.delete(name);
      return taken;
    },
    async take(job, label, slot) {
      const number = (lastNumbers.get(job) ?? 0) + 1;
      const name = `${SHARED.leases}${job}.${number}`;
      const fixed = { ...thisProcess(), slot, nonce: randomBytes(8).toString('hex'), lease: seconds, label };
      let beat = 0;
      let shown: string | undefined;
      const text = (progress: LeaseProgress): string => JSON.stringify({ ...fixed, beat: beat++, ...progress });
      if (!(await store.create(name, text({ running: 0, fraction: 0, doing: 'starting' })))) return undefined;
      const isHeld = async (): Promise<boolean> => {
        const { numbers } = latest((await namesOf(store, job)).values());
        if (numbers.get(job) !== number) return false;
        return (await readLease(store, `${job}.${number}`))?.nonce === fixed.nonce;
      };
      return {
        number,
        isHeld,
        async renew(progress, picture) {
          if (!(await isHeld())) return false;
          await store.write(name, text(progress));
          if (picture !== undefined && picture !== shown) await store.write(SHARED.previews + job, picture);
          shown = picture;
          return true;
        },
        async free() {
          await store.remove(SHARED.previews + job);
          await store.create(`${name}.free`, '');
        },
        async end() {
          await store.remove(SHARED.previews + job);
          for (const each of await namesOf(store, job)) await store.remove(SHARED.leases + each);
        },
      };
    },
  };
}

/** Leases that somebody holds, by job. */
export async function currentLeases(store: Store): Promise<ReadonlyMap<string, LeaseContent>> {
  const { numbers, free } = latest((await store.names(SHARED.leases)).values());
  const held = new Map<string, string>([...numbers].map(([job, number]) => [`${job}.${number}`, job]));
  const contents = await readLeases(
    store,
    [...held.keys()].filter((name) => !free.has(name)),
  );
  return new Map([...contents].map(([name, content]) => [held.get(name)!, content]));
}

/** The last preview of a job that somebody does, as a `data:` URI. */
export async function previewOf(store: Store, job: string): Promise<string | undefined> {
  const bytes = await store.read(SHARED.previews + job);
  const picture = bytes && Buffer.from(bytes).toString('latin1');
  return isPreview(picture) ? picture : undefined;
}

/** The latest lease of each job, and those that their holders let go of. */
function latest(names: Iterable<string>): { numbers: Map<string, number>; free: ReadonlySet<string> } {
  const numbers = new Map<string, number>();
  const free = new Set<string>();
  for (const name of names) {
    const [job, number, isFree] = name.split('.');
    if (isFree !== undefined) free.add(`${job}.${number}`);
    numbers.set(job, Math.max(numbers.get(job) ?? 0, Number(number)));
  }
  return { numbers, free };
}

async function namesOf(store: Store, job: string): Promise<string[]> {
  return (await store.names(SHARED.leases)).filter((name) => name.split('.')[0] === job);
}

/** The contents of leases that are complete, by name; read at once, since a store may be far and have many. */
async function readLeases(store: Store, names: readonly string[]): Promise<Map<string, LeaseContent>> {
  const read = await Promise.all(names.map(async (name) => [name, await readLease(store, name)] as const));
  return new Map(read.flatMap(([name, content]) => (content ? [[name, content] as const] : [])));
}

async function readLease(store: Store, name: string): Promise<LeaseContent | undefined> {
  const bytes = await store.read(SHARED.leases + name);
  try {
    return bytes && JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    return undefined; // incomplete, on a file system without hard links
  }
}
