// The machine of a run: the facts that explain its speed and distinguish machines.

import { arch, cpus, hostname, platform, release, totalmem, userInfo } from 'node:os';

/**
 * A machine.
 *
 * @inline
 */
export interface Machine {
  readonly host: string;
  readonly platform: string;
  readonly arch: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly node: string;
}

/** The machine that this process runs on. */
export function thisMachine(): Machine {
  const cores = cpus();
  return {
    host: hostname(),
    platform: `${platform()} ${release()}`,
    arch: arch(),
    cpu: cores[0]?.model.trim() || 'unknown',
    cores: cores.length,
    memoryBytes: totalmem(),
    node: process.versions.node,
  };
}

/** The name of the user of this process, if it has one. */
export function thisUser(): string | undefined {
  try {
    return userInfo().username;
  } catch {
    return undefined; // a user id without an entry, as in containers
  }
}
