// A sweep whose jobs a queue in Redis gives out: the same bits, while Redis is killed with all that it knows; retries,
// priorities, a pause.

import { readdirSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FailureError } from '../../src/lib/base/errors.js';
import { readSweepFile } from '../../src/lib/sweeps/file/read-sweep-file.js';
import type { Executor } from '../../src/lib/sweeps/jobs/executor.js';
import type { Job } from '../../src/lib/sweeps/jobs/job.js';
import { localExecutor } from '../../src/lib/sweeps/jobs/workbench.js';
import { runSweep } from '../../src/lib/sweeps/run-sweep.js';
import { folderStore } from '../../src/lib/sweeps/store/folder-store.js';
import { createLeases } from '../../src/lib/sweeps/store/leases.js';
import { openJobQueue, QUEUE, type QueuedJob } from '../../src/lib/sweeps/store/redis-queue.js';
import { jobKey, SHARED, type Store } from '../../src/lib/sweeps/store/store.js';
import { storeExecutor } from '../../src/lib/sweeps/store/store-executor.js';
import { workOnQueue } from '../../src/lib/sweeps/store/worker.js';
import { hasRedis, redisNote, startRedis } from './servers.js';
import { hashes, scratchFolder, shot, smallestCheckpoint } from './tiny.js';

const scratch = scratchFolder();
const results = (out: string) =>
  Object.fromEntries(
    Object.entries(hashes(out)).filter(([path]) => /^points\/|^(result\.json|points\.csv)$/.test(path)),
  );

