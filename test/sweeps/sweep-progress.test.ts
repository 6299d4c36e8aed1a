// The progress of a sweep: passes of all its jobs, with the label of the first running one.

import { expect, it } from 'vitest';
import type { Progress } from '../../src/lib/base/progress.js';
import type { Job } from '../../src/lib/sweeps/jobs/job.js';
import { sweepProgress } from '../../src/lib/sweeps/sweep-progress.js';

const job = (id: string, passes: number) => ({ id, label: `strength ${id}`, passes }) as Job;

it('adds up the phases that count passes; others only say what is going on', () => {
  const seen: Progress[] = [];
  const progress = sweepProgress((report) => seen.push(report));
  const [a, b] = [job('a', 10), job('b', 30)];
  progress.expect([a, b]);
  progress.begin(a);
  progress.note(a, { done: 3, total: 3, label: 'reading frames' });
  progress.note(a, { done: 5, total: 10, label: 'denoising strength 0.45', phase: 'denoising' });
  progress.begin(b);
  progress.note(b, { done: 1, total: 3, label: 'training', phase: 'training' });
  progress.end(a);
  expect(seen.map(({ done, total, label }) => `${done}/${total} ${label}`)).toEqual([
    '0/40 strength a: starting',
    '0/40 strength a: reading frames',
    '5/40 strength a: denoising',
    '5/40 strength a: denoising and 1 more',
    '15/40 strength a: denoising and 1 more',
    '20/40 strength b: training',
  ]);
});
