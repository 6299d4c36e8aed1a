// How long the remaining jobs of a planned sweep take on this machine: their parts are timed, and counted.

import { groupBy } from '../base/group-by.js';
import { loadModel, type Model } from '../models/model.js';
import { openSource } from '../renderings/comparison-plan.js';
import { partSeconds, type TimedOptions } from '../renderings/part-seconds.js';
import { renderedFrames } from '../renderings/rendering.js';
import type { Job } from './jobs/job.js';
import { modelOptions, renderOptions, sourceOptions } from './points/point-options.js';

/** Options of the estimate. */
export interface SecondsLeftOptions {
  readonly signal?: AbortSignal;
  readonly onWarning?: (message: string) => void;
}

/**
 * Seconds of jobs, one after the other, without writing videos; a training's passes count as plain ones. Parts run on two
 * frames, once for all jobs of which they are the same. Undefined where a video does not tell its length.
 */
export async function secondsLeft(jobs: readonly Job[], options: SecondsLeftOptions): Promise<number | undefined> {
  let sum = 0;
  for (const alike of groupsOf(jobs, ({ settings }) => ({ path: settings.model, ...modelOptions(settings) }))) {
    const [{ settings }] = alike;
    const model = await loadModel(settings.model, { ...modelOptions(settings), onWarning: options.onWarning });
    try {
      for (const same of groupsOf(alike, (job) => [job.settings.video, sourceOptions(job.settings)])) {
        const seconds = await secondsOf(same, model, options);
        if (seconds === undefined) return undefined;
        sum += seconds;
      }
    } finally {
      await model.dispose();
    }
  }
  return sum;
}

/** The jobs of one model and one source. */
async function secondsOf(jobs: readonly Job[], model: Model, options: SecondsLeftOptions): Promise<number | undefined> {
  const [{ settings }] = jobs;
  const video = await openSource(model, settings.video, { ...sourceOptions(settings), ...options });
  const frames = video.expectedFrames;
  if (frames === undefined) return undefined;
  const [sources, others] = [true, false].map((is) => jobs.filter(({ kind }) => (kind === 'source') === is));
  const points = others.filter(({ kind }) => kind === 'point');
  let seconds = 0;
  for (const alike of groupsOf(others, rowsOf)) {
    const parts = await partSeconds(model, video, rowOptions(alike[0]));
    const passes = alike.reduce((sum, job) => sum + job.passes, 0);
    if (passes > 0) seconds += passes * (await parts.pass());
    const steady = alike.filter((job) => job.kind === 'point' && job.settings.steady).length;
    if (steady > 0) seconds += steady * frames * (await parts.motion());
  }
  if (sources.length + points.length === 0) return seconds;
  const parts = await partSeconds(model, video, renderOptions(settings));
  const [decode, measure] = [await parts.decode(), await parts.measure()];
  if (sources.length > 0) seconds += sources.length * frames * ((await parts.encode()) + decode);
  const rendered = points.reduce((sum, job) => sum + renderedFrames(renderOptions(job.settings), frames), 0);
  return seconds + rendered * decode + (sources.length + points.length) * frames * measure;
}

/** All on which the time of a job's passes and motion depends. */
function rowsOf({ kind, settings }: Job): object {
  const { batch, guidance, guidance_schedule, cache_interval, steady, flow } = settings;
  if (kind === 'training') return { kind };
  return { kind, batch, guided: guidance_schedule ?? guidance !== 1, cache_interval, steady, flow };
}

/** Trainings take rows one at a time, without guidance. */
function rowOptions({ kind, settings }: Job): TimedOptions {
  const options = renderOptions(settings);
  return kind === 'training' ? { ...options, batch: 1, guidanceScale: 1, guidanceSchedule: undefined } : options;
}

function groupsOf(jobs: readonly Job[], key: (job: Job) => object): Job[][] {
  return [...groupBy(jobs, (job) => JSON.stringify(key(job))).values()];
}
