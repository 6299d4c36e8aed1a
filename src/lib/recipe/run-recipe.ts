// Runs the published recipe on one video: the plain model at several strengths, an edited frame, finetuned models, and the
// arms without training. claims.ts interprets the numbers, report.ts shows them.

import { rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Settings } from '../base/settings.js';
import { flowMedian } from '../consistency/flow-median.js';
import type { Model } from '../models/model.js';
import { type ComparisonFolder, openComparisonFolder } from '../renderings/comparison-folder.js';
import { openSource } from '../renderings/comparison-plan.js';
import { settingsOf } from '../renderings/comparison-settings.js';
import { writeCurves } from '../renderings/curves.js';
import { frameCounter } from '../renderings/log-comparison.js';
import { gridOf, openRenderedVideo, type Readable, type RenderedVideo } from '../renderings/rendered-video.js';
import { planRenderings, type Rendering, type RenderingPlan } from '../renderings/rendering.js';
import { identifyingSteadiness } from '../settings/stored.js';
import { withProgress } from '../tracking/log/log-progress.js';
import { type TrackedWork, trackWork } from '../tracking/log/tracked-work.js';
import { hashFrame } from '../training/finetune/encode-items.js';
import { locationOf, type RepeatableVideo, type Video } from '../video/read/video.js';
import { sayTiming } from '../video/times/timing-note.js';
import { gridArms, gridLabel, MEDIAN, ROUND_TRIP, recipeArms } from './arms.js';
import { claimArms, recipeClaims } from './claims.js';
import { judgeRecipe } from './judge.js';
import { logRecipe, recipeRun } from './log.js';
import { recipeComment } from './made-with.js';
import { pickRecipeEdit } from './pick-edit.js';
import type { RecipePlan } from './plan.js';
import { plainRenderings, type TunedRendering, tunedRenderings } from './renderings.js';
import { REPORT, writeRecipeReport } from './report.js';
import { type RecipeArm, type RecipeResult, type RecipeTraining, TRUTH } from './result.js';
import { trainArm } from './train-arm.js';

/** The source among the written videos. */
const ORIGINAL = 'original.mp4';

/** The folder and the result of the recipe. */
export interface RecipeOutcome {
  /** Absolute path of the folder. */
  readonly out: string;
  /** Absolute path of the report. */
  readonly report: string;
  readonly result: RecipeResult;
}

/**
 * Runs every stage and writes videos, grid, numbers and report into a folder. Can be continued after an interruption.
 *
 * @throws UsageError for a bad video, strength, prompt or folder; FailureError when numbers turn NaN or the disk is full
 */
export async function runRecipe(model: Model, source: RepeatableVideo, options: RecipePlan): Promise<RecipeOutcome> {
  const plain = plainRenderings(options);
  const planned = planRenderings(model, plain);
  const video = await openSource(model, source, options);
  const settings = await recipeSettings(model, source, plain, options);
  const asked = recipeRun(model, { kind: 'experiment', video: source, renderings: plain }, settings, options);
  const open = (out: string): Promise<ComparisonFolder> =>
    openComparisonFolder(out, settings, options.resume ?? false, options.onWarning);
  return trackWork(asked, open, (work) => runStages(work, model, { source, plain, planned, video, settings }, options));
}

/** The state before the first stage. */
interface OpenedRecipe {
  readonly source: RepeatableVideo;
  readonly plain: readonly Rendering[];
  readonly planned: readonly RenderingPlan[];
  readonly video: Video;
  readonly settings: Settings;
}

