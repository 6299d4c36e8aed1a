// Detects a hanging ffmpeg: one that is waited for and neither reads nor writes bytes nor uses the CPU.

import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { type Environment, variable } from '../../base/environment.js';

/** Seconds without progress after which ffmpeg counts as hanging: `STEADYFRAME_FFMPEG_TIMEOUT`, else 120. */
export function ffmpegPatience(env?: Environment): number {
  const seconds = Number(variable('STEADYFRAME_FFMPEG_TIMEOUT', env));
  return seconds > 0 ? seconds : 120;
}

/** Factor of the timeout if it computes without writing, as while seeking to a late start in a long file. */
const COMPUTING = 10;

/** Number of checks within the timeout. */
const LOOKS = 20;

/** Inputs and callback of a watch. */
export interface Watch {
  /** Whether ffmpeg is waited for: a write or a read is pending. */
  readonly isWaitedFor: () => boolean;
  /** Length of its standard error so far. */
  readonly said: () => number;
  /** Called once, with the seconds waited. */
  readonly onHang: (seconds: number) => void;
}

/**
 * Watches a process until it ends. Time in which the machine is suspended does not count.
 *
 * @returns a function that ends the watch
 */
export function watchFfmpeg(child: ChildProcess, { isWaitedFor, said, onHang }: Watch): () => void {
  const patience = ffmpegPatience();
  const every = patience / LOOKS;
  // They are sockets, which have byte counters.
  const stdin = child.stdin as { bytesWritten?: number } | null;
  const stdout = child.stdout as { bytesRead?: number } | null;
  let bytes = -1;
  let ticks: string | undefined;
  let idle = 0;
  let computing = 0;
  const timer = setInterval(() => {
    const nowBytes = (stdin?.bytesWritten ?? 0) + (stdout?.bytesRead ?? 0) + said();
    const nowTicks = cpuTicks(child.pid);
    const computes = nowTicks === undefined || nowTicks !== ticks;
    const moved = nowBytes !== bytes || !isWaitedFor();
    [bytes, ticks] = [nowBytes, nowTicks];
    idle = moved || computes ? 0 : idle + every;
    computing = moved ? 0 : computing + every;
    if (idle < patience && computing < COMPUTING * patience) return;
    clearInterval(timer);
    onHang(Math.max(idle, computing));
  }, 1000 * every);
  timer.unref();
  return () => clearInterval(timer);
}

/** The user and system time of a process, from /proc/PID/stat, if the system has it. */
function cpuTicks(pid: number | undefined): string | undefined {
  if (pid === undefined || process.platform !== 'linux') return undefined;
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return `${fields[11]} ${fields[12]}`;
  } catch {
    return undefined;
  }
}
