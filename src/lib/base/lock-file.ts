// A lock as a file that names its holder: at most one living process holds it, and a dead one's is taken over by exactly one.
//
// A lock is made whole under another name and linked into place, which fails where one is. It has an id that never comes again.
// A dead process's lock is replaced, in one rename, by whoever holds its guard: a lock of the same kind, named after the id. Who
// holds the guard and then still finds the dead lock in place is alone in replacing it, since everybody else needs that guard. One
// who comes late finds another id in place and begins again. The guard of one that died in between is taken over likewise.

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
  /** Stops saying that this process lives; for its last moments. */
  abandon(): void;
}

/** Who holds a lock, or held it last. */
export interface LockHolder {
  readonly process: ProcessIdentity;
  readonly alive: boolean;
  /** Its last heartbeat, in milliseconds since 1970. */
  readonly heartbeat: number;
}

/** A holder with what tells its lock from every other one. */
interface StoredHolder extends LockHolder {
  readonly id: string;
}

/** A lock without a sound text is being written, where there are no links, for at most this long (ms). */
const WRITING = 5000;

/** Bytes of the longest lock that is read; ours have some hundred. */
const LONGEST = 100_000;

/** How long another process that takes over a dead one's lock is waited for (ms); it needs less than a hundredth of a second. */
const TAKING_OVER = 10_000;

/** What a new lock of this process holds. */
export function lockText(): string {
  return JSON.stringify({ ...thisProcess(), id: randomBytes(8).toString('hex') });
}

/** Whether `takeLock` succeeded. */
export function isHeld(taken: HeldLock | LockHolder): taken is HeldLock {
  return 'release' in taken;
}

/**
 * Takes the lock at a path, unless a living process holds it, this one included.
 *
 * @param makeLink makes hard links; for tests of file systems that have none
 */
export async function takeLock(path: string, makeLink: typeof link = link): Promise<HeldLock | LockHolder> {
  const text = lockText();
  const holder = await take(path, text, makeLink);
  if (holder) return holder;
  // What processes left that died while taking it. One that lives begins again.
  const left = (await readdir(dirname(path))).filter((name) => name.startsWith(helperName(path, '')));
  await Promise.all(left.map((name) => rm(join(dirname(path), name), { force: true })));
  return keepLock(path, text);
}

/** Keeps a lock alive that has been written with this text. */
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

/** Who holds the lock at a path, or held it last; undefined when it is free. */
export function lockHolder(path: string): LockHolder | undefined {
  return read(path)?.holder;
}

/** Takes a lock with this text; gives the holder where a living one has it. */
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

/** Replaces a dead lock of this id; whoever calls it holds its guard. */
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

/** Codes of file systems, and of kernels, that make no hard links. */
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

/** Makes a lock that appears with its whole text; false where there is one. */
async function create(path: string, text: string, makeLink: typeof link): Promise<boolean> {
  const temporary = join(dirname(path), helperName(path, `new-${randomBytes(6).toString('hex')}`));
  try {
    await writeFile(temporary, text, { flag: 'wx' });
    await makeLink(temporary, path);
    return true;
  } catch (error) {
    const { code = '', syscall } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return false;
    // A holder has tidied up what it took for a dead one's.
    if (syscall === 'link' && isGone(error)) return false;
    if (syscall !== 'link' || !NO_LINKS.has(code)) throw error;
  } finally {
    await rm(temporary, { force: true });
  }
  return createInPlace(path, text);
}

/** Without links: it appears empty, and for `WRITING` milliseconds that counts as held. */
async function createInPlace(path: string, text: string): Promise<boolean> {
  try {
    await writeFile(path, text, { flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
  // Whoever took it for a dead one's just before has replaced it by then.
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

/** Names of what stands beside a lock for moments: `.lock~ID`, for the lock `lock`. */
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

/** A lock that says nothing but number and host is of an earlier version: it has no heartbeats, its time is that of its making. */
function lives(process: ProcessIdentity, heartbeat: number, id: string | undefined): boolean {
  if (id !== undefined || process.started !== undefined || process.world !== undefined) {
    return isAlive(process, heartbeat);
  }
  return process.host === thisProcess().host ? isNumberAlive(process.pid, heartbeat) : true;
}
