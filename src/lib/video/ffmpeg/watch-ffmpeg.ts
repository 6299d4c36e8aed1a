// Notices a started ffmpeg that hangs: one that is waited for, and neither takes nor gives bytes, nor computes.

import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { type Environment, variable } from '../../base/environment.js';

/** Seconds without any progress after which an ffmpeg counts as hanging; `STEADYFRAME_FFMPEG_TIMEOUT` by default 120. */
export function ffmpegPatience(env?: Environment): number {
  const seconds = Number(variable('STEADYFRAME_FFMPEG_TIMEOUT', env));
  return seconds > 0 ? seconds : 120;
}

/** One that computes without giving bytes, as while it looks for a late start of a long file, may take so many times longer. */
const COMPUTING = 10;

/** Looks at an ffmpeg so many times within its patience. */
const LOOKS = 20;

/** What a watch is told. */
export interface Watch {
  /** Whether the ffmpeg is what everything waits for: bytes were given to it or asked of it. */
  readonly isWaitedFor: () => boolean;
  /** Length of what it has said. */
  readonly said: () => number;
  /** Called once, with the seconds that were waited. */
  readonly onHang: (seconds: number) => void;
}

/**
 * Watches a process until it ends. Time in which the machine sleeps does not count.
 *
 * @returns ends the watch
 */
export function watchFfmpeg(child: ChildProcess, { isWaitedFor, said, onHang }: Watch): () => void {
  const patience = ffmpegPatience();
  const every = patience / LOOKS;
  // They are sockets, which count.
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

/** What a process has computed so far, where the system tells: user and system time in /proc/PID/stat. */
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
