// Uploads to a real MLflow server, read with MLflow's own Python client, also with faults of the network.

import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest';
import { thisProcess } from '../../src/lib/base/process-identity.js';
import type { Run } from '../../src/lib/tracking/log/run.js';
import { startRun } from '../../src/lib/tracking/log/start-run.js';
import { liveUploads, uploadsSettled } from '../../src/lib/tracking/mlflow/live.js';
import { type SyncedRun, type SyncOptions, syncRuns } from '../../src/lib/tracking/mlflow/sync.js';
import { type Fault, type FaultProxy, startProxy } from './fault-proxy.js';
import { type FoundRun, type MlflowServer, startMlflow } from './mlflow-server.js';
import { type Child, runScript, scratchFolder, translateTracking } from './scratch.js';

let server: MlflowServer | { missing: string };
let tracking: string;
const proxies: FaultProxy[] = [];
beforeAll(async () => {
  tracking = translateTracking(scratchFolder());
  server = await startMlflow();
}, 900_000);
afterAll(async () => {
  for (const proxy of proxies) await proxy.stop();
  if ('stop' in server) await server.stop();
});

/** The server; skips the test if there is none. */
function mlflow(context: TestContext): MlflowServer {
  if ('missing' in server) return context.skip(`there is no MLflow: ${server.missing}`);
  return server;
}
async function proxyTo({ uri }: MlflowServer, fault?: FaultProxy['fault']): Promise<FaultProxy> {
  const proxy = await startProxy(uri, fault);
  proxies.push(proxy);
  return proxy;
}

