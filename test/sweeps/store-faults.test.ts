// What must not happen to work in a store: done twice because storing it takes long, hidden by an older list, made from files
// that have changed, kept for ever.

import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../src/lib/base/hash.js';
import { ENCODED_JOURNALS } from '../../src/lib/renderings/journal-names.js';
import type { Executor } from '../../src/lib/sweeps/jobs/executor.js';
import type { Job } from '../../src/lib/sweeps/jobs/job.js';
import { fetchJob } from '../../src/lib/sweeps/store/fetch-job.js';
import { finalKey } from '../../src/lib/sweeps/store/finish-job.js';
import { folderStore } from '../../src/lib/sweeps/store/folder-store.js';
import { createLeases } from '../../src/lib/sweeps/store/leases.js';
import { offeredJobs } from '../../src/lib/sweeps/store/offered-jobs.js';
import { partialPrefix, partialWork, restorePartialWork } from '../../src/lib/sweeps/store/partial-work.js';
import { patientStore } from '../../src/lib/sweeps/store/patient-store.js';
import { performJob } from '../../src/lib/sweeps/store/perform-job.js';
import type { Inputs } from '../../src/lib/sweeps/store/portable-job.js';
import { jobKey, readState, SHARED, type Store } from '../../src/lib/sweeps/store/store.js';
import { storeExecutor } from '../../src/lib/sweeps/store/store-executor.js';
import { workOn } from '../../src/lib/sweeps/store/worker.js';
import { scratchFolder } from './tiny.js';

const scratch = scratchFolder();
let count = 0;
async function newStore(): Promise<Store & { folder: string }> {
  const folder = join(scratch, `store-${count++}`);
  const store = folderStore(folder);
  await store.found();
  return { ...store, folder, interval: 5 };
}

const sourceJob = (name: string, video = 'street.mp4') =>
  ({
    ...{
      kind: 'source',
      id: `source ${name}`,
      label: name,
      needs: [],
      model: '',
      passes: 0,
      folder: `sources/${name}`,
    },
    settings: { video, model: 'demo' },
  }) as unknown as Job;

const PICTURE = 'data:image/jpeg;base64,AAAA';

/** Shows a preview, and leaves the two files of a source. */
const encodes: Executor = {
  slots: 1,
  async run(job, { onProgress }) {
    onProgress?.({ done: 1, total: 2, label: 'encoding', picture: PICTURE });
    mkdirSync(join(job.folder, 'encoded'), { recursive: true });
    writeFileSync(join(job.folder, 'result.json'), '{}');
    writeFileSync(join(job.folder, 'encoded', 'whole'), '');
  },
  async close() {},
};

async function perform(store: Store, seconds: number) {
  const packed = sourceJob('a');
  const leases = createLeases(store, seconds);
  await leases.look();
  const lease = await leases.take(jobKey(packed), 'a', 0);
  const folders = { inputs: join(scratch, 'inputs'), sweep: join(scratch, `sweep-${count++}`) };
  return performJob({ store, folders, executor: encodes, seconds }, packed, {}, lease!);
}

describe('results that take longer to store than a lease', () => {
  it('keep the lease renewed meanwhile, with the last preview beside it', async () => {
    const inner = await newStore();
    let renewed = (): void => {};
    let storing = false;
    const previews: unknown[] = [];
    const store: Store = {
      ...inner,
      async write(key, data) {
        await inner.write(key, data);
        if (storing && key.startsWith(SHARED.leases)) renewed();
        if (key.startsWith(SHARED.previews)) previews.push(data);
      },
      async upload(key, from) {
        storing = true;
        await new Promise<void>((resolve) => (renewed = resolve));
        await inner.upload(key, from);
      },
    };
    expect((await perform(store, 0.2)).status).toBe('done');
    expect([await inner.names(SHARED.leases), await inner.names(SHARED.previews)]).toEqual([[], []]);
    expect(previews).toEqual([PICTURE]);
  });

  it('are left to the worker that has taken the job', async () => {
    const inner = await newStore();
    const store: Store = {
      ...inner,
      async upload(key, from) {
        await inner.upload(key, from);
        await inner.write(`${SHARED.leases}source-a.2`, '{}');
      },
    };
    expect((await perform(store, 60)).status).toBe('lost');
    expect(await inner.read(finalKey(sourceJob('a')))).toBeUndefined();
    expect(await inner.names(SHARED.done)).toEqual([]);
  });
});

describe('a list of jobs', () => {
  it('of a resumed sweep is not taken for that of before', async () => {
    const store = await newStore();
    const offered = offeredJobs(store);
    for (const name of ['a', 'b']) {
      const executor = storeExecutor(store);
      await executor.open!({ name: 'night', out: store.folder, inputs: () => [] });
      const job = { ...sourceJob(name), folder: join(store.folder, 'sources', name) };
      await executor.offer!([job]);
      expect([...(await offered.all()).keys()]).toEqual([`source-${name}`]);
      await executor.close();
    }
  });
});

