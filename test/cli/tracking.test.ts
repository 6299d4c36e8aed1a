// The runs that commands log, and the option to log none.

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { EditSidecar } from '../../src/lib/edits/sidecar.js';
import { listRuns } from '../../src/lib/tracking/query/list-runs.js';
import { openRun } from '../../src/lib/tracking/stored/open-run.js';
import { scratchFolder, shot, smallestCheckpoint } from '../sweeps/tiny.js';
import { steadyframe } from './run-command.js';

const scratch = scratchFolder();
const root = join(scratch, 'runs');
let common: string[];
beforeAll(async () => {
  const model = await smallestCheckpoint(scratch);
  const video = await shot(scratch, 'street.mp4');
  common = [video, '--model', model, '--size', '32x32'];
  vi.stubEnv('STEADYFRAME_RUNS', root);
});
afterAll(() => {
  vi.unstubAllEnvs();
});
const prompt = ['--prompt', 'a street at night', '--steps', '4'];
const run = async (...args: string[]) => {
  const outcome = await steadyframe(args);
  expect(outcome).toMatchObject({ code: 0 });
  return outcome;
};
const latest = async (experiment: string) =>
  (await listRuns({ root, experiment })).filter(({ parent }) => parent === undefined)[0];
const filesOf = async (folder: string) => (await (await openRun(folder)).artifacts()).map(({ name }) => name).sort();

describe('commands', () => {
  it('frame and edit are runs with their pictures', async () => {
    await run('frame', ...common, ...prompt, '--at', '0', '--seeds', '1', '--strengths', '0.5');
    const frame = await latest('frame');
    expect(frame).toMatchObject({
      status: 'finished',
      command: expect.stringMatching(/^steadyframe frame .*street\.mp4 --model .* --at 0 --seeds 1 --strengths 0\.5$/),
      parameters: { at: 0, strength: [0.5], seed: [1], guidance: 7.5, size: '32x32' },
    });
    expect(frame.inputs.map(({ kind }) => kind)).toEqual(['video', 'model']);
    expect(await filesOf(frame.folder)).toEqual([
      ...['original.png', 'result.json', 'sheet.png', 'strength-0.5-seed-1.png'],
    ]);

    await run('edit', ...common, ...prompt, '--frame', '1', '--seeds', '1', '--strengths', '0.5,1', '--auto');
    const edit = await latest('edit');
    expect(edit).toMatchObject({ status: 'finished', parameters: { frame: 1, strength: [0.5, 1] } });
    const { edits } = JSON.parse(readFileSync(join(edit.folder, 'artifacts/result.json'), 'utf8'));
    expect(edit.metrics.rank.last).toBe(Math.max(...edits.map((each: EditSidecar) => each.scores?.rank)));
    expect(await filesOf(edit.folder)).toContain('edit.png');

    const trained = await run(
      ...['finetune', ...common, '--edit', join(edit.folder, 'artifacts/edit.png'), '--iterations', '2', '--json'],
      ...['--training-frames', '2', '--preview-frames', '2', '--preview-steps', '4', '--frames', '4', '-q'],
    );
    const finetune = await latest('finetune');
    expect(finetune).toMatchObject({
      status: 'finished',
      name: 'street',
      parameters: { iterations: 2 },
    });
    expect(trained.json().out).toBe(join(finetune.folder, 'artifacts'));
    expect(finetune.metrics.loss).toMatchObject({ step: 2 });
  });

  it('leave nothing behind with --no-track but what they make', async () => {
    const before = await listRuns({ root });
    const seeds = ['seeds', ...common, ...prompt, '--seeds', '1', '--strength', '0.5', '--no-track', '--json', '-q'];
    const { out } = (await run(...seeds)).json();
    expect(existsSync(join(out, 'grid.mp4'))).toBe(true);
    expect(await listRuns({ root })).toEqual(before);
  });

  it('say which command it was, without the credentials of a server, which stops nothing', async () => {
    const uri = 'http://ann:secret@127.0.0.1:9/';
    const { err } = await run('sweep', ...common, ...prompt, '--strengths', '0.5', '--mlflow', uri, '-q');
    const sweep = await latest('sweep');
    expect(sweep.status).toBe('finished');
    expect(sweep.command).toContain('--mlflow http://127.0.0.1:9/');
    expect(readFileSync(join(sweep.folder, 'run.json'), 'utf8')).not.toContain('secret');
    expect(err).toContain('127.0.0.1:9');
    expect(err).not.toContain('secret');
  });
});
