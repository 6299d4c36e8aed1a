// `steadyframe demo`: its files, and that the printed commands can be pasted.

import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { root } from '../../scripts/setup.js';
import { nextSteps } from '../../src/cli/actions/demo.js';
import { steadyframe } from './run-command.js';

const before = process.cwd();
let folder: string;

beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'steadyframe-demo-')));
  process.chdir(folder);
});
afterAll(() => {
  process.chdir(before);
  rmSync(folder, { recursive: true, force: true });
});

/** The words of a command for a shell. */
const wordsOf = (line: string): string[] =>
  [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain);

describe('steadyframe demo', () => {
  it('gives a result in an empty folder, and commands that work there', async () => {
    const { code, out, err } = await steadyframe(['demo', '--frames', '2', '--no-track']);
    expect(code, err).toBe(0);
    for (const name of ['shot.mp4', 'demo.webp', 'sweep/grid.mp4', 'sweep/result.json']) {
      expect(existsSync(join(folder, 'steadyframe-demo', name)), name).toBe(true);
    }
    expect(existsSync(join(folder, 'runs'))).toBe(false);
    expect(out).toMatch(/original .*\n.*strength 0\.45 .*\n.*strength 0\.75 /);

    const lines = out.split('\n').filter((line) => /^ {2}steadyframe /.test(line));
    expect(lines.map((line) => wordsOf(line)[1])).toEqual(['sweep', 'recipe', 'pull']);
    const sweep = wordsOf(lines[0]).slice(1);
    const planned = await steadyframe([...sweep, '--dry-run', '--json']);
    expect(planned.code, planned.err).toBe(0);
    expect(planned.json()).toMatchObject({ width: 128, height: 128 });
  });

  it('names the bundled model by its path where a folder is called demo, and npx where that runs it', () => {
    mkdirSync(join(folder, 'demo'));
    const lines = nextSteps('made here', true, { npm_command: 'exec' }).map(([, line]) => line);
    expect(lines[0]).toContain(
      `npx steadyframe sweep '${join('made here', 'shot.mp4')}' --model ${join(root, 'models/demo')} `,
    );
    expect(lines[2]).toBe('npx steadyframe ui');
  });
});
