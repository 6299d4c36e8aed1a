// Evaluates points: skips finished ones, executes shared and remaining jobs, and reads the results.

import { appendFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stopPoint } from '../../base/stop-point.js';
import type { Executor } from '../jobs/executor.js';
import { hasStage } from '../jobs/finished.js';
import { type Job, type PlannedPoint, type PointJob, planJobs } from '../jobs/job.js';
import { dropWork, type PointResult, readPoint } from '../jobs/render-point.js';
import { type JobOutcome, runJobs } from '../jobs/run-jobs.js';
import { dropDamagedStage } from '../jobs/training-job.js';
import type { SweepLog } from '../log-sweep.js';
import { pointFolder } from '../sweep-folder.js';
import type { SweepProgress } from '../sweep-progress.js';

/**
 * The result of a point, or the reason of its failure.
 *
 * @inline
 */
export type Evaluated = { readonly result: PointResult } | { readonly reason: string };

/** Common settings of a sweep's points. */
export interface Evaluation {
  readonly out: string;
  readonly executor: Executor;
  readonly log: SweepLog;
  readonly progress: SweepProgress;
  readonly retries?: number;
  readonly signal?: AbortSignal;
  readonly onWarning?: (message: string) => void;
  /** Called with each point that ended, or was already done. */
  readonly onPoint?: (point: PlannedPoint, evaluated: Evaluated) => void;
}

/**
 * Evaluates points and returns their results by id.
 *
 * @throws the signal's reason when it is aborted; finished work is kept
 */
export async function evaluatePoints(
  points: readonly PlannedPoint[],
  evaluation: Evaluation,
): Promise<ReadonlyMap<string, Evaluated>> {
  const { out, executor, log, progress, retries, signal, onWarning, onPoint } = evaluation;
  const distinct = new Map(points.map((point) => [point.id, point]));
  const results = new Map<string, Evaluated>();
  const conclude = (point: PlannedPoint, evaluated: Evaluated): void => {
    results.set(point.id, evaluated);
    onPoint?.(point, evaluated);
  };
  const all = planJobs(out, [...distinct.values()], hasStage);
  for (const job of all) {
    if (job.kind !== 'point') continue;
    const result = await readPoint(job.folder, job.point, onWarning);
    if (!result) continue;
    await dropWork(job.folder);
    await log.end(job);
    conclude(distinct.get(job.point)!, { result });
  }
  const todo = [...distinct.values()].filter(({ id }) => !results.has(id));
  // Before the remaining training is planned.
  for (const stage of stagesOf(planJobs(out, todo, () => false))) await dropDamagedStage(stage, onWarning);
  const jobs = planJobs(out, todo, hasStage);
  progress.expect(jobs);
  await executor.offer?.(jobs);
  const note = await journal(join(out, 'jobs.jsonl'));
  await runJobs(jobs, executor, {
    ...(retries !== undefined && { retries }),
    ...(signal && { signal }),
    hooksOf(job, attempt) {
      progress.begin(job);
      void note(job, { event: 'begun', attempt });
      return {
        onProgress(report) {
          progress.note(job, report);
          log.progress(report, job);
        },
        ...(onWarning && { onWarning }),
        onMetrics: (step, metrics) => log.metrics(job, step, metrics),
      };
    },
    onBegin: (job) => log.begin(job),
    onRetry(job, reason) {
      void note(job, { event: 'failed', reason });
      onWarning?.(`${job.label} failed and is tried again: ${reason}`);
    },
    async onOutcome(job, outcome) {
      progress.end(job);
      await note(job, { event: outcome.status, ...(outcome.status !== 'done' && { reason: outcome.reason }) });
      await log.end(job, outcome.status === 'done' ? undefined : outcome.reason);
      if (job.kind === 'point') conclude(distinct.get(job.point)!, await evaluatedOf(job, outcome));
    },
  });
  return results;
}

function stagesOf(jobs: readonly Job[]): string[] {
  return jobs.flatMap((job) => (job.kind === 'training' ? [job.stage] : []));
}

async function evaluatedOf(job: PointJob, outcome: JobOutcome): Promise<Evaluated> {
  if (outcome.status !== 'done') return { reason: outcome.reason };
  const result = await readPoint(job.folder, job.point);
  return result ? { result } : { reason: `${job.folder}: the result is missing` };
}

/** Ids of finished points. */
export async function donePoints(out: string, points: readonly PlannedPoint[]): Promise<ReadonlySet<string>> {
  const done = new Set<string>();
  for (const { id } of points) if (await readPoint(pointFolder(out, id), id)) done.add(id);
  return done;
}

/** Returns a function that appends lines about jobs to a file, after completing a partial line of a killed process. */
async function journal(path: string): Promise<(job: Job, told: object) => Promise<void>> {
  const before = await readFile(path, 'utf8').catch(() => '');
  if (before !== '' && !before.endsWith('\n')) await appendFile(path, '\n');
  let count = 0;
  return async (job, told) => {
    const time = new Date().toISOString();
    await appendFile(path, `${JSON.stringify({ time, job: job.id, label: job.label, ...told })}\n`);
    await stopPoint('appended', path, ++count);
  };
}