const hash = (data: string | Buffer) => createHash('sha256').update(data).digest('hex');
const lines = (path: string) =>
  readFileSync(path, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
/** Timeout of a server without progress in milliseconds, for busy machines. */
const PATIENCE = 300_000;
const quick: SyncOptions = { base: 5, longest: 50 };
const outcomes = (synced: SyncedRun[]) => synced.map(({ outcome, reason }) => reason ?? outcome);

/** The points in a run's file by metric, in the server's format. */
function pointsOf(folder: string): FoundRun['metrics'] {
  const metrics: FoundRun['metrics'] = {};
  for (const { key, value, step, time } of lines(join(folder, 'metrics.jsonl'))) {
    // MLflow stores infinities as the greatest number, and NaN unchanged.
    const stored = value === 'Infinity' ? Number.MAX_VALUE : value === '-Infinity' ? -Number.MAX_VALUE : value;
    metrics[key] ??= [];
    metrics[key].push([step, stored === 'NaN' ? 'nan' : stored, time]);
  }
  return metrics;
}
const inOrder = (points: FoundRun['metrics'][string]) => [...points].sort((a, b) => a[0] - b[0]);
const ordered = (metrics: FoundRun['metrics']) =>
  Object.fromEntries(Object.entries(metrics).map(([key, points]) => [key, inOrder(points)]));

/** A run with every kind of content and two children. */
async function richRuns(root: string, experiment: string): Promise<Run[]> {
  const parent = await startRun({
    root,
    experiment,
    name: 'parent',
    parameters: {
      ...Object.fromEntries(Array.from({ length: 130 }, (_, i) => [`setting ${i}`, i / 7])),
      prompt: 'eine Stra\u00dfe bei Nacht \u{1f303}',
      empty: '',
      long: `${'x'.repeat(6500)}\u{1f303}`,
      strengths: [0.3, 0.45],
    },
    inputs: [
      { kind: 'video', name: 'street.mp4', sha256: hash('street'), path: '/shots/street.mp4', about: { frames: 24 } },
      { kind: 'model', name: 'sd15', sha256: hash('sd15') },
    ],
    tags: { purpose: 'test', 'mlflow.note.content': '# a note' },
    device: 'cpu',
  });
  for (let step = 0; step < 550; step++) parent.logMetrics({ loss: 1 / (step + 1), rate: 1e-5 }, { step });
  parent.logMetrics({ strange: Number.NaN });
  parent.logMetrics({ strange: Infinity });
  parent.logMetrics({ strange: -Infinity, 'flow/warping error': 0.3 });
  mkdirSync(join(parent.artifacts, 'frames'));
  writeFileSync(join(parent.artifacts, 'grid.mp4'), randomBytes(300_000));
  writeFileSync(join(parent.artifacts, 'frames/0001.txt'), 'one');
  writeFileSync(join(parent.artifacts, 'frames/empty.txt'), '');
  await parent.logArtifact(parent.artifacts);
  const elsewhere = scratchFolder();
  writeFileSync(join(elsewhere, 'curves.csv'), 'frame,flicker\n0,1\n');
  await parent.logArtifact(join(elsewhere, 'curves.csv'));
  for (const step of [100, 200]) {
    const path = join(parent.artifacts, `preview-${step}.png`);
    await sharp({ create: { width: 600, height: 300, channels: 3, background: '#c04010' } })
      .png()
      .toFile(path);
    await parent.logImage(path, { key: 'preview/car', step });
  }
  const good = await startRun({ root, experiment, name: 'good part', parent, parameters: { strength: 0.45 } });
  good.logMetrics({ psnr: 30 });
  await good.finish();
  const bad = await startRun({ root, experiment, name: 'bad part', parent, parameters: { strength: 0.75 } });
  await bad.finish('failed', { error: new Error('latents are not finite') });
  await parent.finish();
  return [parent, good, bad];
}

/** Checks that the server has everything in a run's folder. */
function expectWhole(found: FoundRun, folder: string): void {
  const record = JSON.parse(readFileSync(join(folder, 'run.json'), 'utf8'));
  const status = { finished: 'FINISHED', failed: 'FAILED', interrupted: 'KILLED', running: 'RUNNING' }[
    record.status as string
  ];
  expect(found).toMatchObject({ name: record.name, status, start: Date.parse(record.start) });
  if (record.end) expect(found.end).toBe(Date.parse(record.end));
  expect(Object.keys(found.params).sort()).toEqual(Object.keys(record.parameters).sort());
  expect(ordered(found.metrics)).toEqual(ordered(pointsOf(folder)));
  expect(found.tags['steadyframe.run_id']).toBe(record.id);
}

describe('a sync', () => {
  let root: string;
  let parent: Run;
  let good: Run;
  let bad: Run;
  let first: Record<string, FoundRun>;

  it("puts everything where MLflow's own client finds it", async (context) => {
    const { uri, read } = mlflow(context);
    root = scratchFolder();
    [parent, good, bad] = await richRuns(root, 'rich');
    expect(outcomes(await syncRuns(uri, { root }))).toEqual(['uploaded', 'uploaded', 'uploaded']);
    first = await read('rich');
    expect(Object.keys(first).sort()).toEqual(['bad part', 'good part', 'parent']);
    for (const run of [parent, good, bad]) expectWhole(first[run.record.name], run.folder);

    const { params, tags, artifacts, inputs } = first.parent;
    expect(params).toMatchObject({
      'setting 3': String(3 / 7),
      prompt: 'eine Stra\u00dfe bei Nacht \u{1f303}',
      empty: '',
      long: `${'x'.repeat(5999)}\u2026`,
      strengths: '[0.3,0.45]',
    });
    const { git, user, command, machine } = parent.record;
    expect(tags).toMatchObject({
      purpose: 'test',
      'mlflow.note.content': '# a note',
      'mlflow.runName': 'parent',
      'mlflow.loggedImages': 'True',
      'mlflow.source.type': 'LOCAL',
      'steadyframe.device': 'cpu',
      'steadyframe.host': machine.host,
      'steadyframe.model.sd15': hash('sd15'),
      ...(user && { 'mlflow.user': user }),
      ...(command && { 'mlflow.source.name': command }),
      ...(git && { 'mlflow.source.git.commit': git.commit }),
    });
    expect(first['good part'].tags['mlflow.parentRunId']).toBe(first.parent.id);
    expect(first['bad part'].tags).toMatchObject({
      'mlflow.parentRunId': first.parent.id,
      'steadyframe.error': 'latents are not finite',
    });
    expect(inputs).toEqual([
      {
        name: 'street.mp4',
        digest: hash('street').slice(0, 36),
        source_type: 'local',
        source: { uri: '/shots/street.mp4' },
        profile: { sha256: hash('street'), frames: 24 },
        context: { 'mlflow.data.context': 'video' },
      },
    ]);
    const plain = Object.fromEntries(Object.entries(artifacts).filter(([name]) => !name.startsWith('images/')));
    expect(plain).toEqual({
      'grid.mp4': hash(readFileSync(join(parent.artifacts, 'grid.mp4'))),
      'frames/0001.txt': hash('one'),
      'frames/empty.txt': hash(''),
      'curves.csv': hash('frame,flicker\n0,1\n'),
      'steadyframe/run.json': hash(readFileSync(join(parent.folder, 'run.json'))),
    });
    // The names that MLflow's page needs for an image grid.
    const images = Object.keys(artifacts).filter((name) => name.startsWith('images/'));
    const uuid = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}';
    for (const step of [100, 200]) {
      const series = `^images/preview~car\\+step\\+${step}\\+timestamp\\+\\d{13}\\+${uuid}`;
      const png = images.filter((name) => new RegExp(`${series}\\.png$`).test(name));
      expect(png).toHaveLength(1);
      expect(artifacts[png[0]]).toBe(hash(readFileSync(join(parent.artifacts, `preview-${step}.png`))));
      expect(images).toContain(png[0].replace(/\.png$/, '+compressed.webp'));
    }
    expect(images).toHaveLength(4);
  });

  it('gives videos that seek, and small pictures for the grid', async (context) => {
    const { uri } = mlflow(context);
    const { id, artifacts } = first.parent;
    const get = (name: string, range?: string) =>
      fetch(`${uri}/get-artifact?run_uuid=${id}&path=${encodeURIComponent(name)}`, { headers: range ? { range } : {} });
    const part = await get('grid.mp4', 'bytes=1000-1999');
    expect([part.status, part.headers.get('content-type'), part.headers.get('content-range')]).toEqual([
      206,
      'video/mp4',
      'bytes 1000-1999/300000',
    ]);
    const whole = readFileSync(join(parent.artifacts, 'grid.mp4'));
    expect(Buffer.from(await part.arrayBuffer()).equals(whole.subarray(1000, 2000))).toBe(true);
    const small = await get(Object.keys(artifacts).find((name) => name.endsWith('webp'))!);
    const { width, height, format } = await sharp(Buffer.from(await small.arrayBuffer())).metadata();
    expect([width, height, format]).toEqual([256, 128, 'webp']);
  });

  it('done again changes nothing, and sends nothing', async (context) => {
    const found = mlflow(context);
    const again = await syncRuns(found.uri, { root });
    expect(outcomes(again)).toEqual(['unchanged', 'unchanged', 'unchanged']);
    // Another address of the same server: it has no upload state, and everything is found there.
    const proxy = await proxyTo(found);
    await syncRuns(proxy.uri, { root, ...quick });
    expect(proxy.writes().filter(({ path }) => path.endsWith('runs/create'))).toEqual([]);
    proxy.seen.length = 0;
    expect(outcomes(await syncRuns(proxy.uri, { root, ...quick }))).toEqual(['unchanged', 'unchanged', 'unchanged']);
    expect(proxy.writes()).toEqual([]);
    expect(proxy.seen.length).toBeLessThan(6);
  });

  it('of which nothing is remembered finds what is there, and changes nothing', async (context) => {
    const { uri, read } = mlflow(context);
    for (const { folder } of [parent, good, bad]) rmSync(join(folder, '.mlflow.json'));
    await syncRuns(uri, { root });
    expect(await read('rich')).toEqual(first);
  });

  it('takes chosen runs, with the parents that they need', async (context) => {
    const { uri, read } = mlflow(context);
    const other = scratchFolder();
    const above = await startRun({ root: other, experiment: 'chosen', name: 'above' });
    const below = await startRun({ root: other, experiment: 'chosen', name: 'below', parent: above });
    await Promise.all([below.finish(), above.finish()]);
    await (await startRun({ root: other, experiment: 'chosen', name: 'beside' })).finish();
    const synced = await syncRuns(uri, { root: other, runs: ['chosen/below'] });
    expect(synced.map(({ name, outcome }) => [name, outcome])).toEqual([['below', 'uploaded']]);
    const found = await read('chosen');
    expect(Object.keys(found).sort()).toEqual(['above', 'below']);
    expect(found.below.tags['mlflow.parentRunId']).toBe(found.above.id);
    expect((await syncRuns(uri, { root: other })).map(({ name, outcome }) => [name, outcome]).sort()).toEqual([
      ['above', 'uploaded'],
      ['below', 'unchanged'],
      ['beside', 'uploaded'],
    ]);
  });

  it('shows runs whose process died as killed, and goes on when they are resumed', async (context) => {
    const { uri, read } = mlflow(context);
    const other = scratchFolder();
    const run = await startRun({ root: other, experiment: 'died', name: 'x' });
    run.logMetrics({ loss: 1 });
    await run.flush();
    const owner = join(run.folder, '.owner-1');
    const living = readFileSync(owner, 'utf8');
    writeFileSync(owner, JSON.stringify({ ...thisProcess(), started: '1' }));
    await syncRuns(uri, { root: other });
    expect((await read('died')).x).toMatchObject({ status: 'KILLED', end: expect.any(Number) });
    writeFileSync(owner, living);
    run.logMetrics({ loss: 2 });
    await run.finish();
    await syncRuns(uri, { root: other });
    expectWhole((await read('died')).x, run.folder);
  });

  it('leaves alone what was deleted there, and says what is gone here', async (context) => {
    const { uri, read } = mlflow(context);
    const other = scratchFolder();
    const run = await startRun({ root: other, experiment: 'gone', name: 'x' });
    writeFileSync(join(run.artifacts, 'a.txt'), 'a');
    writeFileSync(join(run.artifacts, 'b.txt'), 'b');
    await run.logArtifact(run.artifacts);
    await run.finish();
    rmSync(join(run.artifacts, 'a.txt'));
    writeFileSync(join(run.artifacts, 'b.txt'), 'changed');
    const warnings: string[] = [];
    const onWarning = (message: string) => warnings.push(message);
    expect(outcomes(await syncRuns(uri, { root: other, onWarning }))).toEqual(['uploaded']);
    expect(warnings).toEqual([
      expect.stringContaining('a.txt is gone'),
      expect.stringContaining('b.txt has changed since it was recorded'),
    ]);
    const { id } = (await read('gone')).x;
    const body = JSON.stringify({ run_id: id });
    const headers = { 'content-type': 'application/json' };
    await fetch(`${uri}/api/2.0/mlflow/runs/delete`, { method: 'POST', headers, body });
    expect(await syncRuns(uri, { root: other })).toMatchObject([
      { outcome: 'skipped', reason: `the run was deleted on ${uri}; restore it there to go on uploading` },
    ]);
    expect(await read('gone')).toEqual({});
  });
});

