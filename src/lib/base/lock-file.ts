// A lock as a file that names its holder: at most one living process holds it, and exactly one takes over the lock of a dead
// process.
//
// A lock is written under another name and hard-linked to its path, which fails if a lock is there. Each lock has a unique
// id. The lock of a dead process is replaced, in one rename, by the holder of its guard: a lock of the same kind, named
// after the id. A process that holds the guard and still finds the dead lock is the only one that replaces it, since all
// others need that guard. A process that comes late finds another id and starts again. The guard of a process that died in
// between is taken over in the same way.

import { randomBytes } from 'node:crypto';
import { closeSync, fstatSync, readFileSync } from 'node:fs';
import { link, readdir, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { sha256 } from './hash.js';
import { HEARTBEAT, isAlive, isNumberAlive, type ProcessIdentity, thisProcess } from './process-identity.js';
import { assertSize, openRegularSync } from './regular-file.js';

/** A lock that this process holds. */
export interface HeldLock {
  /** Frees it. */
  release(): Promise<void>;
  /** Stops the heartbeats, shortly before the process exits. */
  abandon(): void;
}

/** The holder of a lock, or its last holder. */
export interface LockHolder {
  readonly process: ProcessIdentity;
  readonly alive: boolean;
  /** Its last heartbeat, in milliseconds since 1970. */
  readonly heartbeat: number;
}

/** A holder with the id of its lock. */
interface StoredHolder extends LockHolder {
  readonly id: string;
}

/** Milliseconds for which a lock without valid text counts as being written, on file systems without hard links. */
const WRITING = 5000;

/** Most bytes of a lock; ours have some hundred. */
const LONGEST = 100_000;

/** Milliseconds to wait for another process that takes over a dead one's lock; it needs less than ten. */
const TAKING_OVER = 10_000;

/** The content of a new lock of this process. */
export function lockText(): string {
  return JSON.stringify({ ...thisProcess(), id: randomBytes(8).toString('hex') });
}

/** Whether `takeLock` succeeded. */
export function isHeld(taken: HeldLock | LockHolder): taken is HeldLock {
  return 'release' in taken;
}

/**
 * Takes the lock at a path unless a living process holds it, which may be this one.
 *
 * @param makeLink creates hard links; for tests of file systems without them
 */
export async function takeLock(path: string, makeLink: typeof link = link): Promise<HeldLock | LockHolder> {
  const text = lockText();
  const holder = await take(path, text, makeLink);
  if (holder) return holder;
  // Remove the files of processes that died while taking it. A living process whose file is removed starts again.
  const left = (await readdir(dirname(path))).filter((name) => name.startsWith(helperName(path, '')));
  await Promise.all(left.map((name) => rm(join(dirname(path), name), { force: true })));
  return keepLock(path, text);
}

/** Sends heartbeats for a lock that was written with this text. */
export function keepLock(path: string, text: string): HeldLock {
  const timer = setInterval(() => {
    const now = new Date();
    utimes(path, now, now).catch(() => {});
  }, HEARTBEAT);
  timer.unref();
  return {
    async release() {
      clearInterval(timer);
      await free(path, text);
    },
    abandon: () => clearInterval(timer),
  };
}

/** The holder of the lock at a path, or its last holder; undefined when it is free. */
export function lockHolder(path: string): LockHolder | undefined {
  return read(path)?.holder;
}

/** Takes a lock with this text; returns the holder if a living process has it. */
async function take(path: string, text: string, makeLink: typeof link): Promise<LockHolder | undefined> {
  let waitingSince: number | undefined;
  for (;;) {
    if (await create(path, text, makeLink)) return undefined;
    const found = read(path);
    if (!found) continue; // freed in this moment
    const { holder } = found;
    if (found.text === text) return undefined; // a link that a network said had failed
    if (holder.alive && found.isSound) return holder;
    if (!holder.alive) {
      const guard = join(dirname(path), helperName(path, holder.id));
      const guardText = lockText();
      const other = await take(guard, guardText, makeLink);
      if (!other) {
        try {
          if (await replace(path, holder.id, text)) return undefined;
        } finally {
          await free(guard, guardText);
        }
        continue;
      }
      waitingSince ??= performance.now();
      if (performance.now() - waitingSince > TAKING_OVER) return other;
    }
    await sleep(5 + 10 * Math.random());
  }
}

/** Replaces a dead lock of this id; the caller holds its guard. */
async function replace(path: string, id: string, text: string): Promise<boolean> {
  const temporary = join(dirname(path), helperName(path, `new-${randomBytes(6).toString('hex')}`));
  try {
    await writeFile(temporary, text, { flag: 'wx' });
    const found = read(path)?.holder;
    if (found?.id !== id || found.alive) return false;
    await rename(temporary, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).syscall === 'rename' && isGone(error)) return false;
    throw error;
  } finally {
    await rm(temporary, { force: true });
  }
}

