// Runs a sweep: all points, with shared work done once, and optionally with successive halving. Resumable at any time.

import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from '../base/atomic-file.js';
import type { OnProgress } from '../base/progress.js';
import { withProgress } from '../tracking/log/log-progress.js';
import type { PointSettings, StoredSettingName } from './file/point-settings.js';
import type { SweepFile } from './file/read-sweep-file.js';
import { sweepPoints, varyingSettings } from './file/sweep-points.js';
import type { Executor } from './jobs/executor.js';
import { dropEncoded, hasStage } from './jobs/finished.js';
import { type Job, type PlannedPoint, planJobs } from './jobs/job.js';
import { processExecutor } from './jobs/process-executor.js';
import { placeSweep, type SweepLogOptions, type SweepPlace } from './log-sweep.js';
import { type ContentHasher, contentHasher } from './points/content-hash.js';
import { donePoints, type Evaluated, type Evaluation, evaluatePoints } from './points/evaluate-points.js';
import { promoted, ranked, rungs } from './points/halving.js';
import { type PointPlanner, pointPlanner } from './points/plan-point.js';
import { checkSweepFolder, openSweepFolder, pointFolder } from './sweep-folder.js';
import { type PointOutcome, type SweepOutcome, sweepOutcome, writeOutcome } from './sweep-outcome.js';
import { sweepProgress } from './sweep-progress.js';

/** Options of running a sweep. */
export interface RunSweepOptions extends SweepLogOptions {
  /** Number of worker processes; 1 by default. */
  readonly workers?: number;
  /**
   * Executes the jobs, instead of processes on this machine; it is closed at the end.
   *
   * @hidden
   */
  readonly executor?: Executor;
  /** Number of retries of a failed point; 1 by default. */
  readonly retries?: number;
  /** Called with the progress of the whole sweep. */
  readonly onProgress?: OnProgress;
  /** Called before work begins, with the folder, the number of points and how many are done. */
  readonly onStart?: (start: { out: string; points: number; done: number }) => void;
  /** Called with the result of each point, including those already done. */
  readonly onPoint?: Evaluation['onPoint'];
  /** Stops after the current steps; finished work is kept. */
  readonly signal?: AbortSignal;
}

/** The plan of a sweep. */
export interface SweepPlan {
  readonly name: string;
  /** The folder; undefined if a new one will be created. */
  readonly out: string | undefined;
  readonly varying: readonly StoredSettingName[];
  readonly points: readonly (PlannedPoint & { readonly done: boolean })[];
  /**
   * The remaining jobs, with shared work once; with halving, as if no point were stopped.
   *
   * @hidden
   */
  readonly jobs: readonly Job[];
  /** Iterations at which finetunes are compared, and the number of points at each. */
  readonly rungs: readonly { readonly iterations: number; readonly points: number }[];
}

/** Planned points and their planner. */
interface Prepared {
  readonly place: SweepPlace;
  readonly hasher: ContentHasher;
  readonly planner: PointPlanner;
  readonly varying: readonly StoredSettingName[];
  readonly points: readonly PlannedPoint[];
}

/**
 * Plans a sweep without writing anything.
 *
 * @throws UsageError for points that cannot be rendered, or a folder with other contents
 */
export async function planSweep(file: SweepFile, options: RunSweepOptions = {}): Promise<SweepPlan> {
  const { place, planner, points, varying } = await prepare(file, options);
  await planner.close();
  const out = place.out;
  const done = out === undefined ? new Set<string>() : await donePoints(out, points);
  const todo = points.filter(({ id }) => !done.has(id));
  const candidates = points.filter(({ settings }) => settings.iterations !== undefined);
  return {
    name: file.name,
    out,
    varying,
    points: points.map((point) => ({ ...point, done: done.has(point.id) })),
    jobs: planJobs(out ?? '', todo, hasStage),
    rungs: rungsOf(file, candidates).map((iterations, i) => ({
      iterations,
      points: Array.from({ length: i }).reduce<number>(
        (left) => promoted(left, file.sweep.early_terminate?.eta),
        candidates.length,
      ),
    })),
  };
}

/**
 * Runs a sweep. Finished points are not computed again after an interruption; they are identified by a hash of all settings
 * and inputs. A failed point is retried, then reported in the outcome, while the others continue.
 *
 * @throws UsageError before any work, for points that cannot be rendered or a folder that cannot be used; the signal's
 *   reason when it is aborted; FailureError when the disk is full
 */
