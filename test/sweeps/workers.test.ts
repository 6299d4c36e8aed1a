// Sweeps whose jobs are done by workers with caches of their own, through a folder or a bucket, in this process: the same
// bits as without workers, inputs by their contents, unfinished work that goes on elsewhere, failures, halving, interruption.

import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FailureError } from '../../src/lib/base/errors.js';
import { readSweepFile } from '../../src/lib/sweeps/file/read-sweep-file.js';
import type { Executor } from '../../src/lib/sweeps/jobs/executor.js';
import { readPoint } from '../../src/lib/sweeps/jobs/render-point.js';
import { localExecutor } from '../../src/lib/sweeps/jobs/workbench.js';
import { type RunSweepOptions, runSweep } from '../../src/lib/sweeps/run-sweep.js';
import { folderStore } from '../../src/lib/sweeps/store/folder-store.js';
import { openStore } from '../../src/lib/sweeps/store/open-store.js';
import { SHARED, type Store } from '../../src/lib/sweeps/store/store.js';
import { storeExecutor } from '../../src/lib/sweeps/store/store-executor.js';
import { sweepWatcher } from '../../src/lib/sweeps/store/sweep-status.js';
import { workOn } from '../../src/lib/sweeps/store/worker.js';
import type { WorkerOptions } from '../../src/lib/sweeps/store/worker-slots.js';
import { hasMoto, motoNote, type Server, startBucket } from './servers.js';
import { hashes, scratchFolder, shot, smallestCheckpoint } from './tiny.js';

const scratch = scratchFolder();
let model: string;
let video: string;
beforeAll(async () => {
  model = await smallestCheckpoint(scratch);
  video = await shot(scratch, 'street', { frames: 2 });
});

async function sweep(name: string, text: string, settings: { model?: string; video?: string } = {}) {
  const path = join(scratch, `${name}.yaml`);
  const used = { model, video, ...settings };
  writeFileSync(path, `method: grid\nvideo: ${used.video}\nmodel: ${used.model}\nprompt: night\nsize: 32x32\n${text}`);
  return readSweepFile(path);
}

/** The store in a folder, looked at often. */
const shared = (folder: string): Store => ({ ...folderStore(folder), interval: 20 });

/** Works on a store with a cache of its own, until the sweep has ended. */
let caches = 0;
function worker(store: Store, options: Partial<WorkerOptions> = {}): Promise<number> {
  const cache = join(scratch, `cache-${caches++}`);
  return workOn(store, { cache, executors: [localExecutor()], lease: 4, onWarning: () => {}, ...options });
}

/** Runs a sweep through a store, whose jobs `begin` does once there are some. */
async function through(
  store: Store,
  file: Awaited<ReturnType<typeof sweep>>,
  options: RunSweepOptions & { begin: (out: string) => void },
) {
  const { begin, ...more } = options;
  return runSweep(file, {
    ...{ track: false, onWarning: () => {}, executor: storeExecutor(store), onStart: ({ out }) => begin(out) },
    ...more,
  });
}

/** Hashes by path of what a sweep leaves, except times and places. */
const results = (out: string) =>
  Object.fromEntries(
    Object.entries(hashes(out)).filter(([path]) => /^(points|sources)\/|^(result\.json|points\.csv)$/.test(path)),
  );

/** The points of one process, for the tests that share them. */
let fourAlone: Promise<string> | undefined;
const four = (): Promise<string> => {
  fourAlone ??= (async () => {
    const out = join(scratch, 'whole');
    await alone(await sweep('four', FOUR), out);
    return out;
  })();
  return fourAlone;
};

const FOUR = 'name: four\nparameters: {steps: {value: 2}, strength: {values: [0.5, 1]}, seed: {values: [1, 2]}}\n';
const TRAININGS = `parameters:
  steps: {value: 2}
  iterations: {values: [2, 4]}
  training_frames: {value: 1}
  strength: {value: 1}
`;
const alone = (file: Awaited<ReturnType<typeof sweep>>, out: string) =>
  runSweep(file, { out, track: false, onWarning: () => {}, executor: localExecutor() });

