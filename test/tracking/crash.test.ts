// Runs of killed processes: killed while writing, truncated at every byte, and two processes that want to continue the same
// run.

import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { HEARTBEAT, isAlive, thisProcess } from '../../src/lib/base/process-identity.js';
import { holderOf, isClaim, takeClaim } from '../../src/lib/tracking/log/claim.js';
import { resumeRun, startRun } from '../../src/lib/tracking/log/start-run.js';
import { listRuns } from '../../src/lib/tracking/query/list-runs.js';
import { openRun } from '../../src/lib/tracking/stored/open-run.js';
import { runScript, scratchFolder, translateTracking } from './scratch.js';

const root = scratchFolder();
let tracking: string;
beforeAll(() => {
  tracking = translateTracking(scratchFolder());
});

/**
 * Starts runs one after another, each logging points and sometimes a parameter, an artifact, an end. Kills itself after a
 * number of points of all runs, some turns of the event loop later, in the middle of a write.
 */
const LOGGING = `
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startRun } from './log/start-run.js';
let [points, turns] = process.argv.slice(2).map(Number);
const die = () => (turns-- > 0 ? setImmediate(die) : process.kill(process.pid, 'SIGKILL'));
for (let n = 0; ; n++) {
  const run = await startRun({ experiment: 'killed', name: 'run', parameters: { n, text: 'x'.repeat(500) } });
  for (let step = 0; step < 40; step++) {
    run.logMetrics({ loss: step, other: step / 2 });
    if (--points === 0) die();
    if (step % 10 === 0) await run.logParams({ [String(step)]: step });
    if (step % 20 === 5) {
      writeFileSync(join(run.artifacts, step + '.txt'), 'x');
      await run.logArtifact(join(run.artifacts, step + '.txt'));
    }
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  if (n % 2 === 0) await run.finish();
}`;

/** Times of the kill: points, and turns after them. The last points of a run leave enough turns until its end. */
const KILLS = [
  [1, 0],
  [2, 1],
  [6, 3],
  [11, 0],
  [26, 2],
  [31, 1],
  [41, 0],
  [75, 4],
  [90, 0],
];