describe('a store', () => {
  it('is left to the sweep that opened it last', async () => {
    const store = await newStore();
    const open = async (name: string) => {
      const executor = storeExecutor(store);
      await executor.open!({ name, out: store.folder, inputs: () => [] });
      return executor;
    };
    const first = await open('night');
    const job = { ...sourceJob('a'), folder: join(store.folder, 'sources', 'a') };
    await first.offer!([job]);
    const taken =
      "was taken over by the sweep 'day', which another process started; give each sweep a store of its own";
    // Awaited below: it may end before the second sweep is open.
    const running = expect(first.run(job, {})).rejects.toThrow(taken);
    const second = await open('day');
    await running;
    await expect(first.run(job, {})).rejects.toThrow(taken);
    await expect(first.offer!([job])).rejects.toThrow(taken);
    await first.close();
    // Workers go on with what the second offers.
    expect(await readState(store)).toMatchObject({ name: 'day', state: 'open' });
    await second.close();
    expect(await readState(store)).toMatchObject({ name: 'day', state: 'held' });
  });

  it('of another version is refused by workers, while what was begun is finished', async () => {
    const store = await newStore();
    const executor = storeExecutor(store);
    await executor.open!({ name: 'night', out: store.folder, inputs: () => [] });
    await executor.offer!([{ ...sourceJob('a'), folder: join(store.folder, 'sources', 'a') }]);
    const update: Executor = {
      ...encodes,
      async run(job, hooks) {
        const state = await readState(store);
        await store.write(SHARED.state, JSON.stringify({ ...state, version: '99.0.0' }));
        await encodes.run(job, hooks);
      },
    };
    const idle = { ...encodes };
    const working = workOn(store, { cache: join(scratch, `cache-${count++}`), executors: [update, idle] });
    await expect(working).rejects.toThrow(
      /is a sweep of steadyframe's version 99\.0\.0, this is \S+; install the same one/,
    );
    expect(await store.names(SHARED.done)).toEqual(['source-a']);
    await executor.close();
  });
});

describe('what a store says', () => {
  it('does not lead a worker out of its folders', async () => {
    const store = await newStore();
    const folders = { inputs: join(scratch, 'inputs'), sweep: join(scratch, `sweep-${count++}`) };
    const out = /leads out of its folder/;
    const input: Inputs = { h: [{ path: '../../written', sha256: sha256('x'), size: 1 }] };
    await store.write(SHARED.inputs + sha256('x'), 'x');
    await expect(fetchJob(store, sourceJob('a', 'input:h/street.mp4'), input, folders)).rejects.toThrow(out);
    await expect(fetchJob(store, sourceJob('a', 'input:../street.mp4'), {}, folders)).rejects.toThrow(out);
    await expect(fetchJob(store, sourceJob('..'), {}, folders)).rejects.toThrow(out);
    await expect(store.write(`${SHARED.done}../../../written`, '')).rejects.toThrow(out);
    const job = { ...sourceJob('a'), folder: join(folders.sweep, 'sources', 'a') };
    await store.write(`${partialPrefix(job)}piece`, 'x');
    await store.write(`${partialPrefix(job)}index.json`, JSON.stringify({ '../../written': [['piece', 1]] }));
    await expect(restorePartialWork(store, job)).rejects.toThrow(out);
    // A name that would be removed with all that is in it.
    await store.write(SHARED.state, JSON.stringify({ name: 'night', id: '..', state: 'ended' }));
    const options = { cache: join(scratch, `cache-${count++}`), executors: [encodes] };
    await expect(workOn(store, options)).rejects.toThrow(out);
  });
});

describe('a list of failures', () => {
  it('from before a job was tried again is not taken for its end', async () => {
    const inner = await newStore();
    let stale: string[] | undefined;
    let looked = (): void => {};
    const store: Store = {
      ...inner,
      async names(prefix) {
        const names = await inner.names(prefix);
        if (prefix !== SHARED.failed || !stale) return names;
        looked();
        return stale;
      },
    };
    const executor = storeExecutor(store);
    await executor.open!({ name: 'night', out: inner.folder, inputs: () => [] });
    const job = { ...sourceJob('a'), folder: join(inner.folder, 'sources', 'a') };
    await executor.offer!([job]);
    stale = ['source-a'];
    let ended = false;
    const running = executor.run(job, {}).finally(() => (ended = true));
    for (let i = 0; i < 2; i++) await new Promise<void>((resolve) => (looked = resolve));
    expect(ended).toBe(false);
    stale = undefined;
    // What a worker has left that was killed while it stored results.
    await inner.write('sources/a/.partial-0123abcd-round-trip.mp4', 'half');
    await inner.write(`${SHARED.done}source-a`, '{}');
    await running;
    expect(readdirSync(job.folder)).toEqual([]);
    await executor.close();
  });
});

