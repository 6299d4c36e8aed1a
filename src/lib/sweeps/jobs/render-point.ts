// Renders and measures one point of a sweep: its video, a comparison with the source, its curves, and its record.

import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { removeLeftovers } from '../../base/atomic-file.js';
import { makeFolder } from '../../base/atomic-folder.js';
import { DamageError } from '../../base/errors.js';
import { waitForLock } from '../../base/folder-lock.js';
import { sha256File } from '../../base/hash.js';
import { damageOf, readSealedJson, writeSealedJson } from '../../base/sealed-json.js';
import type { Measurement } from '../../metrics/measurement.js';
import type { Model } from '../../models/model.js';
import { openSource } from '../../renderings/comparison-plan.js';
import { writeCurves } from '../../renderings/curves.js';
import { gridOf, openRenderedVideo } from '../../renderings/rendered-video.js';
import { planRendering, type Rendering } from '../../renderings/rendering.js';
import { givenSettings } from '../../settings/defaults.js';
import { MASKED } from '../../settings/table.js';
import { trainedSource } from '../../training/finetune/trained-source.js';
import type { PointSettings } from '../file/point-settings.js';
import { pointComment } from '../points/point-comment.js';
import { modelOptions, renderOptions, sourceOptions } from '../points/point-options.js';
import type { JobHooks, OpenModel } from './executor.js';
import type { PointJob } from './job.js';
import { takeEncoded } from './source-job.js';
import { readStage, type StageResult } from './training-job.js';

/**
 * The content of `points/ID/result.json`. Its bytes depend only on the settings.
 *
 * @inline
 */
export interface PointResult {
  /** SHA-256 of `settings`. */
  readonly point: string;
  /** Everything that determines the result bit by bit, files as hashes. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Names of the hashed files. */
  readonly names: { readonly video: string; readonly model: string };
  readonly frames: number;
  readonly frameRate: number;
  readonly width: number;
  readonly height: number;
  /** The first executed timestep, by which samplers are compared (not by strength). */
  readonly firstTimestep: number;
  /** Number of network evaluations per frame. */
  readonly evaluations: number;
  /** Metrics of the video and, if a model was trained, of its training. */
  readonly metrics: Readonly<Record<string, number | null>>;
  /** Metrics of the source itself: the floor of every consistency metric. */
  readonly source: Measurement['means'];
  /** Files in the point's folder with their SHA-256. */
  readonly files: Readonly<Record<'output.mp4' | 'comparison.mp4' | 'curves.csv', string>>;
}

const RESULT = 'result.json';
const WORK = '.partial';

/**
 * The result of a point, or null if it is not finished or damaged, so that it must be rendered again.
 *
 * @param onWarning called with a message about damage
 */
export async function readPoint(
  folder: string,
  id: string,
  onWarning?: (message: string) => void,
): Promise<PointResult | null> {
  if (!existsSync(join(folder, RESULT))) return null;
  try {
    const { value: result } = await readSealedJson<PointResult>(join(folder, RESULT));
    const damage = await damageOf(folder, result.files);
    if (damage.length > 0) throw new DamageError(damage.join('; '));
    return result.point === id ? result : null;
  } catch (error) {
    if (!(error instanceof DamageError)) throw error;
    onWarning?.(`${error.message}: the point is made again`);
    return null;
  }
}

/** Removes the work folder of a finished point, which remains if a process is killed right after finishing. */
export async function dropWork(folder: string): Promise<void> {
  await rm(join(folder, WORK), { recursive: true, force: true });
}

/** The point as a rendering. Its label does not depend on the sweep. */
export function pointRendering(settings: PointSettings): Rendering {
  const { iterations, steady } = settings;
  const strength = settings.strength_schedule ?? settings.strength;
  const guidance = settings.guidance_schedule ?? settings.guidance;
  const trained = iterations === undefined ? '' : `, ${iterations} iterations`;
  return {
    name: 'output',
    label: `strength ${strength}, guidance ${guidance}${trained}${steady ? ', steady' : ''}`,
    options: renderOptions(settings),
  };
}

/**
 * Renders a point, continuing where an earlier process stopped.
 *
 * @throws UsageError for invalid settings; FailureError when numbers turn NaN or the disk is full
 */
export async function renderPoint(job: PointJob, openModel: OpenModel, hooks: JobHooks): Promise<void> {
  const { folder, point, settings, identity } = job;
  const { signal, onWarning } = hooks;
  const work = join(folder, WORK);
  if (await readPoint(folder, point)) return;
  await makeFolder(work);
  const unlock = await waitForLock(work, folder, { signal });
  let done = false;
  try {
    done = (await readPoint(folder, point)) !== null;
    if (done) return;
    await rm(join(folder, RESULT), { force: true }); // a damaged one
    await removeLeftovers(folder);
    const stage = job.stage === undefined ? undefined : await readStage(job.stage);
    const model = await openTrained(job, stage, openModel, onWarning);
    const masked = givenSettings(MASKED, renderOptions(settings));
    const video = await openSource(model, settings.video, { ...sourceOptions(settings), ...masked, signal, onWarning });
    await takeEncoded(job.source, work);
    const rendering = pointRendering(settings);
    const rendered = await openRenderedVideo(model, video, { work, expected: 1 }, hooks);
    let result: PointResult;
    try {
      await rendered.render([rendering]);
      const output = () => rendered.rendering(rendering.name);
      const judged = await rendered.judge({ output }, { masked });
      const comparison = gridOf(
        [
          ['original', rendered.source],
          [rendering.label, output],
        ],
        2,
      );
      const videos = { 'output.mp4': output, 'comparison.mp4': comparison };
      const comment = pointComment(job);
      const comments = { 'output.mp4': comment, 'comparison.mp4': comment };
      const { frameRate } = await rendered.write(folder, videos, { comments });
      await writeCurves(join(folder, 'curves.csv'), { source: judged.source, output: judged.outputs.output });
      const { firstTimestep, evaluations } = planRendering(model, rendering);
      const { width, height } = video;
      result = {
        ...{ point, settings: identity, names: { video: basename(settings.video), model: basename(settings.model) } },
        ...{ frames: rendered.frames, frameRate, width, height, firstTimestep, evaluations },
        metrics: { ...judged.outputs.output.means, ...stage?.metrics },
        source: judged.source.means,
        files: {
          'output.mp4': await sha256File(join(folder, 'output.mp4')),
          'comparison.mp4': await sha256File(join(folder, 'comparison.mp4')),
          'curves.csv': await sha256File(join(folder, 'curves.csv')),
        },
      };
    } finally {
      await rendered.close();
    }
    await writeSealedJson(join(folder, RESULT), result);
    done = true;
  } finally {
    await unlock();
    if (done) await rm(work, { recursive: true, force: true });
  }
}

/** The point's model: with the trained updates in addition to others, or the trained model in place of the base. */
function openTrained(
  { settings, stage: folder }: PointJob,
  stage: StageResult | undefined,
  openModel: OpenModel,
  onWarning: JobHooks['onWarning'],
): Promise<Model> {
  const base = { path: settings.model, options: { ...modelOptions(settings), ...(onWarning && { onWarning }) } };
  const trained = stage && folder !== undefined && { kind: stage.kind, weights: join(folder, stage.weights) };
  const { path, options } = trained ? trainedSource(trained, base) : base;
  return openModel(path, options);
}