describe('a process killed with -9', () => {
  it('while it writes leaves runs that can be read, shown as interrupted, and resumed', async () => {
    const env = { STEADYFRAME_RUNS: root };
    // Three at once in the same experiment: none takes over another's run.
    for (let wave = 0; wave < 9; wave += 3) {
      const three = KILLS.slice(wave, wave + 3);
      const ends = three.map(
        (kill, i) => runScript(tracking, `killed-${wave + i}`, LOGGING, env, kill.map(String)).ended,
      );
      expect(await Promise.all(ends)).toEqual(['SIGKILL', 'SIGKILL', 'SIGKILL']);
    }
    const runs = await listRuns({ root, onWarning: (message) => expect.fail(message) });
    expect(runs.length).toBeGreaterThanOrEqual(9);
    expect(new Set(runs.map(({ id }) => id)).size).toBe(runs.length);
    for (const { status } of runs) expect(['interrupted', 'finished']).toContain(status);
    expect(runs.filter(({ status }) => status === 'interrupted').length).toBeGreaterThanOrEqual(9);
    for (const { folder, status, metrics, end } of runs) {
      const { histories, damaged } = await (await openRun(folder)).metrics();
      expect(damaged).toBe(0);
      const { steps = [], values = [] } = histories.get('loss') ?? {};
      expect([...steps]).toEqual([...steps].map((_, i) => i));
      expect([...values]).toEqual([...steps]);
      expect(metrics.loss?.count ?? 0).toBe(steps.length);
      expect(Date.parse(end!)).toBeGreaterThan(0);
      expect(JSON.parse(readFileSync(join(folder, 'run.json'), 'utf8')).format).toBe(1);
      if (status !== 'interrupted') continue;
      const run = await resumeRun(folder);
      run.logMetrics({ loss: steps.length });
      await run.finish();
      const again = await openRun(folder);
      expect(again.summary.status).toBe('finished');
      expect((await again.metrics()).histories.get('loss')?.steps.length).toBe(steps.length + 1);
      expect((await again.metrics()).damaged).toBe(0);
    }
    // An incomplete run of a killed process is removed when another run begins; a minute later if it has no owner yet.
    const longAgo = new Date(Date.now() - 120_000);
    for (const name of readdirSync(join(root, 'killed')).filter((each) => each.startsWith('.'))) {
      if (readdirSync(join(root, 'killed', name)).length === 0)
        utimesSync(join(root, 'killed', name), longAgo, longAgo);
    }
    await (await startRun({ root, experiment: 'killed', name: 'last' })).finish();
    expect(readdirSync(join(root, 'killed')).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  it('before it could claim its folder leaves one that goes after a minute, and not before', async () => {
    const leftover = join(root, 'unclaimed', '.partial-00000000-run');
    mkdirSync(leftover, { recursive: true });
    await (await startRun({ root, experiment: 'unclaimed', name: 'first' })).finish();
    expect(existsSync(leftover)).toBe(true);
    utimesSync(leftover, new Date(0), new Date(0));
    await (await startRun({ root, experiment: 'unclaimed', name: 'second' })).finish();
    expect(existsSync(leftover)).toBe(false);
  });

  it('loses nothing that was flushed, and is not mistaken for another of its number', async () => {
    const script = `
      import { startRun } from './log/start-run.js';
      const run = await startRun({ experiment: 'flushed', name: process.argv[2] });
      for (let i = 0; i < 1000; i++) run.logMetrics({ loss: i });
      await run.flush();
      console.log('flushed');
      setInterval(() => {}, 1000);`;
    const child = runScript(tracking, 'flushed', script, { STEADYFRAME_RUNS: root }, ['a']);
    await expect.poll(child.printed).toContain('flushed');
    const [run] = await listRuns({ root, experiment: 'flushed' });
    expect([run.status, run.metrics.loss.count, run.end]).toEqual(['running', 1000, undefined]);
    await expect(resumeRun(run.folder)).rejects.toThrow(`process ${child.process.pid} on ${hostname()}`);
    child.process.kill('SIGKILL');
    await child.ended;
    const [killed] = await listRuns({ root, experiment: 'flushed' });
    expect([killed.status, killed.metrics.loss.count]).toEqual(['interrupted', 1000]);
    // A live process with the id of the ended one, such as this one, is not the owner of the run.
    const owner = JSON.parse(readFileSync(join(run.folder, '.owner-1'), 'utf8'));
    expect(isAlive({ ...owner, pid: process.pid }, Date.now())).toBe(owner.started === undefined);
  });
});

describe('the end of a process without finish', () => {
  it.each([
    ['exit code 0', 'process.exit(0)', 'interrupted'],
    ['the end of the script', '', 'interrupted'],
    ['an error', 'throw new Error("no")', 'failed'],
    ['exit code 130', 'process.exit(130)', 'interrupted'],
  ])('by %s writes what is buffered and says so', async (name, end, status) => {
    const script = `
      import { startRun } from './log/start-run.js';
      const run = await startRun({ experiment: 'unfinished', name: process.argv[2] });
      for (let i = 0; i < 5000; i++) run.logMetrics({ loss: i });
      await new Promise((resolve) => setImmediate(resolve)); // a write is on its way
      for (let i = 5000; i < 6000; i++) run.logMetrics({ loss: i });
      ${end}`;
    const experiment = name.replace(/\W/g, '-');
    const child = runScript(tracking, `unfinished-${experiment}`, script, { STEADYFRAME_RUNS: root }, [experiment]);
    await child.ended;
    const opened = await openRun(`unfinished/${experiment}`, { root });
    expect(opened.summary).toMatchObject({ status, end: expect.any(String), metrics: { loss: { count: 6000 } } });
    const { histories, damaged } = await opened.metrics();
    expect(damaged).toBe(0);
    expect([...histories.get('loss')!.values]).toEqual(Array.from({ length: 6000 }, (_, i) => i));
  });
});

describe('a run cut at every byte', () => {
  it('of the last lines of its points is read up to the last whole one, and goes on from there', async () => {
    const run = await startRun({ root, experiment: 'cut', name: 'whole' });
    const values = [1, Number.NaN, 12.5, Infinity, -3e-7];
    for (const value of values) run.logMetrics({ 'l\u00f6ss': value }, { time: 1_700_000_000_000 });
    await run.flush();
    const text = readFileSync(join(run.folder, 'metrics.jsonl'));
    const ends = [...text].flatMap((byte, i) => (byte === 10 ? [i + 1] : []));
    const folder = join(root, 'cut', 'copy');
    cpSync(run.folder, folder, { recursive: true });
    writeFileSync(join(folder, '.owner-1'), JSON.stringify({ ...thisProcess(), started: '1' })); // ended long ago
    for (let bytes = text.length; bytes >= ends[1]; bytes--) {
      copyFileSync(join(run.folder, 'metrics.jsonl'), join(folder, 'metrics.jsonl'));
      copyFileSync(join(run.folder, 'run.json'), join(folder, 'run.json'));
      truncateSync(join(folder, 'metrics.jsonl'), bytes);
      const whole = ends.filter((end) => end <= bytes).length;
      const { summary, metrics } = await openRun(folder);
      expect([summary.status, summary.metrics['l\u00f6ss'].count]).toEqual(['interrupted', whole]);
      const { histories, damaged } = await metrics();
      expect([...histories.get('l\u00f6ss')!.values, damaged]).toEqual([...values.slice(0, whole), 0]);
      if (bytes % 7 !== 0) continue;
      const resumed = await resumeRun(folder);
      resumed.logMetrics({ 'l\u00f6ss': 42 });
      await resumed.finish();
      const after = await (await openRun(folder)).metrics();
      expect([...after.histories.get('l\u00f6ss')!.values, after.damaged]).toEqual([...values.slice(0, whole), 42, 0]);
    }
    await run.finish();
  });

  it('with zeros where the disk lost what it was given is read around them', async () => {
    const run = await startRun({ root, experiment: 'cut', name: 'zeros' });
    run.logMetrics({ loss: 1 });
    run.logMetrics({ loss: 2 });
    await run.finish();
    const path = join(run.folder, 'metrics.jsonl');
    writeFileSync(
      path,
      `${readFileSync(path, 'utf8')}${'\0'.repeat(50)}\n{"key":"loss","value":3,"step":2,"time":5}\n`,
    );
    const { histories, damaged } = await (await openRun(run.folder)).metrics();
    expect([...histories.get('loss')!.values, damaged]).toEqual([1, 2, 3, 1]);
  });

  it('with a run.json that is none names it, and the others are listed', async () => {
    mkdirSync(join(root, 'damaged', 'x'), { recursive: true });
    writeFileSync(join(root, 'damaged', 'x', 'run.json'), '{"format":1,');
    await (await startRun({ root, experiment: 'damaged', name: 'y' })).finish();
    const warnings: string[] = [];
    const runs = await listRuns({ root, experiment: 'damaged', onWarning: (message) => warnings.push(message) });
    expect(runs.map(({ name }) => name)).toEqual(['y']);
    expect(warnings).toEqual([expect.stringMatching(/damaged\/x\/run\.json: is damaged \(not JSON\)/)]);
    await expect(openRun('damaged/x', { root })).rejects.toThrow('is damaged');
  });
});

describe('a claim', () => {
  it('of a dead process goes to exactly one of many that want it', async () => {
    const folder = scratchFolder();
    writeFileSync(join(folder, '.owner-1'), JSON.stringify({ ...thisProcess(), started: '1' }));
    expect(holderOf(folder, 'owner')?.alive).toBe(false);
    const script = `
      import { isClaim, takeClaim } from './log/claim.js';
      const taken = await takeClaim(process.argv[2], 'owner');
      console.log(isClaim(taken) ? 'taken' : 'refused');
      setInterval(() => {}, 1000);`;
    const children = Array.from({ length: 4 }, (_, i) => runScript(tracking, `claim-${i}`, script, {}, [folder]));
    for (const child of children) await expect.poll(child.printed).toMatch(/taken|refused/);
    expect(children.map((child) => child.printed().trim()).sort()).toEqual(['refused', 'refused', 'refused', 'taken']);
    for (const child of children) child.process.kill('SIGKILL');
    await Promise.all(children.map((child) => child.ended));
    const taken = await takeClaim(folder, 'owner');
    expect(isClaim(taken)).toBe(true);
    if (isClaim(taken)) await taken.release();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('of another machine counts while its heartbeat is fresh', () => {
    const elsewhere = { pid: 1, host: 'elsewhere.example', started: '5', world: 'w' };
    const now = 1_000_000_000;
    expect(isAlive(elsewhere, now - 2 * HEARTBEAT, now)).toBe(true);
    expect(isAlive(elsewhere, now - 20 * HEARTBEAT, now)).toBe(false);
    // The same host name after a restart or in another container: its process ids have no meaning here.
    expect(isAlive({ ...thisProcess(), world: 'w' }, now - 2 * HEARTBEAT, now)).toBe(true);
  });
});
