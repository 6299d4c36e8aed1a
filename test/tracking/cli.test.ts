// `steadyframe runs` and `steadyframe sync` where no server is needed.

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { root as repository } from '../../scripts/setup.js';
import { METRICS } from '../../src/lib/metrics/measurement.js';
import { startRun } from '../../src/lib/tracking/log/start-run.js';
import { parseFilter } from '../../src/lib/tracking/query/filter.js';
import { listPage } from '../../src/ui/list-page.js';
import { steadyframe } from '../cli/run-command.js';
import { startProxy } from './fault-proxy.js';
import { scratchFolder } from './scratch.js';

const root = scratchFolder();
const env = { STEADYFRAME_RUNS: root };

beforeAll(async () => {
  for (const [i, strength] of [0.45, 0.75].entries()) {
    const run = await startRun({
      root,
      experiment: 'sweep',
      name: `street ${strength}`,
      parameters: { strength, steps: 50, prompt: 'night' },
    });
    run.logMetrics({ flicker: 0.1 + 0.2 * i, 'val loss': Number.NaN });
    await run.finish(i === 0 ? 'finished' : 'failed', i === 0 ? {} : { error: new Error('no\nframes') });
  }
});

describe('examples', () => {
  it('name metrics that exist', async () => {
    const page = listPage('runs').replaceAll('&lt;', '<');
    const readme = readFileSync(join(repository, 'README.md'), 'utf8');
    const texts = [(await steadyframe(['runs', '--help'])).out, page, readme];
    const names = texts.flatMap((text) =>
      [...text.matchAll(/(?<![\w/-])metrics\.([a-z_]\w*)/g)].map(([, name]) => name),
    );
    expect(names.length).toBeGreaterThan(4);
    for (const name of new Set(names)) expect(Object.keys(METRICS)).toContain(name);
    // And each whole example is a filter.
    const filters = texts.flatMap((text) => [...text.matchAll(/--filter "([^"]+)"/g)].map(([, filter]) => filter));
    expect(filters.length).toBeGreaterThan(2);
    for (const filter of filters) expect(() => parseFilter(filter)).not.toThrow();
  });
});

describe('steadyframe runs', () => {
  it('shows runs with the parameters that differ and their metrics, the newest first', async () => {
    const { code, out, err } = await steadyframe(['runs'], { env });
    expect({ code, err }).toEqual({ code: 0, err: '' });
    const lines = out.split('\n').map((line) => line.trim().split(/ {2,}/));
    expect(lines.slice(0, 3)).toEqual([
      ['run', 'status', 'started', 'took', 'strength', 'flicker', 'val loss'],
      [
        'sweep/street-0.75',
        'failed',
        expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d$/),
        expect.stringMatching(/ s$/),
        '0.75',
        '0.3000',
        'nan',
      ],
      ['sweep/street-0.45', 'finished', expect.any(String), expect.any(String), '0.45', '0.1000', 'nan'],
    ]);
    expect(out).toContain(`2 runs in ${root}\n`);
  });

  it('filters, sorts, and shows chosen columns', async () => {
    const args = ['runs', '--sort', '-params.strength', '--columns', 'params.strength,metrics.`val loss`,status,error'];
    const { out } = await steadyframe(args, { env });
    expect(
      out
        .split('\n')
        .map((line) => line.trim().split(/ {2,}/))
        .slice(0, 3),
    ).toEqual([
      ['run', 'strength', 'val loss', 'status', 'error'],
      ['sweep/street-0.75', '0.75', 'nan', 'failed', 'no frames'],
      ['sweep/street-0.45', '0.45', 'nan', 'finished', '-'],
    ]);
    const filtered = await steadyframe(
      ['runs', '--filter', "metrics.flicker < 0.2 and params.strength = '0.45'", '--json'],
      { env },
    );
    expect(filtered.json()).toMatchObject([{ name: 'street 0.45', metrics: { flicker: { last: 0.1 } } }]);
    expect(
      (await steadyframe(['runs', '--limit', '1', '--sort', 'start_time', '--json'], { env })).json(),
    ).toMatchObject([{ name: 'street 0.45' }]);
    expect((await steadyframe(['runs', '--filter', 'metrics.flicker > 5'], { env })).out).toBe(
      `no runs in ${root} that the filter admits\n`,
    );
  });

  it.each([
    [
      ['--filter', 'metrics.flicker <'],
      'the filter "metrics.flicker <" cannot be read at its end: it ends there, expected a number',
    ],
    [['--sort', 'flicker'], "the order 'flicker': there is no attribute 'flicker'"],
    [['--columns', 'x.y'], "--columns asks for 'x.', expected metrics., params., tags. or attributes."],
    [['--limit', '0'], 'limit is 0, expected an integer of at least 1'],
  ])('%j is refused with one sentence', async (args, sentence) => {
    const { code, out, err } = await steadyframe(['runs', ...args], { env });
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(sentence);
    expect(err.trim().split('\n')).toHaveLength(1);
  });

  it('asks about names that no run has', async () => {
    const { code, out, err } = await steadyframe(['runs', '--filter', 'metrics.flick < 5', '--sort', 'params.step'], {
      env,
    });
    expect([code, out]).toEqual([0, `no runs in ${root} that the filter admits\n`]);
    expect(err).toBe(
      'steadyframe: warning: no run has metrics.flick; did you mean metrics.flicker?\n' +
        'steadyframe: warning: no run has params.step; did you mean params.steps?\n',
    );
  });

  it('says where there are none', async () => {
    const { code, out } = await steadyframe(['runs', '--root', join(root, 'absent')], { env });
    expect([code, out]).toEqual([0, `no runs in ${join(root, 'absent')}\n`]);
    expect(readdirSync(root)).not.toContain('absent');
  });
});

describe('steadyframe sync', () => {
  it('asks for a server, for one that it can talk to, and for runs that exist', async () => {
    const say = async (...args: string[]) => (await steadyframe(['sync', ...args], { env })).err;
    expect(await say()).toContain('sync needs the address of an MLflow server; give --mlflow http://127.0.0.1:5000');
    expect(await say('--mlflow', 'sqlite:///x.db')).toContain('only tracking servers are supported');
    expect(await say('--mlflow', 'nowhere')).toContain('cannot be read; give one such as http://127.0.0.1:5000');
    expect(await say('nothing', '--mlflow', 'http://127.0.0.1:9')).toContain('nothing: there is no such run in');
  });

  it('ends with exit code 1 and a sentence where the server refuses', async () => {
    const proxy = await startProxy('http://127.0.0.1:9', () => ({ status: 403 }));
    const { code, err } = await steadyframe(['sync', '--mlflow', proxy.uri, '--quiet'], { env });
    await proxy.stop();
    expect(code).toBe(1);
    expect(err).toBe(
      `steadyframe: MLflow at ${proxy.uri} answered 403 (busy); set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN\n`,
    );
  });

  it('of no runs asks nobody', async () => {
    const empty = scratchFolder();
    writeFileSync(join(empty, 'README.md'), 'x');
    const { code, out } = await steadyframe(['sync', '--mlflow', 'http://127.0.0.1:9', '--root', empty], { env });
    expect([code, out]).toEqual([0, `no runs in ${empty}\n`]);
  });
});
