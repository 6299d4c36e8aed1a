// `steadyframe run` as a process: killed at several points, stopped with Ctrl-C, with crashing workers. Finished points are
// not computed again, and the others are bit-identical.

import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { root } from '../../scripts/setup.js';
import { readSweepFile } from '../../src/lib/sweeps/file/read-sweep-file.js';
import { processExecutor } from '../../src/lib/sweeps/jobs/process-executor.js';
import { localExecutor } from '../../src/lib/sweeps/jobs/workbench.js';
import { runSweep } from '../../src/lib/sweeps/run-sweep.js';
import { hashes, scratchFolder, shot, smallestCheckpoint } from '../sweeps/tiny.js';
import { built, builtNote, interrupted, killed, start, startUpTo } from './process.js';
import { steadyframe } from './run-command.js';

const scratch = scratchFolder();
const env = { STEADYFRAME_RUNS: join(scratch, 'runs'), STEADYFRAME_MLFLOW_URI: '' };
let head: string;

beforeAll(async () => {
  const model = await smallestCheckpoint(scratch);
  const video = await shot(scratch, 'street.mp4', { frames: 2, width: 32, height: 32 });
  head = `method: grid\nvideo: ${video}\nmodel: ${model}\nprompt: night\nsize: 32x32\n`;
});

/** Writes a sweep file and returns its path. */
function sweepFile(name: string, text: string): string {
  const path = join(scratch, `${name}.yaml`);
  writeFileSync(path, head + text);
  return path;
}

const FOUR = 'parameters: {steps: {value: 2}, strength: {values: [0.5, 1]}, seed: {values: [1, 2]}}\n';

const TWELVE = `metric: {name: edit_strength, goal: maximize}
parameters:
  steps: {value: 2}
  strength: {values: [0.5, 1]}
  guidance: {values: [1, 3]}
  seed: {values: [1, 2, 3]}
`;

const SIX = 'parameters: {steps: {value: 2}, strength: {values: [0.5, 1]}, seed: {values: [1, 2, 3]}}\n';

/** Runs a sweep in this process, which has loaded the library already; fails where a point does. */
async function leftAlone(file: string, out: string, resume = false): Promise<void> {
  const { points } = await runSweep(await readSweepFile(file), {
    ...{ out, resume, track: false },
    executor: localExecutor(),
  });
  expect(points.map(({ reason, status }) => reason ?? status)).toEqual(points.map(() => 'done'));
}

/** Hashes by path of all files except those with times and places. */
const results = (out: string) =>
  Object.fromEntries(
    Object.entries(hashes(out)).filter(([path]) => /^(points|sources)\/|^(result\.json|points\.csv)$/.test(path)),
  );

/** Identity and modification time of each finished point's result file. */
const finished = (out: string): Record<string, string> =>
  Object.fromEntries(
    Object.keys(hashes(join(out, 'points')))
      .filter((path) => path.endsWith('result.json'))
      .map((path) => {
        const { ino, mtimeMs } = statSync(join(out, 'points', path));
        return [path, `${ino} ${mtimeMs}`];
      }),
  );

/** The sweep is killed at the n-th stop point that its process, or one of its workers, reaches. */
const KILLS = [3, 40, 11];

describe.skipIf(!built)(`kill -9 three times${builtNote}`, () => {
  it('ends with the same bits as a sweep that was left alone, and no point is rendered twice', async () => {
    const file = sweepFile('six', SIX);
    const [whole, cut] = [join(scratch, 'whole'), join(scratch, 'killed')];
    await leftAlone(file, whole);
    const seen: Record<string, string> = {};
    const args = ['run', file, '--out', cut, '--no-track', '-q'];
    for (const [i, n] of KILLS.entries()) {
      await killed(await startUpTo(String(n), [...args, ...(i > 0 ? ['--resume'] : [])], env));
      const now = finished(cut);
      expect(now).toMatchObject(seen);
      Object.assign(seen, now);
    }
    expect(Object.keys(seen).length).toBeGreaterThan(0);
    await leftAlone(file, cut, true);
    expect(finished(cut)).toMatchObject(seen);
    const expected = results(whole);
    expect(Object.keys(expected).filter((path) => path.endsWith('result.json'))).toHaveLength(6 + 2);
    expect(results(cut)).toEqual(expected);
    // By the journal: each point ended once, or was found finished, however often it was begun.
    const ends = jobsOf(cut).filter(({ job, event }) => event === 'done' && job.startsWith('point '));
    expect(new Set(ends.map(({ job }) => job)).size).toBe(ends.length);
    await leftAlone(file, cut, true);
    expect(results(cut)).toEqual(expected);
  });
});

describe.skipIf(!built)(`kill -9 in the middle of a training${builtNote}`, () => {
  it('goes on from the last checkpoint, to the same bits', async () => {
    const text = `parameters:
  steps: {value: 2}
  strength: {values: [0.5, 1]}
  training_frames: {value: 2}
  iterations: {values: [2, 4]}
`;
    const file = sweepFile('trained', text);
    const [whole, cut] = [join(scratch, 'trained-whole'), join(scratch, 'trained-killed')];
    const args = (out: string) => ['run', file, '--out', out, '--no-track', '-q'];
    await leftAlone(file, whole);
    await killed(await startUpTo('writing checkpoints/000004', args(cut), env));
    // The first stage is finished and kept; the second one was being trained.
    const stages = readdirSync(cut, { recursive: true, encoding: 'utf8' });
    expect(stages.filter((path) => /stages.\d+.result\.json$/.test(path))).toEqual([
      expect.stringMatching(/000002.result\.json$/),
    ]);
    await leftAlone(file, cut, true);
    expect(Object.keys(results(cut)).filter((path) => path.endsWith('result.json'))).toHaveLength(4 + 2);
    expect(results(cut)).toEqual(results(whole));
  });
});

