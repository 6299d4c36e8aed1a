// The commit of the working folder, so that a run can be repeated with the same code.

import { execFile } from 'node:child_process';
import { childEnvironment } from '../../base/environment.js';

/**
 * The state of a git repository.
 *
 * @inline
 */
export interface GitState {
  readonly commit: string;
  /** Absent when no branch is checked out. */
  readonly branch?: string;
  /** Whether tracked files differ from the commit; absent when git takes too long. */
  readonly dirty?: boolean;
}

/** Milliseconds for which an answer is cached: many runs start in a row, and a notebook's process outlives commits. */
const LASTING = 5000;
const known = new Map<string, { at: number; state: Promise<GitState | undefined> }>();

/** The state of a folder's repository; undefined outside a repository or without git. */
export function gitState(folder: string = process.cwd()): Promise<GitState | undefined> {
  const before = known.get(folder);
  if (before && performance.now() - before.at < LASTING) return before.state;
  const state = ask(folder);
  known.set(folder, { at: performance.now(), state });
  return state;
}

/** One git process returns everything; if it takes too long, another one returns only the commit. */
async function ask(folder: string): Promise<GitState | undefined> {
  try {
    const lines = (await git(folder, ['status', '--porcelain=v2', '--branch', '--untracked-files=no'])).split('\n');
    const told = (key: string): string | undefined =>
      lines.find((line) => line.startsWith(`# branch.${key} `))?.slice(`# branch.${key} `.length);
    const [commit, branch] = [told('oid'), told('head')];
    if (commit === undefined || commit === '(initial)') return undefined;
    const dirty = lines.some((line) => line !== '' && !line.startsWith('#'));
    return { commit, ...(branch !== undefined && branch !== '(detached)' && { branch }), dirty };
  } catch {
    const commit = await git(folder, ['rev-parse', 'HEAD']).catch(() => undefined);
    return commit === undefined ? undefined : { commit };
  }
}

function git(folder: string, args: readonly string[]): Promise<string> {
  const options = {
    cwd: folder,
    timeout: 2000,
    maxBuffer: 1 << 26,
    env: childEnvironment({ GIT_OPTIONAL_LOCKS: '0' }),
  };
  return new Promise((resolve, reject) => {
    execFile('git', args, options, (error, stdout) => (error ? reject(error) : resolve(stdout.trim())));
  });
}