async function runStages(
  work: TrackedWork<ComparisonFolder>,
  model: Model,
  { source, plain, planned, video, settings }: OpenedRecipe,
  asked: RecipePlan,
): Promise<RecipeOutcome> {
  const { folder, run } = work;
  const options = withProgress(run, asked);
  const { signal, truth, strengths } = options;
  const out = folder.out;
  options.onFolder?.(out);
  const seconds: Record<string, number> = {};
  const timed = async <T>(stage: string, work: () => Promise<T>): Promise<T> => {
    const start = performance.now();
    signal?.throwIfAborted();
    const result = await work();
    seconds[stage] = (seconds[stage] ?? 0) + (performance.now() - start) / 1000;
    return result;
  };
  const unopened = tunedRenderings(options);
  const logged = async (result: RecipeResult): Promise<RecipeOutcome> => {
    await logRecipe(work, model, { out, result, renderings: [...plain, ...unopened] }, options);
    return { out, report: join(out, REPORT), result };
  };
  if (folder.finished !== null) return logged(folder.finished as RecipeResult);
  const opened: Model[] = [];
  const count = frameCounter(run);
  const expected = plain.length + unopened.length;
  // Counts frames of all renderings, including those with models that are not yet trained.
  const onFrame = (done: number): void => count(done, rendered.frames * expected);
  const place = { work: folder.work, expected };
  const rendered = await timed('plain renderings', () =>
    openRenderedVideo(model, video, place, { ...options, onFrame }),
  );
  try {
    await timed('plain renderings', () => rendered.render(plain));
    const edit = await timed('edited frame', () =>
      pickRecipeEdit(model, rendered, { out, work: folder.work }, options),
    );
    const trainings: RecipeTraining[] = [];
    const tuned: TunedRendering[] = [];
    for (const arm of options.tuned) {
      const learned = { arm, picked: edit.edits };
      const trained = await timed('finetuning', () => trainArm(model, rendered, learned, { work, options }));
      trainings.push(trained.training);
      opened.push(trained.model);
      for (const each of unopened) if (each.training === arm.name) tuned.push({ ...each, model: trained.model });
    }
    const planTuned = tuned.length > 0 ? planRenderings(model, tuned) : [];
    await timed('finetuned renderings', () => rendered.render([...plain, ...tuned]));

    const [{ name: low }] = plain;
    const readable = new Map<string, Readable>([
      [ROUND_TRIP, rendered.roundTrip],
      [MEDIAN, () => flowMedian(rendered.source(), rendered.rendering(low))],
      ...(truth ? [[TRUTH, truth.frames] as const] : []),
      ...[...plain, ...tuned].map(({ name }): [string, Readable] => [name, () => rendered.rendering(name)]),
    ]);
    const numbers = await timed('measuring', () => judgeRecipe(model, rendered, readable, options));
    const plans = [...planned, ...planTuned];
    const arms = recipeArms(
      [...plain, ...tuned].map((rendering, i) => ({ rendering, plan: plans[i] })),
      numbers,
    );
    const { truthFloor, measured } = numbers;
    const timing = await video.times();
    sayTiming(video, timing, options.onWarning);
    const tunedArms = arms.filter(({ kind }) => kind === 'tuned');
    const result: RecipeResult = {
      video: locationOf(source),
      model: resolve(model.path),
      prompts: options.prompts,
      frames: rendered.frames,
      frameRate: timing.frameRate,
      width: video.width,
      height: video.height,
      source: measured.source,
      arms,
      truthFloor,
      editedFrame: edit.shown,
      trainings,
      claims: tunedArms.flatMap((arm) =>
        recipeClaims(claimArms({ arms, truthFloor }, arm)).map((claim) => ({ arm: arm.label, ...claim })),
      ),
      grid: { mp4: 'grid.mp4', webp: 'grid.webp' },
      seconds,
      settings,
    };
    await timed('writing', async () => {
      const videos = videosOf(rendered, readable, gridArms(arms));
      const text =
        options.asked && recipeComment(model, { video: source, hashes: settings, asked: options.asked }, options);
      const made = Object.keys(videos).filter((name) => name !== ORIGINAL);
      await rendered.write(out, videos, { comments: Object.fromEntries(made.map((name) => [name, text])) });
      await writeCurves(join(out, 'curves.csv'), { source: measured.source, ...measured.outputs });
    });
    await rendered.close();
    // Checkpoints of hundreds of megabytes, which only an interrupted training needs.
    for (const { name } of options.tuned)
      await rm(join(out, 'finetune', name, 'checkpoints'), { recursive: true, force: true });
    await writeRecipeReport(out, result, model, strengths);
    await folder.finish(result);
    return await logged(result);
  } finally {
    await rendered.close();
    for (const each of opened) await each.dispose();
  }
}

/** All settings that determine the result. */
async function recipeSettings(
  model: Model,
  video: RepeatableVideo,
  plain: readonly Rendering[],
  options: RecipePlan,
): Promise<Settings> {
  const { prompts, guidanceScale, proposals, editFrame, tuned, truth } = options;
  const common = await settingsOf(
    'experiment',
    model,
    { video, renderings: plain },
    { ...options, prompt: prompts[0] },
  );
  const arms = tuned.map(({ name, edits, training, guidance }) => ({
    name,
    training,
    guidance,
    edits:
      edits === 'picked'
        ? edits
        : edits.map(({ picture, frame, prompt }) => ({ sha256: hashFrame(picture), frame, prompt })),
  }));
  const own = {
    prompts,
    guidanceScale,
    proposals,
    editFrame: editFrame ?? null,
    arms,
    truth: truth !== undefined,
    ...identifyingSteadiness({ ...options, controls: model.controls }),
  };
  return JSON.parse(JSON.stringify({ ...common, ...own }));
}

/** All videos by file name: the source, every arm, and the grid of the source and the arms that are shown. */
function videosOf(
  rendered: RenderedVideo,
  arms: ReadonlyMap<string, Readable>,
  shown: readonly RecipeArm[],
): Record<string, Readable> {
  const beside = shown.map((arm): [string, Readable] => [gridLabel(arm), arms.get(arm.name)!]);
  const grid = gridOf([['original', rendered.source], ...beside], 2);
  const videos = [...arms].map(([name, read]) => [`${name}.mp4`, read] as const);
  return { [ORIGINAL]: rendered.source, ...Object.fromEntries(videos), 'grid.mp4': grid, 'grid.webp': grid };
}
