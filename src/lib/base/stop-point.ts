// Named points at which a test can pause this program, to kill, interrupt or observe it there. For tests only: without
// STEADYFRAME_TEST_STOP_AT in the environment a point costs one comparison.

import { existsSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { variable } from './environment.js';

/** The event of a point: a file is complete under its temporary name, it has its final name, or a part was appended. */
export type StopEvent = 'writing' | 'written' | 'appended';

const AT = variable('STEADYFRAME_TEST_STOP_AT');
const FILE = variable('STEADYFRAME_TEST_STOP_FILE');
let passed = 0;

/**
 * Pauses the program at a point that the environment names.
 *
 * `STEADYFRAME_TEST_STOP_AT` names the point: an event and the end of a path (`writing checkpoints/000008`), with a count
 * for repeated events (`appended strength-1.rgb 3`); or a number n, the n-th point that this process reaches. There the
 * program creates `STEADYFRAME_TEST_STOP_FILE` and waits until it is removed; timers and signals still work. Of several
 * processes only the first to reach the point is paused.
 *
 * @param path the file's final path
 * @param count number of its parts written
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
  // The name of a file may start with its folder, or with the key of its store.
  if (wanted !== event || !['/', '-'].some((before) => `/${path}`.endsWith(before + end))) return false;
  return nth === undefined || Number(nth) === count;
}
