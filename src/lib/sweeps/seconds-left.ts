// How long the remaining jobs of a planned sweep take on this machine: their parts are timed, and counted.

import { loadModel, type Model } from '../models/model.js';
import { openSource } from '../renderings/comparison-plan.js';
import { type PartSeconds, partSeconds } from '../renderings/part-seconds.js';
import { renderedFrames } from '../renderings/rendering.js';
import { givenSettings } from '../settings/defaults.js';
import { MASKED } from '../settings/table.js';
import type { PointSettings } from './file/point-settings.js';
import type { Job } from './jobs/job.js';
import { modelOptions, renderOptions, sourceOptions } from './points/point-options.js';

/** Options of the estimate. */
export interface SecondsLeftOptions {
  readonly signal?: AbortSignal;
  readonly onWarning?: (message: string) => void;
}

/**
 * Seconds of jobs, one after the other, without writing videos; a training's passes count as plain ones. Each part runs on
 * two frames, once for all jobs that render alike. Undefined where a video does not tell its length.
 */
export async function secondsLeft(jobs: readonly Job[], options: SecondsLeftOptions): Promise<number | undefined> {
  let sum = 0;
  for (const alike of groups(jobs, ({ settings }) => modelOf(settings))) {
    const model = await loadModel(alike[0].settings.model, {
      ...modelOptions(alike[0].settings),
      onWarning: options.onWarning,
    });
    try {
      for (const same of groups(alike, timed)) {
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

/** Jobs of which each part takes the same time. */
async function secondsOf(
  jobs: readonly Job[],
  model: Model,
  { signal, onWarning }: SecondsLeftOptions,
): Promise<number | undefined> {
  const [{ kind, settings }] = jobs;
  const options = renderOptions(settings);
  const video = await openSource(model, settings.video, {
    ...sourceOptions(settings),
    ...givenSettings(MASKED, options),
    ...{ signal, onWarning },
  });
  const frames = video.expectedFrames;
  if (frames === undefined) return undefined;
  // Trainings take rows one at a time, without guidance; their weights are not those of any strength.
  const row = { batch: 1, guidanceScale: 1, guidanceSchedule: undefined };
  const parts = await partSeconds(model, video, kind === 'training' ? { ...options, ...row } : options);
  const passes = jobs.reduce((sum, job) => sum + job.passes, 0);
  const denoising = passes > 0 ? passes * (await parts.pass()) : 0;
  if (kind === 'training') return denoising;
  if (kind === 'source') return jobs.length * frames * (await each(parts, ['encode', 'decode', 'measure']));
  const rendered = jobs.reduce((sum, job) => sum + renderedFrames(renderOptions(job.settings), frames), 0);
  const measured = await each(parts, settings.steady ? ['measure', 'motion'] : ['measure']);
  return denoising + rendered * (await parts.decode()) + jobs.length * frames * measured;
}

async function each(parts: PartSeconds, names: readonly (keyof PartSeconds)[]): Promise<number> {
  let seconds = 0;
  for (const name of names) seconds += await parts[name]();
  return seconds;
}

function groups(jobs: readonly Job[], key: (job: Job) => object): Job[][] {
  const found = new Map<string, Job[]>();
  for (const job of jobs) {
    const text = JSON.stringify(key(job));
    found.set(text, [...(found.get(text) ?? []), job]);
  }
  return [...found.values()];
}

const modelOf = (settings: PointSettings): object => ({ path: settings.model, ...modelOptions(settings) });

/** All on which the time of a job's parts depends. */
function timed({ kind, settings }: Job): object {
  const { batch, guidance, guidance_schedule, cache_interval, anchor, steady, flow, video } = settings;
  const rows =
    kind === 'point'
      ? { batch, guided: guidance_schedule ?? guidance !== 1, cache_interval, anchor, steady, flow }
      : {};
  return { kind, video, source: sourceOptions(settings), ...rows };
}
