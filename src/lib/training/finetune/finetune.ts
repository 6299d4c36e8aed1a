// Finetunes a model on a video: on its frames, and on edited frames as targets of a prompt (a deep video prior for
// diffusion). work.ts has the parts of an update, train.ts the loop.

import { type AwaitableSteps, awaitableSteps } from '../../base/awaitable-steps.js';
import { UsageError } from '../../base/errors.js';
import { given } from '../../base/given.js';
import type { Settings } from '../../base/settings.js';
import { noiseSchedule } from '../../diffusion/noise-schedule.js';
import { loadModel, type Model } from '../../models/model.js';
import { withProgress } from '../../tracking/log/log-progress.js';
import { beginWork, type TrackedWork } from '../../tracking/log/tracked-work.js';
import { openForModel } from '../../video/read/open-for-model.js';
import { openVideo } from '../../video/read/open-video.js';
import type { Video, VideoInput } from '../../video/read/video.js';
import { smallPicture } from '../../video/small-picture.js';
import { adamw } from '../loop/adamw.js';
import type { TrainingState } from '../loop/checkpoint.js';
import { constantAfterWarmup, cosineAfterWarmup, type LearningRate } from '../loop/learning-rate.js';
import { train } from '../loop/train.js';
import { checkRanges } from '../loss/denoising-batch.js';
import { encodeItems, type TakenFrames, takeFrames, withWarpedNoise } from './encode-items.js';
import {
  type FinetuneFolder,
  nearestCheckpoint,
  openFinetuneFolder,
  saveCheckpoint,
  type TrainingRecord,
} from './folder.js';
import { finetuneRun, logCourse, logFinetuneResult, logPreview, logStep } from './log.js';
import {
  assertTrainable,
  type FinetuneOptions,
  type FinetuneSettings,
  finetuneSettings,
  isCheckpoint,
  resumeSettings,
  whatIsTrained,
} from './options.js';
import { type PreviewPlan, planPreviews, previewFrames, previewSettings } from './preview.js';
import { type FinetuneResult, type StoredResult, writeCheckpointWeights, writeFinetuneResult } from './result.js';
import type { FinetuneStep } from './step.js';
import { sourceOf, trainedSource } from './trained-source.js';
import { type TrainedWeights, trainedWeights } from './trained-weights.js';
import { warnOfMovedEdits } from './warn-of-moved-edits.js';
import { type Look, prepareFinetuning } from './work.js';

/** A finetuning: `await` returns its result, `for await` iterates over its updates. */
export interface Finetuning extends AwaitableSteps<FinetuneStep, FinetuneResult> {}

/**
 * Finetunes `model` on `video` (a path is read at the model's training size):
 * `const tuned = await finetune(model, video, options)`, then `tuned.model()` opens the result.
 *
 * The training begins when it is first awaited or iterated: `for await (const step of finetuning)` runs it update by update,
 * and `await finetuning` after the loop returns the result. Leaving the loop interrupts the training; `resume` continues it.
 *
 * It is logged as a run. The folder `out` has `lora.safetensors`, or `model/` if the UNet's own weights were trained, and
 * `result.json`, `checkpoints/` and `previews/`. The same settings give bit-identical results, also after interruptions.
 * LoRA files that the model was opened with stay applied and are not trained. The caller still owns the model.
 *
 * @throws UsageError for an edit with another size or of a frame that does not exist, an empty training set, or a resume
 *   with other settings, which are listed
 * @throws NonFiniteError when the loss is not finite, naming the item; FailureError when the disk is full. Checkpoints are
 *   kept
 */
export function finetune(model: Model, video: VideoInput, options: FinetuneOptions): Finetuning {
  return awaitableSteps('finetune', run(model, video, options));
}

async function* run(
  model: Model,
  video: VideoInput,
  options: FinetuneOptions,
): AsyncGenerator<FinetuneStep, FinetuneResult, undefined> {
  const { signal, resume = false } = options;
  const plan = await planFinetuning(model, video, finetuneSettings(options));
  const tracked = await beginWork(finetuneRun(model, plan.settings, plan.stored, options), (folder) =>
    openFinetuneFolder(folder, plan.stored, resume),
  );
  try {
    options.onFolder?.(tracked.folder.out);
    const result = yield* trainInto(tracked, model, plan, options);
    await logFinetuneResult(tracked.run, result);
    await tracked.finish();
    const base = sourceOf(model);
    return {
      ...result,
      model(engine = {}) {
        const { path, options } = trainedSource({ kind: result.kind, weights: result.result }, base);
        return loadModel(path, { ...options, ...given(engine) });
      },
    };
  } catch (error) {
    await tracked.fail(error, signal);
    throw error;
  } finally {
    await tracked.close();
  }
}

/** A finetuning before its folder is opened. */
interface FinetunePlan {
  readonly settings: FinetuneSettings;
  readonly trained: TrainedWeights;
  readonly video: Video;
  readonly frames: TakenFrames;
  readonly previews: { readonly frames: readonly number[]; readonly settings: PreviewPlan['settings'] };
  /** Everything that determines the result bit by bit. */
  readonly stored: Settings;
}