/** Error codes of file systems and kernels without hard links. */
const NO_LINKS = new Set([
  'EPERM',
  'ENOTSUP',
  'EOPNOTSUPP',
  'ENOSYS',
  'EXDEV',
  'EMLINK',
  'EINVAL',
  'EISDIR',
  'UNKNOWN',
]);

/** Creates a lock that appears with its whole text; false if there is one. */
async function create(path: string, text: string, makeLink: typeof link): Promise<boolean> {
  const temporary = join(dirname(path), helperName(path, `new-${randomBytes(6).toString('hex')}`));
  try {
    await writeFile(temporary, text, { flag: 'wx' });
    await makeLink(temporary, path);
    return true;
  } catch (error) {
    const { code = '', syscall } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return false;
    // A holder has removed this file as one of a dead process.
    if (syscall === 'link' && isGone(error)) return false;
    if (syscall !== 'link' || !NO_LINKS.has(code)) throw error;
  } finally {
    await rm(temporary, { force: true });
  }
  return createInPlace(path, text);
}

/** Without hard links the lock appears empty first, which counts as held for `WRITING` milliseconds. */
async function createInPlace(path: string, text: string): Promise<boolean> {
  try {
    await writeFile(path, text, { flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
  // A process that read it as a dead one's just before has replaced it by now.
  await sleep(50);
  return read(path)?.text === text;
}

/** Deletes a lock that has this text. */
async function free(path: string, text: string): Promise<void> {
  if (read(path)?.text === text) await rm(path, { force: true });
}

function isGone(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '');
}

/** Names of the temporary files beside a lock: `.lock~ID` for the lock `lock`. */
function helperName(path: string, id: string): string {
  return `.${basename(path).replace(/^\./, '')}~${id}`;
}

function read(path: string): { text: string; isSound: boolean; holder: StoredHolder } | undefined {
  let text: string;
  let heartbeat: number;
  let fd: number | undefined;
  try {
    fd = openRegularSync(path);
    const about = fstatSync(fd);
    assertSize(path, about.size, LONGEST);
    heartbeat = about.mtimeMs;
    text = readFileSync(fd, 'utf8');
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
  const stored = parse(text);
  if (stored === undefined) {
    const process = { pid: 0, host: 'unknown' };
    const alive = Math.abs(Date.now() - heartbeat) < WRITING;
    return { text, isSound: false, holder: { process, alive, heartbeat, id: sha256(text).slice(0, 16) } };
  }
  const { id = sha256(text).slice(0, 16), ...process } = stored;
  return { text, isSound: true, holder: { process, alive: lives(process, heartbeat, stored.id), heartbeat, id } };
}

function parse(text: string): (ProcessIdentity & { readonly id?: string }) | undefined {
  try {
    const value = JSON.parse(text);
    if (!Number.isSafeInteger(value.pid) || typeof value.host !== 'string') return undefined;
    return /^[0-9a-f]{1,64}$/.test(value.id ?? 'a') ? value : undefined;
  } catch {
    return undefined;
  }
}

/**
 * A lock with only process number and host is of an earlier version: it has no heartbeats, and its time is that of its
 * creation.
 */
function lives(process: ProcessIdentity, heartbeat: number, id: string | undefined): boolean {
  if (id !== undefined || process.started !== undefined || process.world !== undefined) {
    return isAlive(process, heartbeat);
  }
  return process.host === thisProcess().host ? isNumberAlive(process.pid, heartbeat) : true;
}
