// The progress of a whole sweep, in passes of the UNet: the sum over its jobs, several of which can run at once.

import type { OnProgress, Progress } from '../base/progress.js';
import type { Job } from './jobs/job.js';

/** Adds up the progress of jobs. */
export interface SweepProgress {
  /** Adds jobs to the total. */
  expect(jobs: readonly Job[]): void;
  /** Records a job's own progress. */
  note(job: Job, progress: Progress): void;
  /** Starts or restarts a job. */
  begin(job: Job): void;
  /** Ends a job. */
  end(job: Job): void;
}

/** Reports the sum of all jobs. */
export function sweepProgress(onProgress?: OnProgress): SweepProgress {
  const running = new Map<string, { job: Job; fraction: number; label: string }>();
  let [total, finished] = [0, 0];
  const weight = ({ passes }: Job): number => Math.max(1, passes);
  const report = (picture?: string): void => {
    const entries = [...running.values()];
    const begun = entries.reduce((sum, { job, fraction }) => sum + weight(job) * fraction, 0);
    const [first] = entries;
    if (!first) return;
    const others = entries.length > 1 ? ` and ${entries.length - 1} more` : '';
    onProgress?.({
      ...{ done: Math.floor(finished + begun), total, stage: 'points' },
      label: `${first.job.label}: ${first.label}${others}`,
      ...(picture !== undefined && { picture }),
    });
  };
  return {
    expect(jobs) {
      total += jobs.reduce((sum, job) => sum + weight(job), 0);
    },
    begin(job) {
      running.set(job.id, { job, fraction: 0, label: 'starting' });
      report();
    },
    note(job, { done, total: all, label, phase, picture }) {
      const entry = running.get(job.id);
      if (!entry) return;
      entry.label = phase ?? label;
      if (phase) entry.fraction = done / Math.max(1, all);
      report(picture);
    },
    end(job) {
      running.delete(job.id);
      finished += weight(job);
      report();
    },
  };
}
