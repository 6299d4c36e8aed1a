// `steadyframe worker` as processes: killed at several points, as is the sweep that gives out the work; what it prints; and
// what is refused.

import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { readSweepFile } from '../../src/lib/sweeps/file/read-sweep-file.js';
import { localExecutor } from '../../src/lib/sweeps/jobs/workbench.js';
import { runSweep } from '../../src/lib/sweeps/run-sweep.js';
import { hashes, scratchFolder, shot, smallestCheckpoint } from '../sweeps/tiny.js';
import { built, builtNote, interrupted, killed, start, startUpTo } from './process.js';
import { steadyframe } from './run-command.js';

const scratch = scratchFolder();
const env = { STEADYFRAME_RUNS: join(scratch, 'runs'), STEADYFRAME_MLFLOW_URI: '' };
let file: string;
beforeAll(async () => {
  const model = await smallestCheckpoint(scratch);
  const video = await shot(scratch, 'street', { frames: 2, width: 32, height: 32 });
  file = join(scratch, 'four.yaml');
  const parameters = 'parameters: {steps: {value: 2}, strength: {values: [0.5, 1]}, seed: {values: [1, 2]}}\n';
  writeFileSync(file, `method: grid\nvideo: ${video}\nmodel: ${model}\nprompt: night\nsize: 32x32\n${parameters}`);
});

/** Hashes by path of what a sweep leaves, except times and places. */
const results = (out: string) =>
  Object.fromEntries(
    Object.entries(hashes(out)).filter(([path]) => /^(points|sources)\/|^(result\.json|points\.csv)$/.test(path)),
  );

describe.skipIf(!built)(`kill -9 of workers and of the sweep${builtNote}`, () => {
  it('loses no point, does none twice, and leaves the bits of one process', async () => {
    const [whole, out] = [join(scratch, 'whole'), join(scratch, 'shared')];
    const outcome = await runSweep(await readSweepFile(file), {
      ...{ out: whole, track: false, onWarning: () => {} },
      executor: localExecutor(),
    });
    expect(outcome.points.map(({ status }) => status)).toEqual(Array(4).fill('done'));
    const sweep = ['run', file, '--out', out, '--executor', 'workers', '--no-track', '--json'];
    const work = ['worker', '--sweep', out, '--lease', '4', '--json'];
    const cache = (name: string) => ['--cache', join(scratch, name)];
    // The sweep is killed once it has offered its work, before anybody has begun; a worker when it renders, another when it
    // has rendered a point whose last file is not stored yet; then the sweep again, while a third one works.
    await killed(await startUpTo('written 000000.json', sweep, env));
    const status = await steadyframe(['worker', '--sweep', out, '--dry-run']);
    expect(status.out).toMatch(/^four: 0 of 4 points done, 0 failed, work is offered\n/);
    await killed(await startUpTo('appended output.rgb 1', [...work, ...cache('a')], env));
    await killed(await startUpTo('written comparison.mp4', [...work, ...cache('b')], env));
    const third = start([...work, ...cache('a')], env);
    await killed(await startUpTo('appended jobs.jsonl 2', [...sweep, '--resume'], env));
    const last = await start([...sweep, '--resume'], env).ended;
    expect(last).toMatchObject({ code: 0 });
    expect(await third.ended).toMatchObject({ code: 0 });
    expect(results(out)).toEqual(results(whole));
  });

  it('and Ctrl-C leave what a worker had stored to the next one', async () => {
    const out = join(scratch, 'left');
    const options = ['--out', out, '--executor', 'workers', '--no-track', '-q'];
    const one = join(scratch, 'one.yaml');
    writeFileSync(one, readFileSync(file, 'utf8').replace('[0.5, 1]', '[0.5]').replace('[1, 2]', '[1]'));
    const sweep = await startUpTo('written 000000.json', ['run', one, ...options], env);
    sweep.release();
    const work = (name: string) => ['worker', '--sweep', out, '--lease', '4', '--cache', join(scratch, name)];
    const first = await startUpTo('appended output.rgb 1', work('left-1'), env);
    // It renders no more, and tells of itself: what it has is stored then.
    const partial = join(out, '.shared/partial');
    const isStored = () => readdirSync(partial).some((job) => /^point-/.test(job) && hasIndex(join(partial, job)));
    await expect.poll(() => existsSync(partial) && isStored()).toBe(true);
    await killed(first);
    const { code, err } = await interrupted(await startUpTo('appended output.rgb 2', work('left-2'), env));
    expect(code).toBe(130);
    expect(err).toMatch(/the only point: left to others\n/);
    // Both frames are there.
    const third = startUpTo('appended output.rgb', work('left-3'), env);
    await expect(third).rejects.toThrow(/never came to .*"code":0/);
    expect(await sweep.ended).toMatchObject({ code: 0 });
  });
});

function hasIndex(folder: string): boolean {
  const index = join(folder, 'index.json');
  return existsSync(index) && readFileSync(index, 'utf8').includes('output.rgb');
}

describe('a worker', () => {
  it('is refused without work, and with impossible numbers', async () => {
    const error = async (...args: string[]) => {
      const { code, err } = await steadyframe(['worker', ...args]);
      expect(code).toBe(2);
      return err;
    };
    expect(await error()).toContain('--sweep or --redis is missing; name the folder of a sweep, a bucket, or a queue');
    expect(await error('--sweep', join(scratch, 'nowhere'), '--idle', '0')).toContain(
      'nowhere: there is no such folder; name',
    );
    expect(await error('--sweep', scratch, '--idle', '0')).toMatch(
      /: no work is offered there .*; start a sweep that offers it first\n/,
    );
    expect(await error('--sweep', scratch, '--dry-run')).toContain('no work is offered there');
    expect(await error('--sweep', scratch, '--lease', '0')).toContain('--lease 0 is too short; give a number');
    expect(await error('--sweep', 's3:/x')).toContain('expected s3://BUCKET');
    expect(await error('--redis', 'localhost')).toContain(
      'localhost: expected the address of Redis, redis://HOST:PORT',
    );
    expect(await error('--redis', 'redis://127.0.0.1:1')).toContain('Redis does not answer');
    const run = async (...args: string[]) => {
      const { code, err } = await steadyframe(['run', file, '--no-track', ...args]);
      expect(code).toBe(2);
      return err;
    };
    expect(await run('--store', 's3://bucket')).toContain('add --executor workers');
    expect(await run('--executor', 'bullmq')).toContain('--redis and --executor bullmq belong together; give both');
    expect(await run('--redis', 'redis://127.0.0.1:1')).toContain('belong together');
    const away = ['--executor', 'bullmq', '--redis', 'redis://127.0.0.1:1', '--out', join(scratch, 'away')];
    expect(await run(...away)).toContain('redis://127.0.0.1:1: Redis does not answer');
  });
});