function jobsOf(out: string): { job: string; event: string }[] {
  const lines = readFileSync(join(out, 'jobs.jsonl'), 'utf8').split('\n');
  return lines.flatMap((line) => {
    try {
      return [JSON.parse(line)];
    } catch {
      return []; // an incomplete line of a killed process
    }
  });
}

describe.skipIf(!built)(`Ctrl-C${builtNote}`, () => {
  it('stops, exits with 130, says how to go on, and a resume by name does', async () => {
    const file = sweepFile('stopped', FOUR);
    const args = ['run', file, '-q', '--workers', '2'];
    const sweep = await startUpTo('appended output.rgb 1', args, env);
    const out = join(scratch, 'runs/stopped/sweep/artifacts');
    const { code, err } = await interrupted(sweep);
    expect(code).toBe(130);
    expect(err).toMatch(
      /steadyframe: interrupted\n\d points? done, and what was begun, are kept in .*; continue with:\n/,
    );
    expect(err).toContain(`steadyframe ${args.join(' ')} --resume`);
    expect(existsSync(join(out, 'lock'))).toBe(false);
    const runs = async () => {
      const { json } = await steadyframe(['runs', '--root', join(scratch, 'runs'), '--json']);
      return Object.fromEntries(json().map((run: { name: string; status: string }) => [run.name, run.status]));
    };
    expect(await runs()).toMatchObject({ sweep: 'interrupted' });
    const resumed = await start([...args, '--resume', '--json'], env).ended;
    expect(resumed).toMatchObject({ code: 0, err: '' });
    const outcome = JSON.parse(resumed.out);
    expect(outcome.out).toBe(out);
    expect(outcome.points.map(({ status }: { status: string }) => status)).toEqual(Array(4).fill('done'));
    expect(Object.values(await runs())).toEqual(Array(5).fill('finished'));
  });
});

describe.skipIf(!built)(`a worker that crashes${builtNote}`, () => {
  it('costs its point; the others go on in another worker', async () => {
    const worker = join(root, 'dist/lib/sweeps/jobs/worker.js');
    const program = join(scratch, 'crashing-worker.mjs');
    writeFileSync(
      program,
      `await import(${JSON.stringify(worker)});
process.on('message', ({ job }) => {
  if (job?.kind === 'point' && job.settings.seed === 2) process.kill(process.pid, 'SIGKILL');
});\n`,
    );
    const file = await readSweepFile(sweepFile('crashing', FOUR));
    const warnings: string[] = [];
    const { points } = await runSweep(file, {
      out: join(scratch, 'crashing'),
      track: false,
      executor: processExecutor({ program }),
      onWarning: (message) => warnings.push(message),
    });
    expect(points.map(({ status }) => status)).toEqual(['done', 'failed', 'done', 'failed']);
    expect(points[1].reason).toMatch(
      /^the worker \d+ of strength 0.5, seed 2 ended with SIGKILL \(often the system is out of/,
    );
    expect(warnings).toHaveLength(2);
  });
});

describe('the command', () => {
  it('plans without touching anything', async () => {
    const file = sweepFile('planned', TWELVE);
    const { code, out, err } = await steadyframe(['run', file, '--dry-run', '--no-track', '-q'], { env });
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toContain('strength 0.5, seed 1, guidance 1');
    expect(out).toMatch(/12 points, 0 done\nshared work left: 1 encoding of frames, 0 trainings\n/);
    // 2 frames; 6 points of 1 step and 6 of 2.
    expect(out).toContain('UNet passes left: rendering 36\n');
    expect(out).toMatch(/^time: about \d+ s on this machine, one job after the other, measured on two frames\n/m);
    const { json } = await steadyframe(['run', file, '--dry-run', '--no-track', '--json'], { env });
    expect(json().work).toEqual({
      ...{ points: 12, done: 0, encodings: 1, trainings: 0 },
      ...{ renderPasses: 36, trainingPasses: 0, seconds: expect.any(Number) },
    });
    expect(json().work.seconds).toBeGreaterThan(0);
  });

  it('says in which line a file is wrong, with exit code 2', async () => {
    const { code, err } = await steadyframe(['run', sweepFile('wrong', 'parameters: {strenght: {value: 1}}\n')]);
    expect(code).toBe(2);
    expect(err).toMatch(/^steadyframe: .*wrong.yaml:6: parameters.strenght is not known; did you mean strength\?\n$/);
  });

  it('refuses no workers', async () => {
    const { code, err } = await steadyframe(['run', sweepFile('none', FOUR), '--workers', '0', '--no-track'], { env });
    expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining('workers: the number') });
    expect(existsSync(join(scratch, 'runs/sweeps/none'))).toBe(false);
  });
});
