// Each slot of a worker is a process of its own, with its share of the cores and a graphics card of its own.

import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Job } from '../../src/lib/sweeps/jobs/job.js';
import { workerSlots } from '../../src/lib/sweeps/store/worker-slots.js';
import { scratchFolder } from './tiny.js';

const scratch = scratchFolder();

/** What the processes of a worker's slots see, each: its number, its card, its threads. */
async function seen(options: { slots: number; cards?: string[] }) {
  const program = join(scratch, 'slot.mjs');
  writeFileSync(
    program,
    `process.on('message', ({ type, threads = null }) => {
      if (type === 'end') process.exit(0);
      const message = JSON.stringify([process.pid, process.env.CUDA_VISIBLE_DEVICES ?? null, threads]);
      process.send({ type: 'failed', kind: 'failure', message });
    });`,
  );
  const slots = workerSlots({ ...options, program });
  try {
    const job = { model: '', label: '' } as unknown as Job;
    const told = slots.map((slot) => slot.run(job, {}).catch((error: Error) => JSON.parse(error.message)));
    return (await Promise.all(told)) as [pid: number, card: string | null, threads: number | null][];
  } finally {
    await Promise.all(slots.map((slot) => slot.close()));
  }
}

it('has a card of its own, in turns where there are fewer, and a share of the cores', async () => {
  const shared = await seen({ slots: 3, cards: ['4', 'GPU-7'] });
  expect(new Set(shared.map(([pid]) => pid)).size).toBe(3);
  expect(shared.map(([, card]) => card)).toEqual(['4', 'GPU-7', '4']);
  const share = Math.max(1, Math.floor(availableParallelism() / 3));
  expect(shared.map(([, , threads]) => threads)).toEqual([share, share, share]);
  expect((await seen({ slots: 2 })).map(([, card]) => card)).toEqual(['0', '1']);
});

it('sees all cards and takes all cores where it is the only one', async () => {
  const [[, card, threads]] = await seen({ slots: 1, cards: ['4'] });
  expect([card, threads]).toEqual([process.env.CUDA_VISIBLE_DEVICES ?? null, null]);
});
