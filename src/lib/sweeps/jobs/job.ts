// The jobs of a sweep and what each of them needs: frames are encoded once for all points that show them, a model is trained once
// for all that use it, and a shorter training is the beginning of a longer one. A job is plain data, fit for another machine.

import { join } from 'node:path';
import { canonicalJson, sha256Json } from '../../base/hash.js';
import type { PointSettings } from '../file/point-settings.js';
import type { IdentifiedPoint } from '../points/identify-point.js';
import { pointFolder, sourceFolder, stageFolder, trainingFolder } from '../sweep-folder.js';

interface JobBase {
  /** The same for the same work. */
  readonly id: string;
  /** In words. */
  readonly label: string;
  /** Ids of jobs that must be done before. */
  readonly needs: readonly string[];
  /** Jobs with equal texts open the same model: a worker that has it open is quicker. */
  readonly model: string;
  readonly settings: PointSettings;
  /** How much it is to do, in passes of the UNet; 0 where that is not known. */
  readonly passes: number;
}

/** Reads and encodes frames, and measures what the autoencoder alone does to them. */
export interface SourceJob extends JobBase {
  readonly kind: 'source';
  readonly folder: string;
}

/** Trains up to a number of iterations, from the nearest stage before. */
export interface TrainingJob extends JobBase {
  readonly kind: 'training';
  /** The training's folder, shared by its stages. */
  readonly folder: string;
  /** Where the weights lie afterwards. */
  readonly stage: string;
  readonly iterations: number;
}

/** Renders and measures one point. */
export interface PointJob extends JobBase {
  readonly kind: 'point';
  readonly folder: string;
  readonly point: string;
  readonly identity: Readonly<Record<string, unknown>>;
  /** The folder of the encoded frames. */
  readonly source: string;
  /** The folder of the trained weights. */
  readonly stage?: string;
}

/** One piece of a sweep's work. */
export type Job = SourceJob | TrainingJob | PointJob;

/**
 * A point to plan for: how it is called, and how much work it is.
 *
 * @inline
 */
export interface PlannedPoint extends IdentifiedPoint {
  readonly label: string;
  /** Passes of the UNet that its frames take; 0 where that is not known. */
  readonly passes: number;
}

/**
 * The jobs that points need, none of them twice, each after those that it needs.
 *
 * @param isDone tells of a stage's folder whether it is there already
 */
export function planJobs(out: string, points: readonly PlannedPoint[], isDone: (stage: string) => boolean): Job[] {
  const sources = new Map<string, SourceJob>();
  const trainings = new Map<string, TrainingJob>();
  const renders: PointJob[] = [];
  for (const point of points) {
    const { id, identity, settings, sourceId, trainingId, label, passes } = point;
    const base = modelKey(settings);
    const source = sourceFolder(out, sourceId);
    const sourceJob = `source ${sourceId}`;
    if (!sources.has(sourceId)) {
      const job = { id: sourceJob, label: 'encoding frames', needs: [], model: base, settings, passes: 0 };
      sources.set(sourceId, { kind: 'source', folder: source, ...job });
    }
    const { iterations = 0 } = settings;
    const stage = trainingId && stageFolder(out, trainingId, iterations);
    const trainingJob = trainingId && `training ${trainingId} ${iterations}`;
    if (trainingId && stage && trainingJob && !isDone(stage) && !trainings.has(trainingJob)) {
      trainings.set(trainingJob, {
        kind: 'training',
        id: trainingJob,
        folder: trainingFolder(out, trainingId),
        ...{ stage, iterations, settings, model: base, needs: [], passes: 0 },
        label: `training ${iterations} iterations`,
      });
    }
    renders.push({
      kind: 'point',
      id: `point ${id}`,
      folder: pointFolder(out, id),
      point: id,
      ...{ identity, source, label, settings, passes },
      needs: [sourceJob, ...(trainingJob && trainings.has(trainingJob) ? [trainingJob] : [])],
      ...(stage && { stage }),
      model: stage ? `${base} ${stage}` : base,
    });
  }
  return [...inStages([...trainings.values()]), ...sources.values(), ...renders];
}

/** Trainings in the order of their lengths, each after the shorter one in the same folder, with the passes that are left to it. */
function inStages(jobs: readonly TrainingJob[]): TrainingJob[] {
  const sorted = [...jobs].sort((a, b) => a.iterations - b.iterations);
  return sorted.map((job, i) => {
    const before = sorted.slice(0, i).findLast(({ folder }) => folder === job.folder);
    const { training_batch = 1, accumulate = 1, prior_preservation = 0 } = job.settings;
    const rows = training_batch * accumulate * (prior_preservation > 0 ? 2 : 1);
    // Forward and backward together take about three times as long as forward.
    const passes = 3 * rows * (job.iterations - (before?.iterations ?? 0));
    return { ...job, passes, needs: before ? [before.id] : [] };
  });
}

function modelKey(settings: PointSettings): string {
  const { model, config, vae, prediction, variant, loras = [], embeddings = [], clip_skip = 0, device } = settings;
  return sha256Json(canonicalJson({ model, config, vae, prediction, variant, loras, embeddings, clip_skip, device }));
}

/** Path of a job's record within the folder that it fills: whoever finds it need not do the job again. */
export function recordPath(job: Job): string {
  return join(job.kind === 'training' ? job.stage : job.folder, 'result.json');
}
