// Completion scripts: generated from the commands' definitions, and run by the installed shells.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { skipNote } from '../skipped.js';
import { steadyframe } from './run-command.js';

const has = (shell: string): boolean => spawnSync(shell, ['--version']).status === 0;
let folder: string;
const script = (shell: string): string => join(folder, `completion.${shell}`);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'steadyframe-completion-'));
  for (const shell of ['bash', 'zsh', 'fish']) {
    const { code, out, err } = await steadyframe(['completion', shell]);
    expect(code, err).toBe(0);
    writeFileSync(script(shell), out);
  }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The completions of bash for the last of these words. */
function offered(words: readonly string[]): string[] {
  const program = `source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _steadyframe 2>/dev/null; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr, status } = spawnSync(
    'bash',
    ['-c', program, 'bash', script('bash'), 'steadyframe', ...words],
    {
      encoding: 'utf8',
    },
  );
  expect(status, stderr).toBe(0);
  return stdout.split('\n').filter(Boolean);
}

describe.skipIf(!has('bash'))(`in bash${skipNote(has('bash'), 'there is no bash')}`, () => {
  it.each([
    [['sw'], ['sweep']],
    [['sweep', 'a.mp4', '--strengths'], ['--strengths']],
    [
      ['sweep', 'a.mp4', '--sampler', 'eu'],
      ['euler', 'euler-karras'],
    ],
    [['sweep', '--sampler', '=', 'dd'], ['ddim']],
    [
      ['recipe', '--preset', ''],
      ['published', 'demo'],
    ],
    [['finetune', 'a.mp4', '--no-e'], ['--no-edit']],
    [['sweep', '--device', 'cu'], ['cuda']],
    [
      ['completion', ''],
      ['bash', 'zsh', 'fish'],
    ],
    [['help', 'gri'], ['grid']],
    [['--ver'], ['--version']],
    [['sweep', '--model', ''], []],
    [['nonsense', '--x'], []],
  ])('%j offers %j', (words, expected) => {
    expect(offered(words)).toEqual(expected);
  });

  it('knows every option that a help text shows', async () => {
    const { out } = await steadyframe(['finetune', '--help']);
    const told = [...out.matchAll(/^ {2}(?:-\w, )?(--[\w-]+)/gm)].map(([, flag]) => flag);
    expect(told.length).toBeGreaterThan(30);
    expect(offered(['finetune', '--'])).toEqual(expect.arrayContaining(told));
  });
});

describe.each(['zsh', 'fish'])('in %s', (shell) => {
  it('is a script that it reads', (ctx) => {
    if (!has(shell)) ctx.skip(`no ${shell}`);
    const { status, stderr } = spawnSync(shell, ['-n', script(shell)], { encoding: 'utf8' });
    expect(status, stderr).toBe(0);
  });
});
