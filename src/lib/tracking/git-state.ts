// Which commit the working folder stands at, so that a run can be repeated with the same code.

import { execFile } from 'node:child_process';

/** The state of a git repository. */
export interface GitState {
  readonly commit: string;
  /** Absent where no branch is checked out. */
  readonly branch?: string;
  /** Whether tracked files differ from the commit; absent where finding out takes too long. */
  readonly dirty?: boolean;
}

/** How long an answer holds, in milliseconds: many runs start in a row, and a notebook's process outlives commits. */
const LASTING = 5000;
const known = new Map<string, { at: number; state: Promise<GitState | undefined> }>();

/** The repository that a folder belongs to; undefined outside one, or without git. */
export function gitState(folder: string = process.cwd()): Promise<GitState | undefined> {
  const before = known.get(folder);
  if (before && performance.now() - before.at < LASTING) return before.state;
  const state = ask(folder);
  known.set(folder, { at: performance.now(), state });
  return state;
}

async function ask(folder: string): Promise<GitState | undefined> {
  try {
    const [commit, branch, changes] = await Promise.all([
      git(folder, ['rev-parse', 'HEAD']),
      git(folder, ['symbolic-ref', '--short', '-q', 'HEAD']).catch(() => ''),
      git(folder, ['status', '--porcelain', '--untracked-files=no']).catch(() => undefined),
    ]);
    return { commit, ...(branch && { branch }), ...(changes !== undefined && { dirty: changes !== '' }) };
  } catch {
    return undefined;
  }
}

function git(folder: string, args: readonly string[]): Promise<string> {
  const options = { cwd: folder, timeout: 2000, maxBuffer: 1 << 26, env: { ...process.env, GIT_OPTIONAL_LOCKS: '0' } };
  return new Promise((resolve, reject) => {
    execFile('git', args, options, (error, stdout) => (error ? reject(error) : resolve(stdout.trim())));
  });
}
