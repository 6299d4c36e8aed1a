// The table of runs without a browser: queries, groups, and the cost with thousands of runs.

import { appendFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { importanceOf, type Observation } from '../../src/lib/base/importance.js';
import { startChild, startRun } from '../../src/lib/tracking/log/start-run.js';
import { openCurves } from '../../src/lib/tracking/query/curves.js';
import { pointLine } from '../../src/lib/tracking/stored/metric-points.js';
import { type ListQuery, type ListRow, listView } from '../../src/ui/list-view.js';
import { openRunSource, type RunsState } from '../../src/ui/run-source.js';
import { scratchFolder } from '../tracking/scratch.js';

const root = scratchFolder();
let state: RunsState;

const ALL: ListQuery = {
  filter: '',
  search: '',
  sort: [],
  group: 'none',
  closed: [],
  columns: [],
  offset: 0,
  limit: 100,
};
const list = (query: Partial<ListQuery>, of: RunsState = state) => listView(of, { ...ALL, ...query });
const name = (row: ListRow): string => ('group' in row ? `[${row.title}]` : `${'  '.repeat(row.depth)}${row.name}`);
const names = (query: Partial<ListQuery>) => list(query).rows.map(name);

/** The result of a function and its CPU time in seconds, which, unlike wall time, is the same on a busy machine. */
async function timed<T>(what: () => T | Promise<T>): Promise<[result: T, seconds: number]> {
  const start = process.cpuUsage();
  const result = await what();
  const { user, system } = process.cpuUsage(start);
  return [result, (user + system) / 1e6];
}

beforeAll(async () => {
  const whole = await startRun({ root, experiment: 'sweep', name: 'whole', parameters: { steps: 50 } });
  for (const strength of [0.45, 0.75]) {
    const run = await startChild(whole, {
      name: `s${strength}`,
      parameters: { strength, steps: 50, 'odd key': 'x' },
      tags: { note: 'Rainy' },
    });
    run.logMetrics({ flicker: strength / 3, psnr: Number.POSITIVE_INFINITY });
    await run.finish();
  }
  const part = await startRun({ root, experiment: 'other', name: 'lost part', parent: 'f'.repeat(32) });
  await part.finish();
  await whole.finish();
  state = await openRunSource(root).read();
});

describe('the table', () => {
  it('has the columns that tell runs apart', () => {
    const { columns, rows, total, matching } = list({ sort: ['run_name'], filter: 'params.strength IS NOT NULL' });
    expect(columns.map(({ field, differs, numeric }) => [field, differs, numeric])).toEqual([
      ['params.strength', true, true],
      ['metrics.flicker', true, true],
      ['metrics.psnr', false, true],
    ]);
    expect(rows.map((row) => ('cells' in row ? row.cells : []))).toEqual([
      ['0.45', 0.15, 'Infinity'],
      ['0.75', 0.25, 'Infinity'],
    ]);
    expect([total, matching]).toEqual([4, 2]);
  });

  it('shows the columns that are asked for, in their order', () => {
    const { columns, rows } = list({ columns: ['params.`odd key`', 'status', 'metrics.flicker'], search: 's0.45' });
    expect(columns.map(({ key }) => key)).toEqual(['odd key', 'status', 'flicker']);
    expect(rows.map((row) => ('cells' in row ? row.cells : []))).toEqual([['x', 'finished', 0.15]]);
  });

  it('finds words in names, settings and tags, all of them', () => {
    expect(names({ search: 'RAINY strength=0.7' })).toEqual(['s0.75']);
    expect(names({ search: 'rainy nothing' })).toEqual([]);
  });

  it('puts runs under their experiment, or under the run that they are a part of', () => {
    expect(names({ group: 'experiment' })).toEqual(['[other]', 'lost part', '[sweep]', 's0.75', 's0.45', 'whole']);
    expect(names({ group: 'experiment', closed: ['sweep'] })).toEqual(['[other]', 'lost part', '[sweep]']);
    const lost = '[parts of a run that is not shown (ffffffff)]';
    expect(names({ group: 'parent' })).toEqual([lost, '  lost part', 'whole', '  s0.75', '  s0.45']);
    expect(names({ group: 'parent', sort: ['metrics.flicker'], filter: "experiment = 'sweep'" })).toEqual([
      'whole',
      '  s0.45',
      '  s0.75',
    ]);
    expect(list({ group: 'parent', offset: 3, limit: 1 }).rows.map(name)).toEqual(['  s0.75']);
  });

  it.each([
    [{ filter: 'metrics.flicker <' }, 'it ends there, expected a number'],
    [{ sort: ['nothing.x'] }, "asks for 'nothing.'"],
    [{ columns: ['no such'] }, "'no such' is no field"],
  ])('says what it cannot read in %o', (query, message) => {
    expect(() => list(query)).toThrow(
      expect.objectContaining({ status: 400, message: expect.stringContaining(message) }),
    );
  });
});

describe('thousands of runs', () => {
  it('are filtered, sorted and grouped within a second', async () => {
    const sample = state.runs.find((run) => run.name === 's0.45')!;
    const runs = Array.from({ length: 5000 }, (_, i) => ({
      ...sample,
      id: i.toString(16).padStart(32, '0'),
      place: `sweep/run-${i}`,
      parameters: { ...sample.parameters, strength: (i % 20) / 20, seed: i, a: 1, b: 2, c: 'x', d: 'y', e: null },
      metrics: { ...sample.metrics, flicker: { ...sample.metrics.flicker, last: (i * 37) % 1000 } },
    }));
    const query = {
      filter: 'params.strength < 0.5',
      search: 'rainy',
      sort: ['-metrics.flicker'],
      group: 'experiment',
    } as const;
    const [answer, seconds] = await timed(() => list(query, { runs, damaged: [] }));
    expect([answer.matching, answer.rowCount, answer.rows.length]).toEqual([2500, 2501, 100]);
    expect(answer.rows[1]).toMatchObject({ place: 'sweep/run-27', cells: expect.arrayContaining([999]) }); // 37 * 27 = 999, as has run 1027, which comes after
    expect(seconds).toBeLessThan(1);
  });
});

describe('100,000 points of one run', () => {
  it('are read and thinned within two seconds, and again only when there are more', async () => {
    const run = await startRun({ root, experiment: 'long', name: 'long' });
    await run.finish();
    const lines = Array.from({ length: 100_000 }, (_, step) =>
      pointLine('loss', step === 51_234 ? 9 : Math.sin(step / 1000), step, 1000 * step),
    );
    appendFileSync(join(run.folder, 'metrics.jsonl'), `${lines.join('\n')}\n`);
    const { runs } = await openRunSource(root).read();
    const long = runs.find(({ place }) => place === 'long/long')!;
    const curves = openCurves(root);
    const options = { keys: ['loss', 'none'], points: 800 };
    const [[curve], seconds] = await timed(() => curves.read(long, options));
    expect(seconds).toBeLessThan(2);
    expect([curve.count, curve.steps[0], curve.steps.at(-1)]).toEqual([100_000, 0, 99_999]);
    expect(curve.steps.length).toBeLessThanOrEqual(800);
    expect(curve.values[curve.steps.indexOf(51_234)]).toBe(9); // no spike is lost
    const [[part]] = await timed(() => curves.read(long, { ...options, from: 51_200, to: 51_300 }));
    expect([part.count, part.steps[0], part.steps.at(-1)]).toEqual([103, 51_199, 51_301]); // and a neighbour on either side
    const [, again] = await timed(() => curves.read(long, options));
    expect(again).toBeLessThan(seconds / 2);
    appendFileSync(join(run.folder, 'metrics.jsonl'), `${pointLine('loss', 1, 100_000, 0)}\n`);
    expect((await curves.read(long, options))[0].count).toBe(100_001);
  });

  it('of a folder that leads elsewhere are not read', async () => {
    mkdirSync(join(root, 'x'), { recursive: true });
    const long = (await openRunSource(root).read()).runs.find(({ place }) => place === 'long/long')!;
    expect(await openCurves(join(root, 'x')).read(long, { keys: ['loss'], points: 10 })).toEqual([]);
  });
});

describe('what matters', () => {
  it('is the variance of a metric that a setting explains, corrected for chance', () => {
    // By hand: values 1, 3 | 5, 7: SST = 20, SSW = 4; 1 - (4 / 2) / (20 / 3) = 0.7.
    const two = [1, 3, 5, 7].map((metric, i): Observation => [i < 2 ? 'a' : 'b', metric]);
    expect(importanceOf(two)).toBeCloseTo(0.7, 12);
    // No value is repeated: r = 1 for a line, and the correction leaves it.
    expect(importanceOf([1, 2, 3, 4].map((x): Observation => [String(x), 2 * x]))).toBeCloseTo(1, 12);
    expect(importanceOf([1, 2, 3].map((x): Observation => ['a', x]))).toBe(0);
    expect(importanceOf(two.map(([, metric], i): Observation => [i % 2 ? 'a' : 'b', metric]))).toBe(0);
  });

  it('orders the settings, and only those that differ are columns', () => {
    const [sample] = state.runs.filter((run) => run.name === 's0.45');
    const metric = (last: number) => ({ ...sample.metrics.flicker, last });
    const runs = [0, 1, 2, 3, 4, 5, 6, 7].map((i) => ({
      ...sample,
      ...{
        id: String(i),
        place: `sweep/run-${i}`,
        name: `a city at night in neon light, seed ${i % 2}, strength ${i >> 1}`,
      },
      parameters: { seed: i % 2, strength: i >> 1, ...(i === 0 && { extra: 'only here' }) },
      metrics: { edit_strength: metric(10 * (i >> 1) + (i % 2)), warping_error: metric(i), psnr: metric(i) },
    }));
    const of = { runs, damaged: [] };
    const { columns, rows } = list({}, of);
    expect(columns.map(({ key }) => key)).toEqual(['strength', 'seed', 'edit_strength', 'warping_error', 'psnr']);
    expect(rows.map((row) => ('label' in row ? row.label : ''))[3]).toBe('… seed 1, strength 1');
    const groups = list({ group: 'params.strength', closed: ['0', '1', '2', '3'] }, of).rows;
    expect(groups[1]).toMatchObject({ title: 'strength 1', count: 2, open: false });
    expect('cells' in groups[1] && groups[1].cells).toEqual([
      '1',
      null,
      { mean: 10.5, deviation: Math.SQRT1_2 },
      { mean: 2.5, deviation: Math.SQRT1_2 },
      { mean: 2.5, deviation: Math.SQRT1_2 },
    ]);
  });
});
