// Stores of sweeps, each held to the same: files are complete or absent, one of several writers creates, what is away is not
// created anew; and a patient store, which waits.

import { mkdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import fs, { readFile } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { basename, join } from 'node:path';
import { CreateMultipartUploadCommand, ListMultipartUploadsCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { folderStore } from '../../src/lib/sweeps/store/folder-store.js';
import { openStore } from '../../src/lib/sweeps/store/open-store.js';
import { patientStore } from '../../src/lib/sweeps/store/patient-store.js';
import { s3Store } from '../../src/lib/sweeps/store/s3-store.js';
import type { Store } from '../../src/lib/sweeps/store/store.js';
import { hasMoto, motoNote, type Server, startBucket, startProxy } from './servers.js';
import { scratchFolder } from './tiny.js';

const scratch = scratchFolder();
const text = async (store: Store, key: string) => {
  const bytes = await store.read(key);
  return bytes && Buffer.from(bytes).toString('utf8');
};

function behaves(open: () => Promise<Store>): void {
  let store: Store;
  beforeAll(async () => {
    store = await open();
    await store.found();
  });

  it('writes, replaces, lists and removes', async () => {
    await store.write('.shared/a/one', 'first');
    await store.write('.shared/a/b/two', new Uint8Array([1, 2]));
    expect((await store.names('.shared/a/')).sort()).toEqual(['b/two', 'one']);
    const before = await store.versions('.shared/a/');
    await store.write('.shared/a/one', 'second');
    expect(await text(store, '.shared/a/one')).toBe('second');
    const after = await store.versions('.shared/a/');
    expect(after.get('one')).not.toBe(before.get('one'));
    expect(after.get('b/two')).toBe(before.get('b/two'));
    await store.remove('.shared/a/one');
    expect(await store.read('.shared/a/one')).toBeUndefined();
    await store.remove('.shared/a/');
    expect(await store.names('.shared/a/')).toEqual([]);
    await store.remove('.shared/a/'); // nothing is there any more
  });

  it('lets one of many create', async () => {
    const made = await Promise.all(Array.from({ length: 8 }, (_, i) => store.create('.shared/only', `from ${i}`)));
    expect(made.filter(Boolean)).toHaveLength(1);
    expect(await text(store, '.shared/only')).toBe(`from ${made.indexOf(true)}`);
  });

  it('stores files and gives them back', async () => {
    const [from, to] = [join(scratch, 'from'), join(scratch, 'to')];
    writeFileSync(from, Buffer.alloc(3 << 20, 7));
    await store.upload('points/x/output.mp4', from);
    expect(await store.download('points/x/output.mp4', to)).toBe(true);
    expect(Buffer.compare(await readFile(to), await readFile(from))).toBe(0);
    expect(await store.download('points/x/missing', to)).toBe(false);
    // Caches of models have names that lead to files elsewhere.
    mkdirSync(join(scratch, 'snapshot'), { recursive: true });
    const named = join(scratch, 'snapshot', `${basename(store.name)}.safetensors`);
    symlinkSync(join('..', 'from'), named);
    await store.upload('points/x/linked', named);
    expect((await store.read('points/x/linked'))?.length).toBe(3 << 20);
  });
}

describe('a folder', () => {
  behaves(async () => folderStore(join(scratch, 'folder')));

  it('knows what it created itself where its file system asked twice', async () => {
    const store = folderStore(join(scratch, 'network'));
    await store.found();
    const { link } = fs;
    const twice = vi.spyOn(fs, 'link').mockImplementation(async (from, to) => {
      await link(from, to);
      await link(from, to);
    });
    syncBuiltinESMExports();
    try {
      expect(await store.create('.shared/x', 'mine')).toBe(true);
      expect(await store.create('.shared/x', 'theirs')).toBe(false);
      expect(await text(store, '.shared/x')).toBe('mine');
      expect(twice).toHaveBeenCalledTimes(2);
    } finally {
      vi.restoreAllMocks();
      syncBuiltinESMExports();
    }
  });

  it('is not created where its file system is away', async () => {
    const place = join(scratch, 'mounted');
    const store = folderStore(place);
    await store.found();
    renameSync(place, join(scratch, 'unmounted'));
    mkdirSync(place); // the mount point
    await expect(store.write('points/a', '')).rejects.toThrow('mounted: is not there, or holds no shared sweep');
    await expect(store.names('points/')).rejects.toThrow('is not there');
  });
});

describe.skipIf(!hasMoto)(`a bucket${motoNote}`, () => {
  let server: Server;
  beforeAll(async () => {
    server = await startBucket('sweeps');
  });
  afterAll(() => server.stop());
  behaves(() => openStore('s3://sweeps/night'));

  it('is refused where its address is none', async () => {
    await expect(openStore('s3:/sweeps')).rejects.toThrow('s3:/sweeps: expected s3://BUCKET or s3://BUCKET/PREFIX');
  });

  it('stores large files in parts, and leaves none of an upload that failed', async () => {
    const store = await s3Store('s3://sweeps/large', { part: 5 << 20 });
    const [from, to] = [join(scratch, 'large'), join(scratch, 'large-again')];
    writeFileSync(from, Buffer.from(Uint32Array.from({ length: 11 << 18 }, (_, i) => i).buffer));
    await store.upload('points/x/output.mp4', from);
    expect([...(await store.versions('points/'))]).toEqual([['x/output.mp4', expect.stringMatching(/-3"$/)]]);
    await store.download('points/x/output.mp4', to);
    expect(Buffer.compare(readFileSync(to), readFileSync(from))).toBe(0);
    const client = new S3Client({ endpoint: process.env.AWS_ENDPOINT_URL!, forcePathStyle: true });
    // S3 refuses a part below 5 MiB that is not the last one.
    const small = await s3Store('s3://sweeps/small', { part: 1 << 20 });
    await expect(small.upload('points/x/output.mp4', from)).rejects.toThrow();
    const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket: 'sweeps' }));
    expect(Uploads).toEqual([]);
    expect(await small.names('points/')).toEqual([]);
    // What a killed process has begun goes with all else that is below a prefix.
    await client.send(new CreateMultipartUploadCommand({ Bucket: 'sweeps', Key: 'large/.shared/inputs/x' }));
    await store.remove('.shared/inputs/');
    expect((await client.send(new ListMultipartUploadsCommand({ Bucket: 'sweeps' }))).Uploads ?? []).toEqual([]);
    client.destroy();
  });

  it('lists and removes more than a page of keys', async () => {
    const store = await s3Store('s3://sweeps/many', { page: 3 });
    const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
    await Promise.all(names.map((name) => store.write(`.shared/done/${name}`, '')));
    expect((await store.names('.shared/done/')).sort()).toEqual(names);
    await store.remove('.shared/done/');
    expect(await store.names('.shared/done/')).toEqual([]);
  });
});

describe.skipIf(!hasMoto)(`a bucket behind a connection that fails${motoNote}`, () => {
  let server: Server;
  let between: Awaited<ReturnType<typeof startProxy>>;
  beforeAll(async () => {
    server = await startBucket('sweeps');
    between = await startProxy(server.port);
    process.env.AWS_ENDPOINT_URL = `http://127.0.0.1:${between.port}`;
  });
  afterAll(async () => {
    await between.stop();
    await server.stop();
  });

  it('knows what it created itself where the answer was lost', async () => {
    const store = await s3Store('s3://sweeps/lost');
    between.rule = (done) => (done === 1 ? 'lost' : undefined);
    expect(await store.create('.shared/x', 'mine')).toBe(true);
    between.rule = (done) => (done === 1 ? 'lost' : undefined);
    expect(await store.create('.shared/x', 'theirs')).toBe(false);
    expect(await text(store, '.shared/x')).toBe('mine');
  });

  it('is refused where its server ignores conditions', async () => {
    const store = await s3Store('s3://sweeps/unconditional');
    await store.found();
    between.rule = (_, headers) => void delete headers['if-none-match'];
    await expect(store.found()).rejects.toThrow('ignores the condition If-None-Match of writes');
    expect(await store.names('')).toEqual([]);
  });

  it('waits for what takes long, and not for what is silent', async () => {
    const store = await s3Store('s3://sweeps/slow', { silence: 300 });
    between.rule = () => 'silent';
    await expect(store.write('.shared/x', '')).rejects.toThrow('timed out after 300 ms of inactivity');
    const patient = await s3Store('s3://sweeps/slow');
    let arrived = (): void => {};
    const asked = new Promise<void>((resolve) => (arrived = resolve));
    let answer = (): void => {};
    const held = new Promise<void>((resolve) => (answer = resolve));
    between.rule = () => {
      arrived();
      return held;
    };
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const storing = patient.write('.shared/x', 'late');
      await asked;
      vi.advanceTimersByTime(2000); // connected long ago
      between.rule = () => undefined;
      vi.advanceTimersByTime(600_000);
      answer();
      await storing;
    } finally {
      vi.useRealTimers();
    }
    expect(await text(patient, '.shared/x')).toBe('late');
  });
});

describe('a patient store', () => {
  it('waits until the store is back, says so once, and knows what it created itself', async () => {
    const inner = folderStore(join(scratch, 'patient'));
    await inner.found();
    let away = 4;
    const warnings: string[] = [];
    const flaky: Store = {
      ...inner,
      async create(key, data) {
        // The answer of the first attempt is lost.
        const made = await inner.create(key, data);
        if (away-- > 0) throw new Error('connection lost');
        return made;
      },
    };
    const store = patientStore(flaky, { onWarning: (message) => warnings.push(message) });
    expect(await store.create('.shared/x', 'mine')).toBe(true);
    expect(await store.create('.shared/x', 'mine')).toBe(false);
    expect(warnings).toEqual([`${inner.name} cannot be used now (connection lost); it is tried again until it can`]);
  });

  it('ends with its signal', async () => {
    const stop = new AbortController();
    const store = patientStore(folderStore(join(scratch, 'nowhere')), { signal: stop.signal });
    const reading = store.read('.shared/x');
    stop.abort(new Error('enough'));
    await expect(reading).rejects.toThrow('enough');
  });
});
