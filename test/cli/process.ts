// The built command as a separate process, to test signals, killing and exit codes.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isBuilt, root } from '../../scripts/setup.js';
import { skipNote } from '../skipped.js';

/** Whether the compiled command is up to date; `npm test` builds it first. */
export const built: boolean = isBuilt();

/** The reason for skipping tests of processes, for the end of a title; empty if they run. */
export const builtNote: string = skipNote(built, 'dist is out of date, run npm run build');

/** Path of the built command. */
export const COMMAND: string = join(root, 'dist/cli/main.js');

/** A started command. */
export interface Running {
  readonly child: ChildProcess;
  /** Resolves when it has ended. */
  readonly ended: Promise<{ code: number | null; signal: string | null; out: string; err: string }>;
}

/** Starts `steadyframe` with arguments. */
export function start(args: readonly string[], env: Record<string, string> = {}): Running {
  const child = spawn(process.execPath, [COMMAND, ...args], { env: { ...process.env, ...env } });
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text;
  });
  const ended = new Promise<Awaited<Running['ended']>>((resolve) => {
    child.on('close', (code, signal) => resolve({ code, signal, out, err }));
  });
  return { child, ended };
}

/** A command that is suspended at a point of its work (`src/lib/base/stop-point.ts`). */
export interface Stopped extends Running {
  /** Lets it continue. */
  release(): void;
}

/**
 * Starts a command that is suspended at a point, such as 'writing checkpoints/000008', and waits until it is there.
 *
 * @throws Error when it ends before
 */
export async function startUpTo(
  point: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<Stopped> {
  const folder = mkdtempSync(join(tmpdir(), 'steadyframe-stop-'));
  const file = join(folder, 'stopped');
  const running = start(args, { ...env, STEADYFRAME_TEST_STOP_AT: point, STEADYFRAME_TEST_STOP_FILE: file });
  const release = (): void => rmSync(folder, { recursive: true, force: true });
  let over: Awaited<Running['ended']> | undefined;
  void running.ended.then((outcome) => {
    over = outcome;
    release();
  });
  // The file stays until it is removed, so there is no race.
  while (!existsSync(file)) {
    if (over) throw new Error(`the command never came to '${point}': ${JSON.stringify(over)}`);
    await sleep(10);
  }
  return { ...running, release };
}

/** Kills a suspended command; resolves when it has ended. */
export function killed({ child, ended }: Running): Running['ended'] {
  child.kill('SIGKILL');
  return ended;
}

/** Presses Ctrl-C, lets the command continue once it has received the signal, and resolves when it has ended. */
export async function interrupted({ child, ended, release }: Stopped): Running['ended'] {
  const heard = new Promise<void>((resolve) => {
    child.stderr!.on('data', (text: string) => {
      if (text.includes('stopping after the current step')) resolve();
    });
  });
  child.kill('SIGINT');
  await Promise.race([heard, ended]);
  release();
  return ended;
}

/** Mounts a file system of that size, if permitted, to test full disks. */
export function mountSmall(folder: string, kilobytes: number): boolean {
  mkdirSync(folder, { recursive: true });
  if (process.platform !== 'linux') return false;
  return spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${kilobytes}k`, 'tmpfs', folder]).status === 0;
}