describe('a server that does not take artifacts itself', () => {
  it('gets everything else, and a sync says so', async (context) => {
    const { uri, read } = mlflow(context);
    const body = JSON.stringify({ name: 'elsewhere', artifact_location: 's3://bucket/place' });
    const headers = { 'content-type': 'application/json' };
    await fetch(`${uri}/api/2.0/mlflow/experiments/create`, { method: 'POST', headers, body });
    const root = scratchFolder();
    const run = await startRun({ root, experiment: 'elsewhere', name: 'x' });
    writeFileSync(join(run.artifacts, 'a.txt'), 'a');
    await run.logArtifact(run.artifacts);
    run.logMetrics({ loss: 1 });
    await run.finish();
    const warnings: string[] = [];
    const onWarning = (message: string) => warnings.push(message);
    expect(outcomes(await syncRuns(uri, { root, onWarning }))).toEqual(['uploaded']);
    expect(warnings).toEqual([
      expect.stringContaining('does not take them for this experiment (they would go to s3:)'),
    ]);
    expect(outcomes(await syncRuns(uri, { root }))).toEqual(['unchanged']);
    expectWhole((await read('elsewhere', false)).x, run.folder);
  });
});

describe('a bad way to the server', () => {
  it('delays a sync, and leaves nothing out and nothing twice', async (context) => {
    const { uri, read } = mlflow(context);
    const root = scratchFolder();
    const runs = await richRuns(root, 'faults');
    // Every request gets each of these faults once, in turn, before it succeeds.
    const met = new Map<string, number>();
    const proxy = await proxyTo({ uri } as MlflowServer, ({ method, path, body }) => {
      const request = hash(`${method} ${path} ${JSON.stringify(body)}`);
      const times = met.get(request) ?? 0;
      met.set(request, times + 1);
      return (
        ([{ status: 500 }, 'cut', { status: 429, headers: { 'retry-after': '0' } }, 'cut answer', 30] as const)[
          times
        ] ?? 'pass'
      );
    });
    const synced = await syncRuns(proxy.uri, { root, ...quick });
    expect(outcomes(synced)).toEqual(['uploaded', 'uploaded', 'uploaded']);
    const found = await read('faults');
    expect(Object.keys(found)).toHaveLength(3);
    for (const run of runs) expectWhole(found[run.record.name], run.folder);
    expect(Object.keys(found.parent.artifacts)).toHaveLength(9);
    expect(found.parent.inputs).toHaveLength(1);
    // Runs are created once, even if the response was lost: a retry finds them.
    const search = await fetch(`${uri}/api/2.0/mlflow/runs/search`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ experiment_ids: [await experimentId(uri, 'faults')], run_view_type: 'ALL' }),
    });
    expect(((await search.json()) as { runs: unknown[] }).runs).toHaveLength(3);
  });

  it('waits as long as the server asks', async (context) => {
    const found = mlflow(context);
    const root = scratchFolder();
    await (await startRun({ root, experiment: 'waits' })).finish();
    const proxy = await proxyTo(found, (_, index) =>
      index === 0 ? { status: 429, headers: { 'retry-after': '1' } } : 'pass',
    );
    expect(outcomes(await syncRuns(proxy.uri, { root, ...quick }))).toEqual(['uploaded']);
    expect(proxy.seen[1].time - proxy.seen[0].time).toBeGreaterThan(990);
  });

  it('ends a sync with one sentence where nobody is there', async () => {
    const root = scratchFolder();
    await (await startRun({ root, experiment: 'nobody' })).finish();
    const closed = await startProxy('http://127.0.0.1:9');
    await closed.stop();
    await expect(syncRuns(closed.uri, { root, ...quick, attempts: 3 })).rejects.toThrow(
      `MLflow at ${closed.uri} cannot be reached (ECONNREFUSED)`,
    );
  });

  it('with a sync killed again and again loses nothing and doubles nothing', async (context) => {
    const { uri, read } = mlflow(context);
    const root = scratchFolder();
    const runs = await richRuns(root, 'killed');
    const script = `
      import { syncRuns } from './mlflow/sync.js';
      await syncRuns(process.argv[2], { root: process.argv[3] });
      console.log('done');`;
    // Killed at the n-th request of each process: before the server receives it, or while it executes it.
    const kills: [request: number, heard: Fault][] = [
      [2, 'pass'],
      [3, 'cut'],
      [5, 'pass'],
      [9, 'cut'],
      [14, 'pass'],
    ];
    let kill = (): Fault => 'pass';
    const proxy = await proxyTo({ uri } as MlflowServer, () => kill());
    for (const [n, [request, heard]] of kills.entries()) {
      let count = 0;
      let child: Child | undefined;
      kill = () => {
        if (++count < request) return 'pass';
        child?.process.kill('SIGKILL');
        return heard;
      };
      child = runScript(tracking, `sync-${n}`, script, {}, [proxy.uri, root]);
      expect(await child.ended, `at request ${request}`).toBe('SIGKILL');
    }
    kill = () => 'pass';
    await syncRuns(proxy.uri, { root, ...quick });
    const found = await read('killed');
    expect(Object.keys(found)).toHaveLength(3);
    for (const run of runs) expectWhole(found[run.record.name], run.folder);
    expect(Object.keys(found.parent.artifacts)).toHaveLength(9);
    expect(found.parent.inputs).toHaveLength(1);
  });
});