describe.skipIf(!hasRedis)(`a queue in Redis${redisNote}`, () => {
  let redis: Awaited<ReturnType<typeof startRedis>>;
  let head: string;
  beforeAll(async () => {
    redis = await startRedis();
    const model = await smallestCheckpoint(scratch);
    const video = await shot(scratch, 'street', { frames: 2, width: 32, height: 32 });
    head = `method: grid\nvideo: ${video}\nmodel: ${model}\nprompt: night\nsize: 32x32\n`;
  });
  afterAll(() => redis.stop());

  /** Runs a sweep through the queue, with one worker whose slots have these executors. */
  async function through(
    name: string,
    text: string,
    executors: readonly Executor[],
    onOffer?: (store: Store, jobs: readonly Job[]) => void,
  ) {
    const path = join(scratch, `${name}.yaml`);
    writeFileSync(path, head + text);
    const file = await readSweepFile(path);
    const quiet = { track: false, onWarning: () => {} };
    const whole = await runSweep(file, { ...quiet, out: join(scratch, `${name}-whole`), executor: localExecutor() });
    const out = join(scratch, name);
    const stop = new AbortController();
    const options = { cache: join(scratch, `${name}-cache`), executors, lease: 4, onWarning: () => {} };
    const working = workOnQueue(redis.url, undefined, { ...options, signal: stop.signal });
    const store = { ...folderStore(out), interval: 20 };
    const inner = storeExecutor(store, { queue: (sweep) => openJobQueue(redis.url, sweep) });
    const executor: Executor = {
      ...inner,
      async offer(jobs) {
        await inner.offer!(jobs);
        onOffer?.(store, jobs);
      },
    };
    const outcome = await runSweep(file, { ...quiet, out, executor });
    stop.abort(new Error('enough'));
    await expect(working).rejects.toThrow('enough');
    return { outcome, whole };
  }

  it('is lost with Redis, and nothing else is', async () => {
    const inner = localExecutor();
    let killed = false;
    const executor: Executor = {
      ...inner,
      async run(job, hooks) {
        if (job.kind === 'point' && !killed) {
          killed = true;
          await redis.stop();
          redis = await startRedis(redis.port);
        }
        return inner.run(job, hooks);
      },
    };
    const text = 'parameters: {steps: {value: 2}, strength: {value: 1}, seed: {values: [1, 2, 3]}}\n';
    const { outcome, whole } = await through('lost', text, [executor]);
    expect(killed).toBe(true);
    expect(outcome.points.map(({ reason, status }) => reason ?? status)).toEqual(['done', 'done', 'done']);
    expect(results(outcome.out)).toEqual(results(whole.out));
  });

  it('gives a job that failed out again, and says why it failed', async () => {
    const inner = localExecutor();
    let failures = 0;
    const executor: Executor = {
      ...inner,
      async run(job, hooks) {
        if (job.kind === 'point' && failures++ === 0) throw new FailureError('out of luck');
        return inner.run(job, hooks);
      },
    };
    const connection = new Redis(redis.url, { maxRetriesPerRequest: null });
    const queue = new Queue<QueuedJob>(QUEUE, { connection });
    const { outcome } = await through('retried', 'parameters: {steps: {value: 1}, strength: {value: 1}}\n', [executor]);
    expect(failures).toBe(2);
    expect(outcome.points.map(({ status }) => status)).toEqual(['done']);
    expect(await queue.getJobCounts('waiting', 'active', 'prioritized', 'delayed')).toMatchObject({ active: 0 });
    connection.disconnect();
  });

  it('has what others need first, then finetunes, then all else; a pause lasts until it is lifted', async () => {
    const connection = new Redis(redis.url, { maxRetriesPerRequest: null });
    const queue = new Queue<QueuedJob>(QUEUE, { connection });
    await queue.pause();
    const job = (kind: string, id: string, iterations?: number) =>
      ({ kind, id: `${kind} ${id}`, settings: { iterations } }) as unknown as Job;
    const opened = await openJobQueue(redis.url, { store: join(scratch, 'nowhere'), sweep: 'x' });
    for (const each of [job('point', 'plain'), job('point', 'tuned', 100), job('source', 'frames')]) opened.add(each);
    await expect.poll(() => queue.getJobCountByTypes('prioritized', 'waiting')).toBe(3);
    const waiting = await queue.getJobs(['prioritized', 'waiting'], 0, -1, true);
    expect(waiting.map(({ name }) => name)).toEqual(['source-frames', 'point-tuned', 'point-plain']);
    expect(waiting[0].data).toEqual({ store: join(scratch, 'nowhere'), sweep: 'x', key: 'source-frames' });
    expect(await queue.isPaused()).toBe(true);
    await opened.close();
    expect(await queue.getJobCountByTypes('prioritized', 'waiting')).toBe(0);
    await queue.resume();
    connection.disconnect();
  });

  it('is filled again where jobs of another sweep hide the loss', async () => {
    const connection = new Redis(redis.url, { maxRetriesPerRequest: null });
    const queue = new Queue<QueuedJob>(QUEUE, { connection });
    await queue.pause();
    const store = join(scratch, 'nowhere');
    const other = ['a', 'b', 'c'].map((key) => ({
      name: key,
      data: { store, sweep: 'y', key },
      opts: { jobId: `${key}-y` },
    }));
    await queue.addBulk(other);
    const opened = await openJobQueue(redis.url, { store, sweep: 'x' });
    opened.add({ kind: 'point', id: 'point lost', settings: {} } as unknown as Job);
    const there = () => queue.getJobState('point-lost-x');
    await expect.poll(there).toBe('prioritized');
    await queue.remove('point-lost-x');
    await expect.poll(there).toBe('prioritized');
    await opened.close();
    for (const { opts } of other) await queue.remove(opts.jobId);
    await queue.resume();
    connection.disconnect();
  });

  it('gives out other jobs before one that somebody does already', async () => {
    const inner = localExecutor();
    const begun: unknown[] = [];
    const executor: Executor = {
      ...inner,
      async run(job, hooks) {
        begun.push(job.kind === 'point' ? job.settings.seed : job.kind);
        // One of the points is another machine's, which is not heard of again.
        if (job.kind === 'source') await takeElsewhere();
        return inner.run(job, hooks);
      },
    };
    let takeElsewhere = async (): Promise<void> => {};
    const text = 'parameters: {steps: {value: 1}, strength: {value: 1}, seed: {values: [1, 2]}}\n';
    const offered = (store: Store, jobs: readonly Job[]): void => {
      takeElsewhere = async () => {
        const key = jobKey(jobs.find(({ settings, kind }) => kind === 'point' && settings.seed === 1)!);
        const leases = createLeases(store, 2);
        await leases.look();
        await leases.take(key, 'seed 1', 0);
        const name = `${SHARED.leases}${key}.1`;
        const content = JSON.parse(Buffer.from((await store.read(name))!).toString('utf8'));
        await store.write(name, JSON.stringify({ ...content, host: 'elsewhere' }));
      };
    };
    const { outcome } = await through('held', text, [executor], offered);
    expect(begun).toEqual(['source', 2, 1]);
    expect(outcome.points.map(({ status }) => status)).toEqual(['done', 'done']);
  });

  it('holds workers while it is paused, and has the progress of what they do', async () => {
    const connection = new Redis(redis.url, { maxRetriesPerRequest: null });
    const queue = new Queue<QueuedJob>(QUEUE, { connection });
    await queue.pause();
    const inner = localExecutor();
    const seen: unknown[] = [];
    const begun: string[] = [];
    const executor: Executor = {
      ...inner,
      async run(job, hooks) {
        begun.push(job.kind);
        await inner.run(job, hooks);
        const [active] = await queue.getActive();
        seen.push((await queue.getJob(active.id!))?.progress);
      },
    };
    const running = through('paused', 'parameters: {steps: {value: 2}, strength: {value: 1}}\n', [executor]);
    await expect.poll(() => queue.getJobCountByTypes('prioritized')).toBe(1);
    // The worker is connected, and is given nothing.
    await expect.poll(() => queue.getWorkersCount()).toBe(1);
    expect(begun).toEqual([]);
    await queue.resume();
    const { outcome } = await running;
    expect(begun).toEqual(['source', 'point']);
    expect(outcome.points.map(({ status }) => status)).toEqual(['done']);
    expect(seen.at(-1)).toEqual({ percent: expect.any(Number), doing: expect.any(String) });
    connection.disconnect();
  });

  it('brings a worker from sweep to sweep, which keeps nothing of those that have ended', async () => {
    const [cache, stop] = [join(scratch, 'rounds-cache'), new AbortController()];
    const options = { cache, executors: [localExecutor()], lease: 4, onWarning: () => {}, signal: stop.signal };
    const working = workOnQueue(redis.url, undefined, options);
    const kept = () => readdirSync(join(cache, 'work', `${hostname()}-0`)).filter((name) => name !== 'lock');
    for (const round of ['first', 'second']) {
      const path = join(scratch, `${round}.yaml`);
      writeFileSync(path, `${head}parameters: {steps: {value: 1}, strength: {value: 1}}\n`);
      const out = join(scratch, round);
      const executor = storeExecutor(folderStore(out), { queue: (sweep) => openJobQueue(redis.url, sweep) });
      const { points } = await runSweep(await readSweepFile(path), {
        track: false,
        onWarning: () => {},
        out,
        executor,
      });
      expect(points.map(({ status }) => status)).toEqual(['done']);
      expect(kept()).toHaveLength(1);
    }
    stop.abort(new Error('enough'));
    await expect(working).rejects.toThrow('enough');
    expect(kept()).toEqual([]);
  });
});