describe('two workers in the folder of a sweep', () => {
  it('leave the same bits as one process, and nothing else', async () => {
    const file = await sweep('four', FOUR);
    const [whole, out] = [await four(), join(scratch, 'shared')];
    const done: Promise<number>[] = [];
    const outcome = await through(shared(out), file, {
      out,
      begin: (place) => done.push(worker(shared(place)), worker(shared(place))),
    });
    const jobs = await Promise.all(done);
    expect(jobs[0] + jobs[1]).toBe(1 + 4);
    expect(outcome.points.map(({ status, reason }) => reason ?? status)).toEqual(Array(4).fill('done'));
    expect(results(out)).toEqual(results(whole));
    // Reports of what was done are small and stay; all else that was shared is gone.
    expect(readdirSync(join(out, '.shared')).sort()).toEqual(['done', 'state.json']);
    const status = await sweepWatcher(shared(out))();
    expect(status).toMatchObject({
      name: 'four',
      state: 'ended',
      points: { total: 4, done: 4, failed: 0 },
      failed: [],
    });
    expect(status!.machines).toEqual([expect.objectContaining({ points: 4, running: 0 })]);
  });

  it('fetch what they read by its content', async () => {
    // The same contents under the same names, in another folder.
    const elsewhere = join(scratch, 'elsewhere');
    mkdirSync(elsewhere);
    const mine = await smallestCheckpoint(elsewhere);
    const street = await shot(elsewhere, 'street', { frames: 2 });
    const file = await sweep('fetched', FOUR, { model: mine, video: street });
    const [whole, out] = [await four(), join(scratch, 'fetched')];
    let done: Promise<number> | undefined;
    const executor = storeExecutor(shared(out));
    const offering: Executor = {
      ...executor,
      async offer(jobs) {
        await executor.offer!(jobs);
        // Another machine has neither of them.
        for (const path of [mine, street]) renameSync(path, `${path}-away`);
        done = worker(shared(out));
      },
    };
    await runSweep(file, { out, track: false, onWarning: () => {}, executor: offering });
    await done;
    expect(results(out)).toEqual(results(whole));
  });

  it('train stage after stage, each on another machine, from one state', async () => {
    const file = await sweep('trained', TRAININGS);
    const [whole, out] = [join(scratch, 'trained-whole'), join(scratch, 'trained')];
    await alone(file, whole);
    const begun: string[] = [];
    /** Does one training, and all else afterwards. */
    const once = (): Executor => {
      const inner = localExecutor();
      return {
        ...inner,
        async run(job, hooks) {
          if (job.kind === 'training') {
            const stored = existsSync(join(job.folder, 'checkpoints'))
              ? readdirSync(join(job.folder, 'checkpoints'))
              : [];
            begun.push(`${job.iterations} from ${stored.join()}`);
          }
          return inner.run(job, hooks);
        },
      };
    };
    const stop = new AbortController();
    const done: Promise<unknown>[] = [];
    await through(shared(out), file, {
      out,
      begin(place) {
        const store = shared(place);
        const first = worker(store, {
          executors: [once()],
          signal: stop.signal,
          onEnd: () => stop.abort(new Error('enough')),
        });
        done.push(first.catch(() => worker(store, { executors: [once()] })));
      },
    });
    await Promise.all(done);
    expect(begun).toEqual(['2 from ', '4 from 000002']);
    expect(results(out)).toEqual(results(whole));
  });
});

describe('a worker that is there before its sweep', () => {
  it('waits for it, says so once, and does its jobs', async () => {
    const file = await sweep('early', 'parameters: {steps: {value: 1}, strength: {value: 1}}\n');
    const out = join(scratch, 'early');
    const told: string[] = [];
    let begin = (): void => {};
    const waiting = new Promise<void>((resolve) => (begin = resolve));
    const done = worker(shared(out), {
      onWait(reason) {
        told.push(reason);
        begin();
      },
    });
    await waiting;
    const { points } = await through(shared(out), file, { out, begin: () => {} });
    expect(points.map(({ status }) => status)).toEqual(['done']);
    expect(await done).toBe(2);
    expect(told).toEqual([expect.stringContaining('early: there is no such folder; name the folder of a sweep')]);
  });

  it('ends with its signal, or after its idle time with the reason', async () => {
    const stop = new AbortController();
    const onWait = (): void => stop.abort(new Error('enough'));
    const nowhere = shared(join(scratch, 'nowhere'));
    await expect(worker(nowhere, { signal: stop.signal, onWait })).rejects.toThrow('enough');
    await expect(worker(nowhere, { idle: 0 })).rejects.toThrow('there is no such folder');
  });
});

