// The identity of a process, by which others find out whether it still lives: process numbers alone are reused.

import { execFileSync } from 'node:child_process';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { childEnvironment } from './environment.js';

/** A process on any machine. */
export interface ProcessIdentity {
  readonly pid: number;
  readonly host: string;
  /** Its start in the system's own form: ticks since the machine's start (Linux), a date (macOS, BSD). */
  readonly started?: string;
  /** Identity of the machine's start and of the process namespace (containers have their own), if the system has them. */
  readonly world?: string;
}

/** Milliseconds between heartbeats: touches of the file that names the process. */
export const HEARTBEAT = 15_000;

/** Milliseconds without a heartbeat after which a process counts as dead if nothing else shows it. */
const STALE = 8 * HEARTBEAT;

/** This process. */
export function thisProcess(): ProcessIdentity {
  own ??= startOf(process.pid) ?? null;
  const world = thisWorld();
  return { pid: process.pid, host: hostname(), ...(own && { started: own }), ...(world && { world }) };
}

/** The start of this process, cached because finding it may need a child process. */
let own: string | null | undefined;

/**
 * Whether a process lives. On the same machine its number and start decide, so that a kill shows at once; on another machine
 * the age of its last heartbeat decides.
 *
 * @param heartbeat its last heartbeat, in milliseconds since 1970
 */
export function isAlive(identity: ProcessIdentity, heartbeat: number, now: number = Date.now()): boolean {
  const isFresh = now - heartbeat < STALE;
  if (identity.host !== hostname() || identity.world !== thisWorld()) return isFresh;
  if (!hasNumber(identity.pid)) return false;
  if (identity.started === undefined) return isFresh;
  const started = identity.pid === process.pid ? thisProcess().started : startOf(identity.pid);
  return started === identity.started;
}

/**
 * Whether a process of this machine lives, given its number and a time at which it lived.
 *
 * @param seen that time, in milliseconds since 1970: a process that started later only has the same number
 */
export function isNumberAlive(pid: number, seen: number): boolean {
  if (pid === process.pid || !hasNumber(pid)) return false;
  const start = startTime(pid);
  return start === undefined || start < seen + 2000;
}

function hasNumber(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** The start of a process; undefined if the system does not report it, there is no such process, or it is a zombie. */
function startOf(pid: number): string | undefined {
  if (process.platform === 'win32') return undefined;
  if (process.platform !== 'linux') return psStart(pid);
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The second field is the command in parentheses, which may contain any character; the 22nd is the start.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return /[ZX]/.test(fields[0]) ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

function psStart(pid: number): string | undefined {
  try {
    const env = childEnvironment({ LC_ALL: 'C', TZ: 'UTC' });
    const said = execFileSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], { env, stdio: 'pipe', timeout: 5000 });
    const [, state, start] = /^(\S+)\s+(.+)$/.exec(said.toString().trim()) ?? [];
    return state === undefined || state.startsWith('Z') ? undefined : start;
  } catch {
    return undefined;
  }
}

/** The start of a process in milliseconds since 1970; undefined if the system does not report it. */
function startTime(pid: number): number | undefined {
  const start = startOf(pid);
  if (start === undefined) return undefined;
  if (process.platform !== 'linux') return Date.parse(`${start} UTC`) || undefined;
  try {
    const uptime = Number.parseFloat(readFileSync('/proc/uptime', 'latin1'));
    return Date.now() - 1000 * (uptime - Number(start) / 100); // the kernel tells ticks of 10 ms to all programs
  } catch {
    return undefined;
  }
}

let world: string | undefined | null = null;

/** Identity of the machine's start. Systems without one report starts of processes as dates, which are unique. */
function thisWorld(): string | undefined {
  if (world !== null) return world;
  try {
    if (process.platform === 'darwin') {
      world = execFileSync('sysctl', ['-n', 'kern.bootsessionuuid'], { stdio: 'pipe', timeout: 5000 })
        .toString()
        .trim();
    } else {
      const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
      world = `${boot} ${readlinkSync('/proc/self/ns/pid')}`;
    }
  } catch {
    world = undefined;
  }
  return world;
}
