// How far all jobs of a sweep have come together, in passes of the UNet, while several of them are being done.

import type { OnProgress, Progress } from '../base/progress.js';
import type { Job } from './jobs/job.js';

/** Adds up the progress of jobs. */
export interface SweepProgress {
  /** More jobs are to be done. */
  expect(jobs: readonly Job[]): void;
  /** A job tells how far it has come. */
  note(job: Job, progress: Progress): void;
  /** A job is begun anew, or has come to its end. */
  begin(job: Job): void;
  end(job: Job): void;
}

/** The label of the reports that count passes; others are quick. */
const COUNTED = /^(denoising|training)/;

/** Reports the sum of all jobs. */
export function sweepProgress(onProgress?: OnProgress): SweepProgress {
  const running = new Map<string, { job: Job; fraction: number; label: string }>();
  let [total, finished] = [0, 0];
  const weight = ({ passes }: Job): number => Math.max(1, passes);
  const report = (): void => {
    const entries = [...running.values()];
    const begun = entries.reduce((sum, { job, fraction }) => sum + weight(job) * fraction, 0);
    const [first] = entries;
    if (!first) return;
    const others = entries.length > 1 ? ` and ${entries.length - 1} more` : '';
    onProgress?.({ done: Math.floor(finished + begun), total, label: `${first.job.label}: ${first.label}${others}` });
  };
  return {
    expect(jobs) {
      total += jobs.reduce((sum, job) => sum + weight(job), 0);
    },
    begin(job) {
      running.set(job.id, { job, fraction: 0, label: 'starting' });
      report();
    },
    note(job, { done, total: all, label }) {
      const entry = running.get(job.id);
      if (!entry) return;
      const [what] = label.split(' ');
      entry.label = COUNTED.test(label) ? what : label;
      if (COUNTED.test(label)) entry.fraction = done / Math.max(1, all);
      report();
    },
    end(job) {
      running.delete(job.id);
      finished += weight(job);
      report();
    },
  };
}
