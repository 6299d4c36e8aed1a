// The page of a sweep that workers do, from a store with jobs that are done, running, failed and left.

import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { folderStore } from '../../src/lib/sweeps/store/folder-store.js';
import { createLeases } from '../../src/lib/sweeps/store/leases.js';
import { SHARED, type Store } from '../../src/lib/sweeps/store/store.js';
import { sweepWatcher } from '../../src/lib/sweeps/store/sweep-status.js';
import { startRun } from '../../src/lib/tracking/log/start-run.js';
import { type Dashboard, startDashboard } from '../../src/ui/start-dashboard.js';
import { scratchFolder } from '../tracking/scratch.js';
import { ask } from './ask.js';

const PICTURE = 'data:image/jpeg;base64,AAAA';
const scratch = scratchFolder();
let store: Store;
let dashboard: Dashboard;

beforeAll(async () => {
  store = folderStore(join(scratch, 'night'));
  await store.found();
  const write = (key: string, value: object) => store.write(key, JSON.stringify(value));
  await write(SHARED.state, { name: 'night', id: 'x', state: 'open' });
  const jobs = ['a', 'b', 'c', 'd', 'e'].map((id) => ({
    kind: 'point',
    id: `point ${id}`,
    label: id,
    needs: [],
    passes: 10,
  }));
  await write(`${SHARED.jobs}000000.json`, { jobs, inputs: {} });
  const done = (machine: string) => ({ label: 'a', machine, seconds: 20, passes: 10 });
  await write(`${SHARED.done}point-a`, done('gpu1'));
  await write(`${SHARED.done}point-b`, done('gpu2'));
  await write(`${SHARED.failed}point-c`, {
    label: '<b>strength</b> 3',
    machine: 'gpu2',
    passes: 10,
    reason: 'out of luck',
  });
  const leases = createLeases(store, 60);
  await leases.look();
  const lease = await leases.take('point-d', 'strength 4', 1);
  await lease!.renew({ running: 130, fraction: 0.5, doing: 'denoising' }, PICTURE);
  const root = join(scratch, 'runs');
  await (await startRun({ root, experiment: 'night', name: 'sweep', tags: { 'sweep.points': '5' } })).finish();
  dashboard = await startDashboard({
    ...{ root: join(scratch, 'runs'), port: 0, token: false },
    sweep: { place: store.name, status: sweepWatcher(store) },
  });
});
afterAll(() => dashboard.close());

describe('the page of a sweep', () => {
  it('says what is done, running and failed, by whom, and the time left', async () => {
    expect(dashboard.url).toMatch(/\/sweep$/);
    const { status, text } = await ask(dashboard.address, '/sweep');
    expect(status).toBe(200);
    // 20 s for 10 passes; 15 are left, for one slot.
    expect(text).toContain('2 of 5 points done, 1 failed, work is given out, about 30 s left');
    expect(text).toContain(`<td><img src="${PICTURE}" alt=""> strength 4</td>`);
    expect(text).toContain('<td>2:10</td><td>denoising</td>');
    expect(text).toContain('50 %');
    expect(text).toContain('<td>&lt;b&gt;strength&lt;/b&gt; 3</td><td>gpu2</td><td>out of luck</td>');
    expect(text).toMatch(/<td>gpu1<\/td><td>1<\/td><td>20 s<\/td><td>180<\/td><td>0<\/td>/);
    expect(text).toContain('"every":3');
    expect(text).toContain('href="/compare?run=night/sweep">Its points and videos</a>');
    const answer = await ask(dashboard.address, '/api/sweep');
    expect(answer.json()).toMatchObject({ name: 'night', points: { total: 5, done: 2, failed: 1 }, left: 30 });
  });

  it('is asked for no more once the sweep has ended, and is missing where none is shown', async () => {
    await store.write(SHARED.state, JSON.stringify({ name: 'night', id: 'x', state: 'ended' }));
    const { text } = await ask(dashboard.address, '/sweep');
    expect(text).not.toContain('"every"');
    const plain = await startDashboard({ root: join(scratch, 'runs'), port: 0, token: false });
    expect((await ask(plain.address, '/sweep')).status).toBe(404);
    await plain.close();
  });
});
