// Which process this is, in a way that another one can tell whether it still lives: a process number alone comes round again.

import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** A process, on whatever machine. */
export interface ProcessIdentity {
  readonly pid: number;
  readonly host: string;
  /** When it started, in the system's own count; where the system tells (Linux). */
  readonly started?: string;
  /** Which start of the machine, and which space of process numbers, as containers have; where the system tells. */
  readonly world?: string;
}

/** How often a living process touches the file that names it, in milliseconds. */
export const HEARTBEAT = 15_000;

/** After how long without one a process counts as gone where nothing else tells, in milliseconds. */
const STALE = 8 * HEARTBEAT;

/** This process. */
export function thisProcess(): ProcessIdentity {
  const started = startOf(process.pid);
  const world = thisWorld();
  return { pid: process.pid, host: hostname(), ...(started && { started }), ...(world && { world }) };
}

/**
 * Whether a process lives. On the same machine its number and start decide, so that a kill is seen at once; from elsewhere
 * the age of its last heartbeat does.
 *
 * @param heartbeat when its last heartbeat came, in milliseconds since 1970
 */
export function isAlive(identity: ProcessIdentity, heartbeat: number, now: number = Date.now()): boolean {
  const isFresh = now - heartbeat < STALE;
  if (identity.host !== hostname() || identity.world !== thisWorld()) return isFresh;
  if (identity.pid === process.pid) return identity.started === startOf(process.pid);
  try {
    process.kill(identity.pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  if (identity.started === undefined) return isFresh;
  return startOf(identity.pid) === identity.started;
}

/** The 22nd field of /proc/PID/stat, ticks since the machine's start; undefined where there is none or the process is a zombie. */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The second field is the command in parentheses, which may hold anything.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return /[ZX]/.test(fields[0]) ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

let world: string | undefined | null = null;

function thisWorld(): string | undefined {
  if (world !== null) return world;
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    world = `${boot} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    world = undefined;
  }
  return world;
}
