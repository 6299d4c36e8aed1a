// Foreign or damaged run folders: each is reported with its reason, and every command continues with the other runs.

import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { startRun } from '../../src/lib/tracking/log/start-run.js';
import { listRuns } from '../../src/lib/tracking/query/list-runs.js';
import { openRunIndex } from '../../src/lib/tracking/stored/run-index.js';
import type { RunRecord } from '../../src/lib/tracking/stored/run-record.js';
import { startDashboard } from '../../src/ui/start-dashboard.js';
import { steadyframe } from '../cli/run-command.js';
import { skipNote } from '../skipped.js';
import { ask } from '../ui/ask.js';
import { recordingServer } from './recording-server.js';
import { scratchFolder } from './scratch.js';

const top = scratchFolder();
const root = join(top, 'runs');
const isWindows = process.platform === 'win32';
let good: RunRecord;

const put = (place: string, content: unknown): void => {
  mkdirSync(join(root, place), { recursive: true });
  writeFileSync(join(root, place, 'run.json'), Buffer.isBuffer(content) ? content : JSON.stringify(content));
};
const pipe = (path: string): void => {
  mkdirSync(join(root, path, '..'), { recursive: true });
  execFileSync('mkfifo', [join(root, path)]);
};

/** Bad entries: their place, reason and creation. */
const BAD: readonly [place: string, reason: RegExp, make: (place: string) => void][] = [
  ['bad/no-date', /start is 'x', expected a time such as/, (place) => put(place, { ...good, start: 'x' })],
  [
    'bad/february',
    /end is '2026-02-30T00:00:00.000Z', expected a time/,
    (place) => put(place, { ...good, end: '2026-02-30T00:00:00.000Z' }),
  ],
  [
    'bad/year',
    /start is '\+275760-09-13T00:00:00.000Z', expected a time/,
    (place) => put(place, { ...good, start: '+275760-09-13T00:00:00.000Z' }),
  ],
  ['bad/tag', /tags\.a is an object, expected a text/, (place) => put(place, { ...good, tags: { a: {} } })],
  ['bad/metric', /metrics\.loss\.last is a list/, (place) => put(place, { ...good, metrics: { loss: { last: [] } } })],
  ['bad/machine', /machine is null, expected an object/, (place) => put(place, { ...good, machine: null })],
  [
    'bad/input',
    /inputs\.0\.sha256 is 5/,
    (place) => put(place, { ...good, inputs: [{ kind: 'a', name: 'b', sha256: 5 }] }),
  ],
  ['bad/id', /id is '.*', expected 32 hexadecimal digits/, (place) => put(place, { ...good, id: "' or 1=1" })],
  ['bad/out', /experiment is '\.\.\/x', expected/, (place) => put(place, { ...good, experiment: '../x' })],
  ['bad/list', /is no run of this version/, (place) => put(place, [1, 2])],
  ['bad/null', /is no run of this version/, (place) => put(place, null)],
  [
    'bad/deep',
    /lists within lists, more than 64 deep/,
    (place) => {
      put(place, good);
      const nested = `{"given":${'['.repeat(50_000)}${']'.repeat(50_000)},`;
      writeFileSync(join(root, place, 'run.json'), JSON.stringify(good).replace('{', nested));
    },
  ],
  ['bad/noise', /is damaged \(not JSON\)/, (place) => put(place, randomBytes(3000))],
  ['bad/empty', /is damaged \(not JSON\)/, (place) => put(place, Buffer.alloc(0))],
  [
    'bad/large',
    /has 3\.0 GB, expected at most 16\.0 MB/,
    (place) => {
      put(place, Buffer.alloc(0));
      truncateSync(join(root, place, 'run.json'), 3e9);
    },
  ],
  [
    'bad/folder',
    /run\.json: is a folder, expected a file/,
    (place) => mkdirSync(join(root, place, 'run.json'), { recursive: true }),
  ],
];
/** Bad entries on Unix only. */
const BAD_UNIX: typeof BAD = [
  ['bad/pipe', /run\.json: is a pipe, expected a file/, (place) => pipe(`${place}/run.json`)],
  [
    'bad/points-pipe',
    /metrics\.jsonl: is a pipe, expected a file/,
    (place) => {
      const { metrics: _, ...record } = good;
      put(place, record);
      pipe(`${place}/metrics.jsonl`);
    },
  ],
  [
    'bad/owner-pipe',
    /\.owner-1: is a pipe, expected a file/,
    (place) => {
      put(place, { ...good, status: 'running' });
      pipe(`${place}/.owner-1`);
    },
  ],
  [
    'bad/device',
    /run\.json: is a device, expected a file/,
    (place) => {
      mkdirSync(join(root, place));
      symlinkSync('/dev/zero', join(root, place, 'run.json'));
    },
  ],
  ['bad/loop', /loop\/run\.json: is a link that leads in a circle/, (place) => symlinkSync('loop', join(root, place))],
  [
    'bad/file-loop',
    /file-loop.*: is a link that leads in a circle/,
    (place) => {
      mkdirSync(join(root, place));
      symlinkSync('run.json', join(root, place, 'run.json'));
    },
  ],
  ['circle', /circle: is a link that leads in a circle/, (place) => symlinkSync('circle', join(root, place))],
];
const all = isWindows ? BAD : [...BAD, ...BAD_UNIX];

