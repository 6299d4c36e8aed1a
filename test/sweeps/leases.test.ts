// Leases: one holder at a time, judged without comparing clocks. Time is the observer's own, and is moved by the test.

import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { folderStore } from '../../src/lib/sweeps/store/folder-store.js';
import { createLeases, currentLeases, previewOf } from '../../src/lib/sweeps/store/leases.js';
import { SHARED, type Store } from '../../src/lib/sweeps/store/store.js';
import { scratchFolder } from './tiny.js';

const scratch = scratchFolder();
const PROGRESS = { running: 1, fraction: 0.5, doing: 'denoising' };
let store: Store;
let stores = 0;
let now = 0;

beforeEach(async () => {
  store = folderStore(join(scratch, String(stores++)));
  await store.found();
  now = 1000;
  vi.spyOn(performance, 'now').mockImplementation(() => now);
});
afterEach(() => vi.restoreAllMocks());

/** Changes the holder of a lease to a process of another machine, which cannot be looked up here. */
async function moveElsewhere(name: string): Promise<void> {
  const content = JSON.parse(Buffer.from((await store.read(SHARED.leases + name))!).toString('utf8'));
  await store.write(SHARED.leases + name, JSON.stringify({ ...content, host: 'elsewhere', pid: 1 }));
}

describe('a lease', () => {
  it('is taken by one of two, renewed, freed, and taken by the other', async () => {
    const [a, b] = [createLeases(store, 60), createLeases(store, 60)];
    expect(await a.look()).toEqual(new Set());
    await b.look();
    const first = await a.take('point-1', 'strength 0.5', 0);
    expect(await b.take('point-1', 'strength 0.5', 0)).toBeUndefined();
    expect(await b.look()).toEqual(new Set(['point-1']));
    const picture = 'data:image/jpeg;base64,AAAA';
    expect(await first!.renew(PROGRESS, picture)).toBe(true);
    expect(await previewOf(store, 'point-1')).toBe(picture);
    expect((await currentLeases(store)).get('point-1')).toMatchObject({ label: 'strength 0.5', ...PROGRESS });
    await first!.free();
    expect(await previewOf(store, 'point-1')).toBeUndefined();
    expect(await b.look()).toEqual(new Set());
    const second = await b.take('point-1', 'strength 0.5', 0);
    expect(await second!.isHeld()).toBe(true);
    expect(await first!.isHeld()).toBe(false);
    expect(await first!.renew(PROGRESS)).toBe(false);
    await second!.end();
    expect(await store.names(SHARED.leases)).toEqual([]);
  });

  it('of a dead process of this machine can be taken at once', async () => {
    const leases = createLeases(store, 60);
    await leases.look();
    await leases.take('point-1', '', 0);
    const name = `${SHARED.leases}point-1.1`;
    const content = JSON.parse(Buffer.from((await store.read(name))!).toString('utf8'));
    await store.write(name, JSON.stringify({ ...content, started: 'long ago' }));
    expect(await createLeases(store, 60).look()).toEqual(new Set());
  });

  it('of another machine ends when it was seen unchanged for its seconds', async () => {
    const leases = createLeases(store, 60);
    await leases.look();
    await leases.take('point-1', '', 0);
    await moveElsewhere('point-1.1');
    const observer = createLeases(store, 5); // its own leases are of other length
    for (let i = 0; i <= 4; i++, now += 15_000) expect([i, (await observer.look()).size]).toEqual([i, 1]);
    now -= 14_999;
    expect((await observer.look()).size).toBe(0);
    expect(await observer.take('point-1', '', 0)).toBeDefined();
  });

  it('lives while it changes, whatever the clocks of the machines say', async () => {
    const leases = createLeases(store, 60);
    await leases.look();
    const held = await leases.take('point-1', '', 0);
    const observer = createLeases(store, 60);
    const clock = vi.spyOn(Date, 'now');
    for (let i = 0; i < 10; i++, now += 25_000) {
      clock.mockReturnValue(1_700_000_000_000 + (i % 2 === 0 ? 3_600_000 : -3_600_000));
      expect(await held!.renew(PROGRESS)).toBe(true);
      await moveElsewhere('point-1.1');
      expect((await observer.look()).size).toBe(1);
    }
  });

  it('is not taken for dead because the store was away, or nobody looked', async () => {
    const leases = createLeases(store, 60);
    await leases.look();
    await leases.take('point-1', '', 0);
    await moveElsewhere('point-1.1');
    const observer = createLeases(store, 60);
    await observer.look();
    now += 90_000;
    expect((await observer.look()).size).toBe(1);
    now += 25_000;
    expect((await observer.look()).size).toBe(1);
    now += 25_000;
    expect((await observer.look()).size).toBe(1);
    now += 25_000;
    expect((await observer.look()).size).toBe(0);
  });

  it('ends for a holder who was taken for dead and comes back, also when the numbers begin again', async () => {
    const leases = createLeases(store, 60);
    await leases.look();
    const zombie = await leases.take('point-1', '', 0);
    await store.remove(SHARED.leases); // done by another, and offered again
    expect(await zombie!.isHeld()).toBe(false);
    const other = createLeases(store, 60);
    await other.look();
    await other.take('point-1', '', 0);
    expect(await zombie!.isHeld()).toBe(false);
    expect(await zombie!.renew(PROGRESS)).toBe(false);
  });
});
