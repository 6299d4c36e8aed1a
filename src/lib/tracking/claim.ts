// A claim on a folder: at most one living process holds it. Claims are numbered and each number is created once, so that of two
// processes that find a dead one's claim only one can follow it.

import { readdirSync, readFileSync, statSync } from 'node:fs';
import { open, rm, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { HEARTBEAT, isAlive, type ProcessIdentity, thisProcess } from './process-identity.js';

/** A claim that this process holds. */
export interface Claim {
  /** Frees the folder. */
  release(): Promise<void>;
  /** Stops saying that this process lives; for its last moments. */
  abandon(): void;
}

/** Who holds a folder. */
export interface Holder {
  readonly process: ProcessIdentity;
  readonly alive: boolean;
  /** Its last heartbeat, in milliseconds since 1970. */
  readonly heartbeat: number;
}

/** A claim whose text is not there yet is being written, for at most this long (ms). */
const WRITING = 5000;

/** The name of the first claim of a kind, and what it holds: for a folder that is being made. */
export function firstClaim(kind: string): { name: string; text: string } {
  return { name: claimName(kind, 1), text: JSON.stringify(thisProcess()) };
}

/**
 * Takes the claim of a folder, unless a living process holds it.
 *
 * @param kind what is claimed: several kinds do not hinder each other
 */
export async function takeClaim(folder: string, kind: string): Promise<Claim | Holder> {
  for (;;) {
    const holder = holderOf(folder, kind);
    if (holder?.alive) return holder;
    const number = latest(folder, kind) + 1;
    try {
      const handle = await open(join(folder, claimName(kind, number)), 'wx');
      await handle.writeFile(JSON.stringify(thisProcess())).finally(() => handle.close());
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') continue; // another process was quicker
      throw error;
    }
    return keepClaim(folder, kind, number);
  }
}

/** Whether `takeClaim` succeeded. */
export function isClaim(taken: Claim | Holder): taken is Claim {
  return 'release' in taken;
}

/** Keeps a claim alive that has been written. */
export function keepClaim(folder: string, kind: string, number: number = 1): Claim {
  const path = join(folder, claimName(kind, number));
  const timer = setInterval(() => {
    const now = new Date();
    utimes(path, now, now).catch(() => {});
  }, HEARTBEAT);
  timer.unref();
  return {
    async release() {
      clearInterval(timer);
      // One's own last: until then nobody can follow.
      for (let n = 1; n <= number; n++) await rm(join(folder, claimName(kind, n)), { force: true });
    },
    abandon: () => clearInterval(timer),
  };
}

/** Who holds a folder, or held it last; undefined when it is free. */
export function holderOf(folder: string, kind: string): Holder | undefined {
  const number = latest(folder, kind);
  if (number === 0) return undefined;
  const path = join(folder, claimName(kind, number));
  let heartbeat: number;
  let text: string;
  try {
    heartbeat = statSync(path).mtimeMs;
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined; // freed in this moment
    throw error;
  }
  try {
    const process = JSON.parse(text) as ProcessIdentity;
    return { process, alive: isAlive(process, heartbeat), heartbeat };
  } catch {
    return { process: { pid: 0, host: 'unknown' }, alive: Date.now() - heartbeat < WRITING, heartbeat };
  }
}

function claimName(kind: string, number: number): string {
  return `.${kind}-${number}`;
}

function latest(folder: string, kind: string): number {
  let highest = 0;
  for (const name of readdirSync(folder)) {
    if (name.startsWith(`.${kind}-`)) highest = Math.max(highest, Number(name.slice(kind.length + 2)) || 0);
  }
  return highest;
}