describe('the curve of a training', () => {
  it('arrives while it goes on, each point once and in order', async () => {
    const file = await sweep('curves', TRAININGS.replace('[2, 4]', '[4]'));
    const out = join(scratch, 'curves');
    const steps: number[] = [];
    let arrived = (): void => {};
    const isLive = new Promise<void>((resolve) => (arrived = resolve));
    const executor = storeExecutor(shared(out));
    const noting: Executor = {
      ...executor,
      run: (job, hooks) =>
        executor.run(job, {
          ...hooks,
          onMetrics(step, metrics) {
            hooks.onMetrics?.(step, metrics);
            steps.push(step);
            arrived();
          },
        }),
    };
    const inner = localExecutor();
    const holding: Executor = {
      ...inner,
      async run(job, hooks) {
        await inner.run(job, hooks);
        // Trained, and not yet told to be: the sweep has the curve all the same.
        if (job.kind === 'training') await isLive;
      },
    };
    let done: Promise<number> | undefined;
    await runSweep(file, {
      ...{ out, track: false, onWarning: () => {}, executor: noting },
      onStart: ({ out: place }) => {
        done = worker(shared(place), { executors: [holding], lease: 1 });
      },
    });
    await done;
    expect(steps).toEqual([1, 2, 3, 4]);
    expect(readdirSync(join(out, '.shared')).sort()).toEqual(['done', 'state.json']);
  });
});

describe('unfinished work', () => {
  it('of a worker that is told to stop goes on in another', async () => {
    const long = await shot(scratch, 'long', { frames: 6 });
    const file = await sweep('partial', 'parameters: {steps: {value: 2}, strength: {value: 1}}\n', { video: long });
    const [whole, out] = [join(scratch, 'partial-whole'), join(scratch, 'partial')];
    await alone(file, whole);
    const stop = new AbortController();
    const seen: number[] = [];
    const noting = (noted: (done: number) => void): Executor => {
      const inner = localExecutor();
      return {
        ...inner,
        run: (job, hooks) =>
          inner.run(job, {
            ...hooks,
            onProgress(report) {
              hooks.onProgress?.(report);
              if (job.kind === 'point' && report.phase === 'denoising') noted(report.done);
            },
          }),
      };
    };
    const done: Promise<unknown>[] = [];
    await through(shared(out), file, {
      out,
      begin(place) {
        const store = shared(place);
        const half = noting((passes) => {
          if (passes >= 6) stop.abort(new Error('enough'));
        });
        const first = worker(store, { executors: [half], signal: stop.signal });
        done.push(first.catch(() => worker(store, { executors: [noting((passes) => seen.push(passes))] })));
      },
    });
    await Promise.all(done);
    expect(Math.min(...seen)).toBeGreaterThanOrEqual(6);
    expect(results(out)).toEqual(results(whole));
  });
});

describe('a point that fails', () => {
  it('is tried again, by whoever takes it, and then reported with its reason', async () => {
    let damaged = false;
    const failing = (): Executor => {
      const inner = localExecutor();
      return {
        ...inner,
        async run(job, hooks) {
          if (job.kind === 'point' && job.settings.seed === 2) throw new FailureError('out of luck');
          await inner.run(job, hooks);
          if (job.kind !== 'point' || damaged) return;
          damaged = true;
          appendFileSync(join(job.folder, 'output.mp4'), 'more');
        },
      };
    };
    const file = await sweep(
      'failing',
      'parameters: {steps: {value: 1}, strength: {value: 1}, seed: {values: [1, 2]}}\n',
    );
    const out = join(scratch, 'failing');
    const warnings: string[] = [];
    let done: Promise<number> | undefined;
    const { points } = await through(shared(out), file, {
      out,
      onWarning: (message) => warnings.push(message),
      begin: (place) => {
        done = worker(shared(place), { executors: [failing()] });
      },
    });
    await done;
    expect(points.map(({ status, reason }) => reason ?? status)).toEqual(['done', 'out of luck']);
    expect(warnings).toContain('seed 2 failed and is tried again: out of luck');
    // Results are looked at before they count.
    expect(warnings).toContainEqual(expect.stringMatching(/^seed 1 failed and is tried again: .*output\.mp4/));
    expect(await readPoint(points[0].folder, points[0].point)).not.toBeNull();
    const status = await sweepWatcher(shared(out))();
    expect(status!.failed).toEqual([expect.objectContaining({ label: 'seed 2', reason: 'out of luck' })]);
    // A later run tries it again, with a worker that has more luck.
    const again = await through(shared(out), file, {
      ...{ out, resume: true },
      begin: (place) => {
        done = worker(shared(place));
      },
    });
    expect(again.points.map(({ status: each }) => each)).toEqual(['done', 'done']);
    expect(await done).toBe(1); // the frames are kept while a point has failed
  });
});

