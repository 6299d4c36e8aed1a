// `steadyframe report` and `steadyframe ui`: their files, output and errors.

import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { scratchFolder } from '../tracking/scratch.js';
import { makeRuns } from '../ui/sample-runs.js';
import { steadyframe } from './run-command.js';

const top = scratchFolder();
const root = join(top, 'runs');
const env = { STEADYFRAME_RUNS: root };
beforeAll(() => makeRuns(root));

describe('report', () => {
  it('writes a folder with the page and what it shows', async () => {
    const out = join(top, 'page');
    const {
      code,
      out: printed,
      err,
    } = await steadyframe(
      [
        'report',
        'sweep/strength-0.45',
        '--filter',
        "params.strength = '0.75'",
        '-o',
        out,
        '--title',
        'Two <strengths>',
        '--quiet',
      ],
      { env },
    );
    expect(code).toBe(0);
    expect(err).toMatch(/^steadyframe: warning: .*torn.*is damaged \(not JSON\).*\n$/);
    expect(printed).toMatch(/page\/index\.html: 2 runs, 2 files beside it, \d.* [kM]B\n$/);
    expect(readdirSync(out).sort()).toEqual(['files', 'index.html']);
    expect(readdirSync(join(out, 'files')).sort()).toEqual(['strength-0.45-result.mp4', 'strength-0.75-result.mp4']);
    const page = readFileSync(join(out, 'index.html'), 'utf8');
    expect(page).toContain('<title>Two &lt;strengths&gt;</title>');
    expect(page).toContain('data-src="files/strength-0.45-result.mp4"');
    // Attributes, not plotly's program, which can make a link to its site.
    expect(page).not.toMatch(/\s(src|href)="(https?:|\/)|connect-src/);
    // The shared file contains no path of this machine.
    expect(page.replaceAll('files/', '')).not.toContain(root);
  });

  it('names a file that is gone, and leaves it out', async () => {
    const other = join(top, 'gone');
    await makeRuns(other);
    rmSync(join(other, 'sweep/strength-0.45/artifacts/result.mp4'));
    const out = join(top, 'without');
    const { code, json } = await steadyframe(
      ['report', 'sweep/strength-0.45', '-o', out, '--root', other, '--json', '--quiet'],
      { env },
    );
    expect(code).toBe(0);
    expect(json()).toMatchObject({ runs: 1, files: 0 });
    const page = readFileSync(join(out, 'index.html'), 'utf8');
    expect(page).toContain('result.mp4 was deleted or moved');
  });

  it.each([
    ['no run', [], 'report needs runs; name some, as steadyframe runs lists them, or give a filter'],
    ['a run that is not there', ['sweep/gone'], 'sweep/gone: there is no such run in'],
    ['a filter that admits none', ['--filter', 'metrics.flicker > 9'], 'admits none of the runs; change it'],
    ['a filter that cannot be read', ['--filter', 'metrics.flicker >'], 'it ends there, expected a number'],
  ])('refuses %s, and writes nothing', async (_, args, message) => {
    const { code, out, err } = await steadyframe(['report', ...args, '-o', join(top, 'none')], { env });
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(message);
    expect(readdirSync(top)).not.toContain('none');
  });

  it('refuses a folder that is not empty', async () => {
    mkdirSync(join(top, 'full'));
    writeFileSync(join(top, 'full/x'), '');
    const { code, err } = await steadyframe(['report', 'sweep/strength-0.45', '-o', join(top, 'full')], { env });
    expect(code).toBe(2);
    expect(err).toContain('is not empty; remove it or give another name');
  });
});

describe('ui', () => {
  it('prints its address, answers there, and ends when it is interrupted', async () => {
    const stop = new AbortController();
    let seen = '';
    const ended = steadyframe(['ui', '--port', '0'], {
      env,
      signal: stop.signal,
      onErr: (text) => {
        seen += text;
      },
    });
    await expect.poll(() => seen).toContain(`showing ${root}; Ctrl-C ends it`);
    stop.abort();
    const { code, out } = await ended;
    expect(out).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/\?token=[0-9a-f]{48}\n$/);
    expect(code).toBe(0);
    await expect(fetch(out.trim())).rejects.toThrow();
  });

  it.each([
    [
      'a folder that is not there',
      ['--runs', '/nowhere'],
      '--runs /nowhere: there is no folder /nowhere; name the folder',
    ],
    ['a token that could be guessed', ['--token', 'abc'], 'the token must be 8 to 256 letters, digits or - _ . ~'],
  ])('refuses %s', async (_, args, message) => {
    const { code, out, err } = await steadyframe(['ui', '--port', '0', ...args], { env });
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(message);
  });

  it.each([
    ['--host', '0.0.0.0', 'everyone who sees the address with its token can look at the runs'],
    ['--host=0.0.0.0', '--no-token', 'everyone who can reach this machine can look at the runs'],
  ])('warns with %s %s', async (...args) => {
    const message = args.pop()!;
    const stop = new AbortController();
    let seen = '';
    const onErr = (text: string): void => {
      seen += text;
      if (seen.includes('Ctrl-C ends it')) stop.abort();
    };
    const { code, out, err } = await steadyframe(['ui', '--port', '0', ...args], { env, signal: stop.signal, onErr });
    expect(code).toBe(0);
    expect(err).toContain(message);
    expect(out).toMatch(/^http:\/\/[\w.[\]:-]+:\d+\/(\?token=\w+)?\n$/);
    expect(out).not.toContain('0.0.0.0');
    expect(out.includes('token')).toBe(!args.includes('--no-token'));
  });

  it('refuses a port that is none', async () => {
    const { code, err } = await steadyframe(['ui', '--port', '70000'], { env });
    expect([code, err]).toEqual([
      2,
      'steadyframe: --port 70000 is no port; give a number up to 65535, or leave it out\n',
    ]);
  });
});