beforeAll(async () => {
  for (const name of ['a', 'b']) {
    const run = await startRun({ root, experiment: 'good', name });
    run.logMetrics({ flicker_ratio: 1 }, { step: 0 });
    run.logMetrics({ flicker_ratio: 2 }, { step: 1 });
    writeFileSync(join(run.artifacts, 'note.txt'), name);
    await run.logArtifact(run.artifacts);
    await run.finish();
  }
  good = JSON.parse(readFileSync(join(root, 'good/a/run.json'), 'utf8'));
  for (const [place, , make] of all) make(place);
  if (!isWindows) {
    // Intact runs with damaged files other than their record.
    put('good/c', { ...good, id: 'c'.repeat(32), name: 'c' });
    pipe('good/c/artifacts.jsonl');
    pipe('good/c/metrics.jsonl');
    pipe('good/c/.mlflow.json');
    pipe('.index.json');
  }
});

/** Expects that each bad entry is reported once, with its reason. */
function expectNamed(said: readonly string[]): void {
  for (const [place, reason] of all) {
    const own = said.filter((line) => line.includes(join(root, place)) && reason.test(line));
    expect([place, own.length]).toEqual([place, 1]);
  }
}

describe('entries that cannot be read', () => {
  it('are damaged ones of the index, beside the runs that can', async () => {
    const { runs, damaged } = await openRunIndex(root).read();
    expect(runs.map(({ name }) => name).sort()).toEqual(isWindows ? ['a', 'b'] : ['a', 'b', 'c']);
    expectNamed(damaged.map(({ reason }) => reason));
    expect(damaged).toHaveLength(all.length);
  });

  it('are told of in a list of runs, in a terminal too', async () => {
    const said: string[] = [];
    const runs = await listRuns({ root, onWarning: (message) => said.push(message) });
    expect(runs.length).toBe(isWindows ? 2 : 3);
    expectNamed(said);
    const { code, out, err } = await steadyframe(['runs', '--root', root]);
    expect(code).toBe(0);
    expect(out).toMatch(/good\/a[\s\S]*runs in/);
    expectNamed(err.split('\n'));
  });

  it('leave a report to the others, and one that is named is told of', async () => {
    const out = join(top, 'page');
    const names = ['good/a', 'bad/no-date', ...(isWindows ? [] : ['good/c', 'bad/pipe', 'bad/loop'])];
    const { code, err, json } = await steadyframe(['report', ...names, '--root', root, '-o', out, '--json', '--quiet']);
    expect(code).toBe(0);
    expect(json()).toMatchObject({ runs: isWindows ? 1 : 2, files: 1 });
    expect(err).toMatch(/bad\/no-date\/run\.json: is damaged/);
    expect(readdirSync(join(out, 'files'))).toEqual(['a-note.txt']);
    if (!isWindows) {
      expect(err).toMatch(/bad\/pipe\/run\.json: is a pipe/);
      expect(err).toMatch(/good\/c: .*metrics\.jsonl: is a pipe/);
      expect(err).toMatch(/bad\/loop\/run\.json: is a link that leads in a circle/);
      expect(readFileSync(join(out, 'index.html'), 'utf8')).toContain('artifacts.jsonl: is a pipe, expected a file');
    }
    const alone = await steadyframe(['report', 'bad/no-date', '--root', root, '-o', join(top, 'none')]);
    expect([alone.code, alone.err]).toEqual([1, expect.stringMatching(/bad\/no-date\/run\.json: is damaged/)]);
  });

  it('are shown by the dashboard, and every page is answered', async () => {
    const problems: unknown[] = [];
    const dashboard = await startDashboard({ root, port: 0, token: false, onError: (error) => problems.push(error) });
    try {
      const { total, damaged } = (await ask(dashboard.address, '/api/runs')).json();
      expect(total).toBe(isWindows ? 2 : 3);
      expect(damaged.map(({ place }: { place: string }) => place).sort()).toEqual(all.map(([place]) => place).sort());
      for (const place of ['good/a', 'good/c', 'bad/pipe']) {
        expect((await ask(dashboard.address, `/compare?run=${place}`)).status).toBe(200);
        expect((await ask(dashboard.address, `/api/curves?run=${place}&key=flicker_ratio`)).status).toBe(200);
      }
      expect((await ask(dashboard.address, '/files/bad/pipe/run.json')).status).toBe(404);
      expect(problems).toEqual([]);
    } finally {
      await dashboard.close();
    }
  });

  it('do not keep the others from being uploaded', async () => {
    const server = await recordingServer();
    try {
      const { code, err, out } = await steadyframe(['sync', '--root', root, '--mlflow', server.uri, '--quiet']);
      expectNamed(err.split('\n'));
      expect(out).toMatch(/good\/a +uploaded/);
      expect(out).toMatch(/good\/b +uploaded/);
      expect(code).toBe(isWindows ? 0 : 1); // one run has points that cannot be read
      const named = await steadyframe([
        'sync',
        'good/a',
        'bad/no-date',
        '--root',
        root,
        '--mlflow',
        server.uri,
        '--quiet',
      ]);
      expect(named.code).toBe(1);
      expect(named.err).toMatch(/1 run could not be uploaded, the first \(bad\/no-date\) because: .*is damaged/);
    } finally {
      await server.close();
    }
  });

  it.skipIf(isWindows)(
    `are no socket either, nor a folder of another user${skipNote(!isWindows, 'not on Windows')}`,
    async (ctx) => {
      const elsewhere = join(top, 's');
      mkdirSync(join(elsewhere, 'x/sock'), { recursive: true });
      const path = join(elsewhere, 'x/sock/run.json');
      if (path.length > 100) ctx.skip('the temporary folder has too long a name for a socket');
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(path, resolve));
      try {
        const { damaged } = await openRunIndex(elsewhere).read();
        expect(damaged).toEqual([
          { folder: join(elsewhere, 'x/sock'), reason: `${path}: is a socket, expected a file` },
        ]);
      } finally {
        server.close();
      }
    },
  );
});