describe('live logging', () => {
  it('follows a run while it goes on', async (context) => {
    const { uri, read } = mlflow(context);
    liveUploads(uri, (message) => expect.fail(message), { delay: 50, grace: PATIENCE });
    const root = scratchFolder();
    const run = await startRun({ root, experiment: 'live', name: 'x', mlflow: uri, parameters: { a: 1 } });
    const part = await startRun({ root, experiment: 'live', name: 'part', mlflow: uri, parent: run });
    run.logMetrics({ loss: 1 });
    await expect.poll(async () => (await read('live', false)).x?.metrics.loss?.length, { interval: 500 }).toBe(1);
    expect((await read('live', false)).x).toMatchObject({ status: 'RUNNING', params: { a: '1' } });
    await run.logParams({ b: 2 });
    writeFileSync(join(run.artifacts, 'a.txt'), 'a');
    await run.logArtifact(join(run.artifacts, 'a.txt'));
    run.logMetrics({ loss: 2 });
    await part.finish();
    await run.finish();
    await uploadsSettled();
    const found = await read('live');
    expectWhole(found.x, run.folder);
    expectWhole(found.part, part.folder);
    expect(found.part.tags['mlflow.parentRunId']).toBe(found.x.id);
    expect(found.x.artifacts['a.txt']).toBe(hash('a'));
    expect(outcomes(await syncRuns(uri, { root }))).toEqual(['unchanged', 'unchanged']);
  });

  it('costs a run nothing while the server is away, and catches up', async (context) => {
    const found = mlflow(context);
    const proxy = await proxyTo(found, (_, index) => (index % 2 === 0 ? 'cut' : { status: 503 }));
    const warnings: string[] = [];
    const warned = new Promise<void>((resolve) => {
      const onWarning = (message: string): void => {
        warnings.push(message);
        resolve();
      };
      liveUploads(proxy.uri, onWarning, { delay: 20, longest: 100, grace: PATIENCE });
    });
    const root = scratchFolder();
    const run = await startRun({ root, experiment: 'away', name: 'x', mlflow: proxy.uri });
    run.logMetrics({ loss: 0 });
    await warned;
    expect(warnings).toEqual([expect.stringMatching(/cannot be reached .*; runs go on, and are uploaded when/)]);
    for (let i = 1; i < 30; i++) run.logMetrics({ loss: i });
    // There is no response from now on until the run has ended: a run that waits for the server would never end.
    let answer!: () => void;
    const ended = new Promise<Fault>((resolve) => {
      answer = () => resolve('pass');
    });
    proxy.fault = () => ended;
    await run.finish();
    answer();
    await uploadsSettled();
    expectWhole((await found.read('away')).x, run.folder);
    expect(warnings).toHaveLength(1);
  });

  it('lets a process end where the server does not answer, and what is left is synced later', async (context) => {
    const { uri, read } = mlflow(context);
    const root = scratchFolder();
    const proxy = await proxyTo({ uri } as MlflowServer, () => 'hang');
    const script = `
      import { liveUploads } from './mlflow/live.js';
      import { startRun } from './log/start-run.js';
      liveUploads(process.argv[2], (message) => console.log(message), { delay: 10, grace: 600 });
      const run = await startRun({ experiment: 'hangs', name: 'x', mlflow: process.argv[2] });
      for (let i = 0; i < 50; i++) run.logMetrics({ loss: i });
      await run.finish();
      console.log('finished');`;
    const child = runScript(tracking, 'hangs', script, { STEADYFRAME_RUNS: root }, [proxy.uri]);
    expect(await child.ended).toBe(0);
    expect(child.printed().trim().split('\n')).toEqual([
      'finished',
      `MLflow at ${proxy.uri} did not take everything of a run; upload the rest with: steadyframe sync --mlflow ${proxy.uri}`,
    ]);
    proxy.fault = () => 'pass';
    await syncRuns(proxy.uri, { root });
    const [name] = readdirSync(join(root, 'hangs'));
    expectWhole((await read('hangs')).x, join(root, 'hangs', name));
  });
});