export async function runSweep(file: SweepFile, options: RunSweepOptions = {}): Promise<SweepOutcome> {
  const { resume = false, signal, onProgress, onWarning, onStart, onPoint, retries } = options;
  const { place, planner, hasher, points, varying } = await prepare(file, options);
  const executor = options.executor ?? processExecutor({ workers: options.workers ?? 1 });
  try {
    const log = await place.open(points.length);
    const { out } = log;
    try {
      const unlock = await openSweepFolder(out, resume);
      try {
        await writeFileAtomic(
          join(out, 'sweep.json'),
          `${JSON.stringify({ name: file.name, ...file.sweep }, null, 1)}\n`,
        );
        await hasher.save(join(out, 'inputs.json'));
        await executor.open?.({ name: file.name, out, inputs: hasher.files, signal });
        onStart?.({ out, points: points.length, done: (await donePoints(out, points)).size });
        const progress = sweepProgress(withProgress({ logProgress: log.progress }, { onProgress }).onProgress);
        const shared = { out, executor, log, progress, retries, signal, onWarning, onPoint };
        const outcomes = await evaluateAll(file, points, planner, shared);
        const outcome = sweepOutcome(file, out, varying, outcomes);
        await writeOutcome(outcome);
        const failed = outcomes.filter(({ status }) => status === 'failed').length;
        if (failed === 0) await dropSources(out);
        await executor.finish?.(failed);
        await log.finish(failed > 0 ? 'failed' : 'finished', {
          ...(failed > 0 && { error: `${failed} of ${points.length} points failed` }),
          files: ['result.json', 'points.csv', 'sweep.json'],
          ...(outcome.best && { tags: { 'sweep.best': outcome.best.label } }),
        });
        return outcome;
      } finally {
        await executor.close();
        await unlock();
      }
    } catch (error) {
      const told = error instanceof Error && !signal?.aborted ? { error: error.message } : {};
      await log.finish(signal?.aborted ? 'interrupted' : 'failed', told).catch(() => {});
      throw error;
    }
  } finally {
    await planner.close();
    await executor.close();
  }
}

/** Plans and checks the points. */
async function prepare(file: SweepFile, options: RunSweepOptions): Promise<Prepared> {
  const { resume = false, onWarning, signal, onProgress } = options;
  const settings = sweepPoints(file.sweep);
  const varying = varyingSettings(settings);
  const place = await placeSweep(file, options);
  if (place.out !== undefined) await checkSweepFolder(place.out, resume);
  const hasher = await contentHasher(place.out && join(place.out, 'inputs.json'), signal);
  const planner = pointPlanner(hasher, varying, { onWarning, signal });
  const points: PlannedPoint[] = [];
  try {
    for (const [done, each] of settings.entries()) {
      onProgress?.({ done, total: settings.length, label: 'checking points' });
      points.push(await planner.plan(each));
    }
  } catch (error) {
    await planner.close();
    throw error;
  }
  // Removes duplicates: the same edit or video under two names.
  const distinct = [...new Map(points.map((point) => [point.id, point])).values()];
  return { place, hasher, planner, varying, points: distinct };
}

function rungsOf({ sweep }: SweepFile, candidates: readonly PlannedPoint[]): number[] {
  if (!sweep.early_terminate || candidates.length < 2) return [];
  return rungs(sweep.early_terminate, Math.max(...candidates.map(({ settings }) => settings.iterations ?? 0)));
}

/** Evaluates points, those with a training rung by rung. */
async function evaluateAll(
  file: SweepFile,
  points: readonly PlannedPoint[],
  planner: PointPlanner,
  evaluation: Evaluation,
): Promise<PointOutcome[]> {
  const { early_terminate, metric } = file.sweep;
  const outcomes = new Map<string, PointOutcome>();
  const candidates = points.filter(({ settings }) => settings.iterations !== undefined);
  const conclude = (point: PlannedPoint, at: PlannedPoint, evaluated: Evaluated, status: 'done' | 'stopped'): void => {
    const { id, label, settings } = { ...point, id: at.id, settings: at.settings };
    const base = { point: id, label, settings, folder: pointFolder(evaluation.out, id) };
    const failed = 'reason' in evaluated;
    outcomes.set(
      point.id,
      failed
        ? { ...base, status: 'failed', metrics: {}, reason: evaluated.reason }
        : { ...base, status, metrics: evaluated.result.metrics },
    );
  };
  for (const iterations of rungsOf(file, candidates)) {
    const left = candidates.filter(({ id, settings }) => !outcomes.has(id) && (settings.iterations ?? 0) > iterations);
    if (left.length < 2) continue;
    const tried = await Promise.all(left.map((point) => atRung(point, iterations, planner)));
    const plain = points.filter((point) => !candidates.includes(point));
    const results = await evaluatePoints([...tried, ...plain], evaluation);
    const order = ranked(
      left.map((_, i) => i),
      (i) => metricOf(results.get(tried[i].id)!, metric?.name),
      metric?.goal,
    );
    const kept = new Set(order.slice(0, promoted(left.length, early_terminate?.eta)));
    for (const i of left.keys()) {
      const evaluated = results.get(tried[i].id)!;
      if (!kept.has(i) || 'reason' in evaluated) conclude(left[i], tried[i], evaluated, 'stopped');
    }
  }
  const left = points.filter(({ id }) => !outcomes.has(id));
  const results = await evaluatePoints(left, evaluation);
  for (const point of left) conclude(point, point, results.get(point.id)!, 'done');
  return points.map(({ id }) => outcomes.get(id)!);
}

/** The point with fewer iterations: a separate point, whose training the longer one continues. */
async function atRung(point: PlannedPoint, iterations: number, planner: PointPlanner): Promise<PlannedPoint> {
  const settings: PointSettings = { ...point.settings, iterations };
  const planned = await planner.plan(settings);
  return { ...planned, label: `${point.label} at ${iterations} iterations` };
}

function metricOf(evaluated: Evaluated, name?: string): number | null {
  return 'result' in evaluated && name !== undefined ? (evaluated.result.metrics[name] ?? null) : null;
}

/** Deletes latents and frames that no point needs any more. */
async function dropSources(out: string): Promise<void> {
  const folder = join(out, 'sources');
  if (!existsSync(folder)) return;
  for (const name of await readdir(folder)) await dropEncoded(join(folder, name));
}
