// The jobs of a sweep and their dependencies: frames are encoded once for all points with the same source, a model is
// trained once for all points that use it, and a longer training continues a shorter one. Jobs are plain data and can be
// sent to other machines.

import { join } from 'node:path';
import { canonicalJson, sha256Json } from '../../base/hash.js';
import type { PointSettings } from '../file/point-settings.js';
import type { IdentifiedPoint } from '../points/identify-point.js';
import { pointFolder, sourceFolder, stageFolder, trainingFolder } from '../sweep-folder.js';

interface JobBase {
  /** Equal for equal work. */
  readonly id: string;
  /** Text for messages. */
  readonly label: string;
  /** Ids of jobs that must be finished before. */
  readonly needs: readonly string[];
  /** Jobs with equal texts use the same model: a worker that has it open is faster. */
  readonly model: string;
  readonly settings: PointSettings;
  /** Amount of work in passes of the UNet; 0 if unknown. */
  readonly passes: number;
}

/** Reads and encodes frames, and measures the autoencoder's round trip. */
export interface SourceJob extends JobBase {
  readonly kind: 'source';
  readonly folder: string;
}

/** Trains up to a number of iterations, from the nearest earlier stage. */
export interface TrainingJob extends JobBase {
  readonly kind: 'training';
  /** The training's folder, shared by its stages. */
  readonly folder: string;
  /** The folder of the resulting weights. */
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

/** A job of a sweep. */
export type Job = SourceJob | TrainingJob | PointJob;

/**
 * A point with its label and amount of work.
 *
 * @inline
 */
export interface PlannedPoint extends IdentifiedPoint {
  readonly label: string;
  /** Number of UNet passes for its frames; 0 if unknown. */
  readonly passes: number;
}

/**
 * The jobs of points, without duplicates, each after its dependencies.
 *
 * @param isDone returns whether a stage's folder exists
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

/** Trainings by length, each dependent on the next shorter one in the same folder, with the remaining passes. */
function inStages(jobs: readonly TrainingJob[]): TrainingJob[] {
  const sorted = [...jobs].sort((a, b) => a.iterations - b.iterations);
  return sorted.map((job, i) => {
    const before = sorted.slice(0, i).findLast(({ folder }) => folder === job.folder);
    const { training_batch = 1, accumulate = 1, prior_preservation = 0 } = job.settings;
    const rows = training_batch * accumulate * (prior_preservation > 0 ? 2 : 1);
    // Forward and backward passes together take about three times as long as the forward pass.
    const passes = 3 * rows * (job.iterations - (before?.iterations ?? 0));
    return { ...job, passes, needs: before ? [before.id] : [] };
  });
}

function modelKey(settings: PointSettings): string {
  const {
    model,
    config,
    vae,
    prediction,
    variant,
    loras = [],
    embeddings = [],
    controls,
    clip_skip = 0,
    device,
    engine,
    precision,
  } = settings;
  const parts = {
    model,
    config,
    vae,
    prediction,
    variant,
    loras,
    embeddings,
    controls,
    clip_skip,
    device,
    engine,
    precision,
  };
  return sha256Json(canonicalJson(parts));
}

/** Path of a job's record within its folder; if it exists, the job is done. */
export function recordPath(job: Job): string {
  return join(job.kind === 'training' ? job.stage : job.folder, 'result.json');
}
