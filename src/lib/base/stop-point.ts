// Named points at which a test can hold this program, to kill, interrupt or watch it there. For tests only: without
// STEADYFRAME_TEST_STOP_AT in the environment a point is one comparison.

import { existsSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { variable } from './environment.js';

/** What a point is about: a file that is whole under its temporary name, one under its final name, or a part that was appended. */
export type StopEvent = 'writing' | 'written' | 'appended';

const AT = variable('STEADYFRAME_TEST_STOP_AT');
const FILE = variable('STEADYFRAME_TEST_STOP_FILE');
let passed = 0;

/**
 * Holds the program where the environment asks for it.
 *
 * `STEADYFRAME_TEST_STOP_AT` names the point: an event and the end of a path (`writing checkpoints/000008`), with a count where
 * the event is repeated (`appended strength-1.rgb 3`), or a number: the n-th point that this process comes to. There the
 * program creates `STEADYFRAME_TEST_STOP_FILE` and waits until it is gone; timers and signals go on. Of several processes
 * the first to come there is held.
 *
 * @param path under its final name
 * @param count parts of it that are there
 */
export async function stopPoint(event: StopEvent, path: string, count?: number): Promise<void> {
  if (AT === undefined || FILE === undefined) return;
  passed++;
  if (!(/^\d+$/.test(AT) ? Number(AT) === passed : isNamed(AT, event, path.replaceAll('\\', '/'), count))) return;
  try {
    writeFileSync(FILE, String(process.pid), { flag: 'wx' });
  } catch {
    return; // another process is held
  }
  while (existsSync(FILE)) await sleep(10);
}

function isNamed(at: string, event: StopEvent, path: string, count: number | undefined): boolean {
  const [wanted, end, nth] = at.split(' ');
  // A file may have its folder before it, or the key of the store that keeps it.
  if (wanted !== event || !['/', '-'].some((before) => `/${path}`.endsWith(before + end))) return false;
  return nth === undefined || Number(nth) === count;
}