describe('credentials', () => {
  const secret = 'hunter2-secret';

  it.each([
    ['a name and a password', { MLFLOW_TRACKING_USERNAME: 'ann', MLFLOW_TRACKING_PASSWORD: secret }, '', basic('ann')],
    ['a token', { MLFLOW_TRACKING_TOKEN: secret }, '', `Bearer ${secret}`],
    ['the address', {}, `bob:${secret}@`, basic('bob')],
  ])('from %s are sent, and appear in no file and no message', async (_, env, before, expected) => {
    const root = scratchFolder();
    // Without a server, it refuses every connection.
    const proxy = await startProxy('http://127.0.0.1:9', () => ({ status: 401 }));
    proxies.push(proxy);
    const uri = proxy.uri.replace('http://', `http://${before}`);
    await (await startRun({ root, experiment: 'secret', given: ['--mlflow', uri] })).finish();
    const error = await syncRuns(uri, { root, env }).catch((reason: Error) => reason);
    expect((error as Error).message).toBe(
      `MLflow at ${proxy.uri} answered 401 (busy); set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN`,
    );
    expect(proxy.seen.map(({ headers }) => headers.authorization)).toEqual([expected]);
    const written = readdirSync(root, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'));
    expect(written.length).toBeGreaterThan(1);
    expect([(error as Error).stack, ...written].filter((text) => text?.includes(secret))).toEqual([]);
  });

  function basic(name: string): string {
    return `Basic ${Buffer.from(`${name}:${secret}`).toString('base64')}`;
  }
});

async function experimentId(uri: string, name: string): Promise<string> {
  const answer = await fetch(`${uri}/api/2.0/mlflow/experiments/get-by-name?experiment_name=${name}`);
  return ((await answer.json()) as { experiment: { experiment_id: string } }).experiment.experiment_id;
}
