// Locks: one process at a time; locks of ended processes do not count.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { lockFolder, waitForLock } from '../../src/lib/base/folder-lock.js';
import { thisProcess } from '../../src/lib/base/process-identity.js';
import { scratchFolder } from '../sweeps/tiny.js';

const scratch = scratchFolder();
const folder = (name: string, lock?: string) => {
  const path = join(scratch, name);
  mkdirSync(path);
  if (lock !== undefined) writeFileSync(join(path, 'lock'), lock);
  return path;
};
/** A process that has ended: its number is no longer in use. */
const deadPid = spawnSync(process.execPath, ['-e', '']).pid;

it('is taken once, and again after it was given back', async () => {
  const path = folder('once');
  const unlock = await lockFolder(path);
  await expect(lockFolder(path)).rejects.toThrow(`${path}: this process is writing into it already`);
  await unlock();
  expect(existsSync(join(path, 'lock'))).toBe(false);
  await (await lockFolder(path))();
});

it('is refused while another process lives', async () => {
  const path = folder('living', JSON.stringify({ pid: process.ppid, host: hostname() }));
  await expect(lockFolder(path, 'RUN')).rejects.toThrow(
    new RegExp(`^RUN: process ${process.ppid} on .* is writing into it; .* delete .*lock\\)$`),
  );
});

it('is refused while a process of another machine may live', async () => {
  const path = folder('elsewhere', JSON.stringify({ pid: deadPid, host: `not-${hostname()}` }));
  await expect(lockFolder(path)).rejects.toThrow(/is writing into it/);
});

it.each([
  ['a process that is gone', JSON.stringify({ pid: deadPid, host: hostname() })],
  ['an earlier process with the number of this one', JSON.stringify({ pid: process.pid, host: hostname() })],
  ['a process that was killed while taking it', ''],
])('does not count when it belongs to %s', async (name, lock) => {
  const path = folder(name, lock);
  // An empty lock file counts for some seconds, because it may be incomplete.
  utimesSync(join(path, 'lock'), new Date(Date.now() - 60_000), new Date(Date.now() - 60_000));
  const unlock = await lockFolder(path);
  await unlock();
  expect(readdirSync(path)).toEqual([]);
});

it.skipIf(process.platform === 'win32')(
  'does not count when its number was given to a process that started later',
  async () => {
    // This process's parent is alive, but these locks are of another process with the same id.
    const { host, world } = thisProcess();
    for (const lock of [
      { pid: process.ppid, host },
      { pid: process.ppid, host, world, started: '1', id: 'ab' },
    ]) {
      const path = folder(`reused-${Object.keys(lock).length}`, JSON.stringify(lock));
      utimesSync(join(path, 'lock'), new Date(0), new Date(0));
      await (await lockFolder(path))();
    }
  },
);

it('of another machine, or of its earlier start, counts while its heartbeats come', async () => {
  const { world: _, ...here } = thisProcess();
  for (const [i, { host, world }] of [
    { host: 'elsewhere.example', world: 'w' },
    { host: here.host, world: 'an earlier start' },
  ].entries()) {
    const path = folder(`heartbeat-${i}`, JSON.stringify({ ...here, host, world, id: 'ab' }));
    await expect(lockFolder(path)).rejects.toThrow(`process ${here.pid} on ${host} is writing into it`);
    utimesSync(join(path, 'lock'), new Date(Date.now() - 130_000), new Date(Date.now() - 130_000));
    await (await lockFolder(path))();
  }
});

it('is not deleted by one who lost it', async () => {
  const path = folder('lost');
  const unlock = await lockFolder(path);
  writeFileSync(join(path, 'lock'), 'of another');
  await unlock();
  expect(readFileSync(join(path, 'lock'), 'utf8')).toBe('of another');
});

describe('waitForLock', () => {
  it('waits until it is given back', async () => {
    const path = folder('waited-for');
    const unlock = await lockFolder(path);
    const waiting = waitForLock(path, path);
    await unlock();
    await (await waiting)();
  });

  it('says who has it when patience ends, and stops when it is told to', async () => {
    const path = folder('kept');
    const unlock = await lockFolder(path);
    await expect(waitForLock(path, 'RUN', { patience: 0 })).rejects.toThrow('RUN: this process is writing into it');
    const controller = new AbortController();
    const waiting = waitForLock(path, path, { signal: controller.signal, patience: Infinity });
    controller.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
    await unlock();
  });

  it('waits for nothing else', async () => {
    const missing = join(scratch, 'missing');
    const since = performance.now();
    await expect(waitForLock(missing, missing, { patience: Infinity })).rejects.toThrow(
      `${join(missing, 'lock')}: the folder ${missing} does not exist; create it or choose another`,
    );
    expect(performance.now() - since).toBeLessThan(20_000);
  });
});