async function planFinetuning(model: Model, input: VideoInput, settings: FinetuneSettings): Promise<FinetunePlan> {
  const { edits, signal } = settings;
  if (model.config.unet.guidanceDim !== undefined) {
    throw new UsageError(
      `finetune: ${model.path} was distilled to take the guidance scale as an input, which this training would undo; finetune the model that it was distilled from`,
    );
  }
  assertTrainable(model);
  checkRanges({ ...settings, schedule: noiseSchedule(model.config.schedule) });
  const trained = trainedWeights(model.checkpoint, whatIsTrained(settings), settings.trainingSeed);
  const shown = (count: number): number[] => previewFrames(count, settings.preview);
  const hooks = given({ signal, onWarning: settings.onWarning });
  const video =
    typeof input === 'string'
      ? await openForModel(model, input, hooks)
      : await openVideo(input, { exact: true, ...hooks });
  const frames = await takeFrames(video, { trainingFrames: settings.trainingFrames, edits, also: shown, signal });
  await warnOfMovedEdits(edits, frames.taken, settings.onWarning);
  const previews = {
    frames: shown(frames.count),
    settings: previewSettings(settings.preview, edits[0]?.prompt ?? ''),
  };
  return {
    settings,
    trained,
    video,
    frames,
    previews,
    stored: await resumeSettings(model, frames, previews, settings),
  };
}

function learningRateOf({ schedule, learningRate, warmup, iterations }: FinetuneSettings): LearningRate {
  if (schedule === 'constant') return constantAfterWarmup(learningRate, warmup);
  return cosineAfterWarmup(learningRate, iterations, warmup);
}

/** Trains in an open folder, from its nearest checkpoint, and logs the updates. */
async function* trainInto(
  { folder: { out }, run, resumed }: TrackedWork<FinetuneFolder>,
  model: Model,
  { settings: asked, trained, video, frames, previews, stored }: FinetunePlan,
  { resume = false, onStep }: Pick<FinetuneOptions, 'resume' | 'onStep'>,
): AsyncGenerator<FinetuneStep, StoredResult, undefined> {
  const settings = withProgress(run, asked);
  const { edits, iterations, signal, previewEvery, checkpointEvery, averageDecay, onProgress } = settings;
  const sought = { iterations, names: trained.names, settings: stored, onWarning: settings.onWarning };
  const nearest = resume ? await nearestCheckpoint(out, sought) : null;
  const record: TrainingRecord = nearest?.record ?? { losses: [], gradientNorms: [], seconds: 0, forgetting: [] };
  delete record.interrupted;
  let state: TrainingState | null = nearest?.state ?? null;
  let keptAt = state?.iteration ?? 0;
  if (resumed) await run.rewind(keptAt + 1);
  else logCourse(run, record);

  const clean = await encodeItems(model, frames, edits, settings);
  const encoded = settings.trainingNoise === 'warped' ? await withWarpedNoise(clean, video, settings) : clean;
  const plan = await planPreviews(model, out, previews, video);
  const work = await prepareFinetuning(model, trained, encoded, settings);
  const previewDue = (iteration: number): boolean =>
    previewEvery > 0 && (iteration % previewEvery === 0 || iteration === iterations);
  const resultOf = ({ average, weights }: TrainingState) => average ?? weights;
  let since = performance.now();
  const keep = async (now: TrainingState): Promise<void> => {
    record.seconds += (performance.now() - since) / 1000;
    since = performance.now();
    await saveCheckpoint(out, { state: now, record, settings: stored }, (folder) =>
      writeCheckpointWeights(folder, model, trained, resultOf(now)),
    );
    keptAt = now.iteration;
  };
  const look = async (now: TrainingState | null, withPreview: boolean): Promise<Look> => {
    const iteration = now?.iteration ?? 0;
    const seen = await work.look(now && resultOf(now), iteration, withPreview ? plan : null);
    const known = record.forgetting.some((entry) => entry.iteration === iteration);
    if (seen.forgetting !== undefined && !known) record.forgetting.push({ iteration, value: seen.forgetting });
    return seen;
  };
  try {
    let before = previewDue(keptAt) ? (await look(state, true)).preview : undefined;
    if (before) await logPreview(run, before);
    const steps = train({
      program: work.program,
      weights: trained.initial,
      optimizer: adamw({ weightDecay: settings.weightDecay }),
      learningRate: learningRateOf(settings),
      iterations,
      batch: work.batch,
      describe: work.describe,
      accumulate: settings.accumulate,
      ...(settings.clipNorm < Infinity && { clipNorm: settings.clipNorm }),
      ...(averageDecay !== undefined && { averageDecay }),
      folder: out,
      // A checkpoint contains the measurements after its update, so it is stored below.
      store: { load: async () => state, save: async () => {} },
      saveAfter: (iteration) => isCheckpoint(iteration, checkpointEvery),
      settings: stored,
      ...(signal && { signal }),
    });
    for await (const { state: now, ...step } of steps) {
      state = now;
      record.losses.push(step.loss);
      record.gradientNorms.push(step.gradientNorm);
      const due = previewDue(step.iteration);
      const seen = due || step.saved ? await look(now, due) : {};
      if (step.saved) await keep(now);
      await logStep(run, step, seen);
      const { iteration, loss, secondsLeft } = step;
      const detail = `loss ${loss.toPrecision(4)}`;
      const sheet = (seen.preview ?? before)?.sheet;
      onProgress({
        ...{ done: iteration, total: iterations, label: 'training', phase: 'training', detail },
        ...given({ secondsLeft, picture: sheet && (await smallPicture(sheet)) }),
      });
      const update: FinetuneStep = { ...step, ...seen, ...given({ before }) };
      before = undefined;
      onStep?.(update);
      yield update;
    }
    record.seconds += (performance.now() - since) / 1000;
    const { adapters } = trained;
    const { items } = frames;
    const finished = { adapters, weights: resultOf(state!), items, record, settings: stored };
    return await writeFinetuneResult(out, model, finished);
  } catch (error) {
    // A stopped training saves its state.
    if (signal?.aborted && state && state.iteration > keptAt) {
      // A planned checkpoint stays, as without the interruption.
      const planned = state.iteration === iterations || isCheckpoint(state.iteration, checkpointEvery);
      if (!planned) record.interrupted = true;
      await keep(state);
    }
    throw error;
  } finally {
    await work.dispose();
  }
}
