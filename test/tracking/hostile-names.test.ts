// Records of a run are untrusted: names are only keys, files are read only in the run or where it wrote, and names contain
// no terminal control sequences.

import { execFileSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { sha256 } from '../../src/lib/base/hash.js';
import { printable, printableLine } from '../../src/lib/base/printable.js';
import type { Run } from '../../src/lib/tracking/log/run.js';
import { startRun } from '../../src/lib/tracking/log/start-run.js';
import { encodePath } from '../../src/lib/tracking/mlflow/server-run.js';
import { steadyframe } from '../cli/run-command.js';
import { skipNote } from '../skipped.js';
import { recordingServer } from './recording-server.js';
import { scratchFolder } from './scratch.js';

const top = scratchFolder();
const root = join(top, 'runs');
const secret = 'not for others';
let hostile: Run;

const record = (run: Run, artifact: object): void =>
  appendFileSync(
    join(run.folder, 'artifacts.jsonl'),
    `${JSON.stringify({ bytes: secret.length, sha256: sha256(secret), time: 1, ...artifact })}\n`,
  );

beforeAll(async () => {
  mkdirSync(join(top, 'etc'));
  writeFileSync(join(top, 'etc/passwd'), secret);
  hostile = await startRun({ root, experiment: 'exp', name: 'hostile' });
  writeFileSync(join(hostile.artifacts, 'fine.txt'), 'fine');
  await hostile.logArtifact(join(hostile.artifacts, 'fine.txt'));
  symlinkSync(join(top, 'etc/passwd'), join(hostile.artifacts, 'link.txt'));
  symlinkSync(join(top, 'etc'), join(hostile.artifacts, 'dir'));
  writeFileSync(join(hostile.folder, '.hidden.txt'), secret);
  // Files elsewhere, by every kind of path, with the correct size and hash.
  record(hostile, { name: 'absolute.txt', path: join(top, 'etc/passwd') });
  record(hostile, { name: 'relative.txt', path: '../../../etc/passwd' });
  record(hostile, { name: 'link.txt', path: 'artifacts/link.txt' });
  record(hostile, { name: 'dir.txt', path: 'artifacts/dir/passwd' });
  record(hostile, { name: 'hidden.txt', path: '.hidden.txt' });
  // Names that would change a request, a path, a header or a terminal.
  for (const name of [
    '../../../../../api/2.0/mlflow/runs/delete',
    '/abs',
    'a//b',
    'x/./y',
    'a?b=c',
    'a#b',
    'a%2e%2e/b',
    'a\\..\\b',
    'a\r\nX-Header: y',
    'a\u001b]0;title\u0007',
    '',
    'x'.repeat(300),
  ]) {
    record(hostile, { name, path: 'artifacts/fine.txt' });
  }
  record(hostile, { name: 'picture', path: 'artifacts/fine.txt', image: { key: '../x', step: 1 } });
  record(hostile, { name: 'no path', path: '' });
  record(hostile, { name: 5, path: 'artifacts/fine.txt' });
  record(hostile, { name: 'no hash', path: 'artifacts/fine.txt', sha256: undefined });
  await hostile.finish();
});

describe('artifacts that others recorded', () => {
  it('are copied into a report only where they are the run`s own', async () => {
    const out = join(top, 'page');
    const { code, err } = await steadyframe(['report', 'exp/hostile', '--root', root, '-o', out, '--quiet']);
    expect(code).toBe(0);
    expect(readdirSync(join(out, 'files'))).toEqual(['hostile-fine.txt']);
    for (const name of ['absolute', 'relative', 'link', 'dir']) {
      expect(err).toContain(`${name}.txt is not copied: it lies where this run has not written`);
    }
    expect(err).toContain('hidden.txt is not copied: it is hidden');
    expect(readFileSync(join(out, 'index.html'), 'utf8')).not.toContain(secret);
  });

  it('are sent only under names that lead nowhere else', async () => {
    const server = await recordingServer();
    try {
      const { code, err } = await steadyframe(['sync', '--root', root, '--mlflow', server.uri, '--quiet']);
      expect(code).toBe(0);
      expect(server.asked.filter((each) => each.startsWith('PUT')).sort()).toEqual([
        'PUT /api/2.0/mlflow-artifacts/artifacts/1/run1/artifacts/fine.txt',
        'PUT /api/2.0/mlflow-artifacts/artifacts/1/run1/artifacts/steadyframe/run.json',
      ]);
      expect(server.asked.join('\n')).not.toMatch(/delete/);
      expect([...server.bodies.values()].join('\n')).not.toContain(secret);
      expect(err).toContain(
        "the artifact '../../../../../api/2.0/mlflow/runs/delete' reads like a path that leads elsewhere",
      );
      expect(err).toContain('absolute.txt lies where this run has not written and is not sent');
    } finally {
      await server.close();
    }
  });

  it('of a place where the run wrote are copied while they are the recorded ones', async () => {
    const out = join(top, 'out');
    mkdirSync(out);
    const run = await startRun({ root, experiment: 'exp', name: 'elsewhere', tags: { out } });
    for (const name of ['same.txt', 'changed.txt']) writeFileSync(join(out, name), 'made');
    await run.logArtifact(out);
    const other = join(top, 'notes');
    mkdirSync(other);
    writeFileSync(join(other, 'note.txt'), 'a note');
    await run.logArtifact(join(other, 'note.txt'));
    expect(run.record.outside).toEqual([other]);
    await run.finish();
    writeFileSync(join(out, 'changed.txt'), 'lost');
    writeFileSync(join(out, 'never.txt'), secret);
    record(run, { name: 'never.txt', path: join(out, 'never.txt'), sha256: 'a' });
    const page = join(top, 'page-2');
    const { code, err } = await steadyframe(['report', 'exp/elsewhere', '--root', root, '-o', page, '--quiet']);
    expect(code).toBe(0);
    expect(readdirSync(join(page, 'files')).sort()).toEqual(['elsewhere-note.txt', 'elsewhere-same.txt']);
    expect(err).toContain('changed.txt is not copied: it has changed since it was recorded');
    expect(err).toContain('never.txt is not copied: it has changed since it was recorded');
  });

  it('become no address with .. in it', () => {
    expect(encodePath('a b/ü?#%2e.txt')).toBe('a%20b/%C3%BC%3F%23%252e.txt');
    for (const path of ['..', 'a/../b', '../../x', './a']) expect(() => encodePath(path)).toThrow('leads out of');
  });

  it.skipIf(process.platform === 'win32')(
    `may not be pipes${skipNote(process.platform !== 'win32', 'Windows has none')}`,
    async () => {
      const run = await startRun({ root: join(top, 'pipes'), experiment: 'exp' });
      execFileSync('mkfifo', [join(run.artifacts, 'pipe')]);
      writeFileSync(join(run.artifacts, 'file'), 'x');
      await expect(run.logArtifact(join(run.artifacts, 'pipe'))).rejects.toThrow('is a pipe, expected a file');
      expect((await run.logArtifact(run.artifacts)).map(({ name }) => name)).toEqual(['file']);
      await run.finish();
    },
  );
});

describe('names in a terminal', () => {
  it('command nothing', () => {
    expect(printable('a\u001b[31mb\u0007\u009b2J\r\u202eexe\u2066\u007f\tc\nd')).toBe(
      'a\\u001b[31mb\\u0007\\u009b2J\\u000d\\u202eexe\\u2066\\u007f\tc\nd',
    );
    expect(printableLine('a\r\nb\tc')).toBe('a b c');
    expect(printable('grün 日本 🎞️ é')).toBe('grün 日本 🎞️ é');
    const value = { name: '\u001b[2J\u009d\u202e"\\' };
    expect(JSON.parse(printable(JSON.stringify(value)))).toEqual(value);
  });

  it('of runs, settings, errors and files reach it escaped, and stay themselves in JSON', async () => {
    const evil = '\u001b]52;c;ZXZpbA==\u0007\u009b31m\u202e';
    const folder = join(top, 'evil');
    const run = await startRun({
      root: folder,
      experiment: 'exp',
      name: `run${evil}`,
      parameters: { prompt: evil, strength: 1 },
    });
    await run.finish('failed', { error: new Error(`ffmpeg: ${evil}\r\nsteadyframe: all is well`) });
    const second = await startRun({
      root: folder,
      experiment: 'exp',
      name: 'b',
      parameters: { prompt: 'b', strength: 2 },
    });
    await second.finish();
    mkdirSync(join(folder, `exp/bad${evil}`));
    writeFileSync(join(folder, `exp/bad${evil}`, 'run.json'), '{');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    const commands = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/;
    for (const args of [
      ['runs', '--root', folder],
      ['runs', '--root', folder, '--columns', 'name,params.prompt,error'],
      ['runs', '--root', folder, '--json'],
      ['runs', '--root', folder, '--filter', `params.${evil} = 1`],
      ['runs', '--root', folder, '--filter', `params.\`${evil}\` = 1`],
      ['runs', `--x${evil}`],
      ['info', join(folder, evil)],
      ['report', evil, '--root', folder, '-o', join(top, 'x')],
    ]) {
      const { out, err } = await steadyframe(args);
      expect([args, commands.test(out), commands.test(err)]).toEqual([args, false, false]);
      expect(err).not.toMatch(/^steadyframe: all is well/m);
    }
    const names = (await steadyframe(['runs', '--root', folder, '--json']))
      .json()
      .map(({ name }: Run['record']) => name);
    expect(names.sort()).toEqual(['b', `run${evil}`].sort());
    expect(existsSync(join(top, 'x'))).toBe(false);
  });
});