describe('halving', () => {
  it('stops the same points as one process', async () => {
    const text = `metric: {name: edit_strength, goal: minimize}
early_terminate: {type: hyperband, min_iter: 1, eta: 2}
parameters:
  steps: {value: 2}
  strength: {value: 1}
  training_frames: {value: 1}
  iterations: {value: 2}
  learning_rate: {values: [0.1, 0.01]}
`;
    const file = await sweep('halving', text);
    const [whole, out] = [join(scratch, 'halving-whole'), join(scratch, 'halving')];
    const expected = await alone(file, whole);
    const done: Promise<number>[] = [];
    const outcome = await through(shared(out), file, {
      out,
      begin: (place) => done.push(worker(shared(place)), worker(shared(place))),
    });
    await Promise.all(done);
    expect(outcome.points.map(({ status }) => status)).toEqual(expected.points.map(({ status }) => status));
    expect(results(out)).toEqual(results(whole));
  });
});

describe('Ctrl-C', () => {
  it('of the sweep leaves workers to finish what they have; a resume gives out the rest', async () => {
    const file = await sweep('stopped', FOUR);
    const [whole, out] = [await four(), join(scratch, 'stopped')];
    const stop = new AbortController();
    const began: string[] = [];
    let done: Promise<number> | undefined;
    const running = through(shared(out), file, {
      ...{ out, signal: stop.signal },
      begin: (place) => {
        done = worker(shared(place), {
          onBegin({ key, label }) {
            began.push(label);
            if (key.startsWith('point-')) stop.abort(new Error('interrupted'));
          },
        });
      },
    });
    await expect(running).rejects.toThrow('interrupted');
    const state = () => JSON.parse(readFileSync(join(out, SHARED.state), 'utf8')).state;
    expect(state()).toBe('held');
    const again = await through(shared(out), file, { ...{ out, resume: true }, begin: () => {} });
    expect(await done).toBe(1 + 4);
    expect(new Set(began).size).toBe(began.length);
    expect(again.points.map(({ status }) => status)).toEqual(Array(4).fill('done'));
    expect(results(out)).toEqual(results(whole));
    expect(state()).toBe('ended');
  });
});

describe.skipIf(!hasMoto)(`workers at a bucket${motoNote}`, () => {
  let server: Server;
  beforeAll(async () => {
    server = await startBucket('sweeps');
  });
  afterAll(() => server.stop());

  it('leave the same bits, which the sweep fetches', async () => {
    const file = await sweep(
      'bucket',
      'parameters: {steps: {value: 1}, strength: {value: 1}, seed: {values: [1, 2]}}\n',
    );
    const [whole, out] = [join(scratch, 'bucket-whole'), join(scratch, 'bucket')];
    await alone(file, whole);
    const done: Promise<number>[] = [];
    const store = async () => ({ ...(await openStore('s3://sweeps/night')), interval: 20 });
    await through(await store(), file, {
      out,
      begin: () => done.push(...[1, 2].map(async () => worker(await store()))),
    });
    await Promise.all(done);
    const expected = Object.entries(results(whole)).filter(([path]) => !path.startsWith('sources/'));
    expect(results(out)).toEqual(Object.fromEntries(expected));
    const left = await (await store()).names('.shared/');
    expect(left.filter((name) => !name.startsWith('done/'))).toEqual(['state.json']);
  });
});
