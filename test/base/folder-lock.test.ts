// Locks: one process at a time, and none for a process that is gone.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { lockFolder } from '../../src/lib/base/folder-lock.js';
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
  const unlock = await lockFolder(folder(name, lock));
  await unlock();
});
