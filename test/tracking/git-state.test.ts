// The git state of a run: the commit, the branch, and whether files differ from it.

import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { gitState } from '../../src/lib/tracking/log/git-state.js';
import { skipNote } from '../skipped.js';
import { scratchFolder } from '../sweeps/tiny.js';

const scratch = scratchFolder();
const hasGit = spawnSync('git', ['--version']).status === 0;
const identity = ['-c', 'user.name=Ann', '-c', 'user.email=ann@example.org'];
const git = (folder: string, ...args: string[]) =>
  spawnSync('git', ['-C', folder, ...identity, ...args], { encoding: 'utf8' }).stdout.trim();

/** A new repository with one commit of one file; a new folder, because states are cached by folder for a while. */
function repository(name: string): string {
  const folder = join(scratch, name);
  mkdirSync(folder);
  git(folder, 'init', '-q', '-b', 'night');
  writeFileSync(join(folder, 'a.txt'), 'a');
  git(folder, 'add', '.');
  git(folder, 'commit', '-q', '-m', 'first');
  return folder;
}

describe.skipIf(!hasGit)(`gitState${skipNote(hasGit, 'git is missing')}`, () => {
  it('tells commit and branch, and that nothing has changed; new files do not count', async () => {
    const folder = repository('clean');
    writeFileSync(join(folder, 'new.txt'), 'new');
    const commit = git(folder, 'rev-parse', 'HEAD');
    expect(commit).toMatch(/^[0-9a-f]{40}$/);
    expect(await gitState(folder)).toEqual({ commit, branch: 'night', dirty: false });
  });

  it('tells that a file has changed, and nothing of a branch where there is none', async () => {
    const folder = repository('changed');
    git(folder, 'checkout', '-q', '--detach');
    writeFileSync(join(folder, 'a.txt'), 'b');
    expect(await gitState(folder)).toEqual({ commit: git(folder, 'rev-parse', 'HEAD'), dirty: true });
  });

  it('tells nothing outside a repository, and of one without a commit', async () => {
    const empty = join(scratch, 'empty');
    mkdirSync(empty);
    expect(await gitState(empty)).toBeUndefined();
    const fresh = join(scratch, 'fresh');
    mkdirSync(fresh);
    git(fresh, 'init', '-q');
    expect(await gitState(fresh)).toBeUndefined();
  });
});