describe('encoded frames', () => {
  it('that this machine has in part are fetched whole', async () => {
    const store = await newStore();
    const whole = ['result.json', ...ENCODED_JOURNALS.map((name) => `encoded/${name}`), 'encoded/whole'];
    for (const name of whole) await store.write(`sources/a/${name}`, 'theirs');
    const folders = { inputs: join(scratch, 'inputs'), sweep: join(scratch, `sweep-${count++}`) };
    const source = join(folders.sweep, 'sources', 'a');
    mkdirSync(source, { recursive: true });
    writeFileSync(join(source, 'result.json'), 'own'); // killed before it was done
    const point = { ...sourceJob('a'), kind: 'point', id: 'point p', folder: 'points/p', source: 'sources/a' };
    await fetchJob(store, point as unknown as Job, {}, folders);
    expect(whole.map((name) => readFileSync(join(source, name), 'utf8'))).toEqual(whole.map(() => 'theirs'));
  });
});

describe('an input', () => {
  const text = 'frames';
  const inputs: Inputs = { h: [{ path: 'street.mp4', sha256: sha256(Buffer.from(text)), size: text.length }] };
  const job = sourceJob('a', 'input:h/street.mp4');
  const folders = () => ({ inputs: join(scratch, `inputs-${count}`), sweep: join(scratch, `sweep-${count++}`) });

  it('that two slots fetch at once is there once, and stays what the first has opened', async () => {
    const store = await newStore();
    const [original, mine] = [join(scratch, 'original'), folders()];
    writeFileSync(original, text);
    await store.upload(SHARED.inputs + inputs.h[0].sha256, original);
    let first: number | undefined;
    const folder = join(mine.inputs, 'h');
    const slow: Store = {
      ...store,
      async download(key, path) {
        // The other slot is done before this one.
        await fetchJob(store, job, inputs, mine);
        first = statSync(folder).ino;
        return store.download(key, path);
      },
    };
    await fetchJob(slow, job, inputs, mine);
    expect(statSync(folder).ino).toBe(first);
    expect(readFileSync(join(folder, 'street.mp4'), 'utf8')).toBe(text);
  });

  it('that was changed after it was fetched is refused, and stored again by a resume', async () => {
    const store = await newStore();
    const [original, mine] = [join(scratch, 'edited'), folders()];
    const key = SHARED.inputs + inputs.h[0].sha256;
    writeFileSync(original, text);
    await store.upload(key, original);
    await fetchJob(store, job, inputs, mine);
    await fetchJob(store, job, inputs, mine);
    writeFileSync(original, 'others'); // in place, and as long
    await expect(fetchJob(store, job, inputs, mine)).rejects.toThrow(
      'street.mp4 has changed since the sweep was planned',
    );
    expect(await store.read(key)).toBeUndefined();
    rmSync(original);
    writeFileSync(original, text);
    await store.upload(key, original);
    const fetched = await fetchJob(store, job, inputs, mine);
    expect(readFileSync(fetched.settings.video, 'utf8')).toBe(text);
  });
});

describe('unfinished work', () => {
  const training = (folder: string) =>
    ({
      kind: 'training',
      id: 'training a 8',
      folder,
      stage: join(folder, 'stages', '8'),
      settings: {},
    }) as unknown as Job;
  const checkpoint = (folder: string, name: string, content: string) => {
    mkdirSync(join(folder, 'checkpoints', name), { recursive: true });
    writeFileSync(join(folder, 'checkpoints', name, 'state'), content);
  };

  it('that was replaced does not stay in the store', async () => {
    const store = await newStore();
    const job = training(join(scratch, 'growing'));
    const partial = partialWork(store, job);
    for (let i = 1; i <= 6; i++) {
      checkpoint(job.folder, `00000${i}`, `state ${i}`);
      rmSync(join(job.folder, 'checkpoints', `00000${i - 1}`), { recursive: true, force: true });
      await partial.save();
      // The list, what it names, and what the list before named.
      expect((await store.names(partialPrefix(job))).length).toBeLessThanOrEqual(3);
    }
    const other = training(join(scratch, 'elsewhere'));
    await restorePartialWork(store, other);
    expect(await readFile(join(other.folder, 'checkpoints', '000006', 'state'), 'utf8')).toBe('state 6');
  });

  it('of another worker is taken where it is further than what this one has', async () => {
    const store = await newStore();
    const [theirs, mine] = [training(join(scratch, 'theirs')), training(join(scratch, 'mine'))];
    checkpoint(theirs.folder, '000004', 'four');
    await partialWork(store, theirs).save();
    checkpoint(mine.folder, '000002', 'two');
    await restorePartialWork(store, mine);
    expect(await readFile(join(mine.folder, 'checkpoints', '000004', 'state'), 'utf8')).toBe('four');
    writeFileSync(join(mine.folder, 'checkpoints', '000004', 'state'), 'own');
    await restorePartialWork(store, mine);
    expect(await readFile(join(mine.folder, 'checkpoints', '000004', 'state'), 'utf8')).toBe('own');
  });
});

it('a disk of this machine that is full is no store that is away', async () => {
  const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
  const store = patientStore({ ...(await newStore()), download: () => Promise.reject(full) }, {});
  await expect(store.download('points/x', join(scratch, 'target'))).rejects.toThrow(
    /target: the disk is full \(ENOSPC\)/,
  );
});
