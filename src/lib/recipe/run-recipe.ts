// Runs the experiment on one video: the plain model at several strengths, an edited frame, finetuned models, and the arms that learn
// nothing. What the numbers mean is claims.ts's, how they are shown report.ts's.

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
import { type RenderedCells, renderCells } from '../renderings/render-frames.js';
import { type Cell, type CellPlan, planCells } from '../renderings/rendering.js';
import type { Frame } from '../tensor/frame.js';
import { type TrackedWork, trackWork } from '../tracking/log/tracked-work.js';
import { hashFrame } from '../training/finetune/encode-items.js';
import { gridFrames } from '../video/layout/grid.js';
import type { Video } from '../video/read/open-video.js';
import type { FrameTimes } from '../video/times/frame-times.js';
import { sayTiming } from '../video/times/timing-note.js';
import { writeVideo } from '../video/write/write-video.js';
import { MEDIAN, ROUND_TRIP, recipeArms } from './arms.js';
import { plainCells, type TunedCell, tunedCells } from './cells.js';
import { claimArms, recipeClaims } from './claims.js';
import { judgeRecipe, type Readable } from './judge.js';
import { logRecipe, recipeRun } from './log.js';
import type { RecipeOptions } from './options.js';
import { pickEdit } from './pick-edit.js';
import { REPORT, writeRecipeReport } from './report.js';
import { type RecipeResult, type RecipeTraining, TRUTH } from './result.js';
import { trainArm } from './train-arm.js';

/**
 * Runs every stage and writes videos, grid, numbers and report into a folder, which can be continued after an interruption.
 *
 * @returns the folder, and what was found
 * @throws UsageError for a bad video, strength, prompt or folder; FailureError when numbers turn NaN or the disk is full
 */
export async function runRecipe(
  model: Model,
  path: string,
  options: RecipeOptions,
): Promise<{ out: string; report: string; result: RecipeResult }> {
  const plain = plainCells(options);
  const planned = planCells(model, plain);
  const video = await openSource(model, path, { ...options, prompt: options.prompts[0] });
  const settings = await recipeSettings(model, path, plain, options);
  const asked = recipeRun(model, path, plain, settings, options);
  const open = (out: string): Promise<ComparisonFolder> =>
    openComparisonFolder(out, settings, options.resume ?? false, options.onWarning);
  return trackWork(asked, open, (work) => runStages(work, model, path, { plain, planned, video, settings }, options));
}

/** What is known before the first stage. */
interface RecipePlan {
  readonly plain: readonly Cell[];
  readonly planned: readonly CellPlan[];
  readonly video: Video;
  readonly settings: Settings;
}

async function runStages(
  work: TrackedWork<ComparisonFolder>,
  model: Model,
  path: string,
  { plain, planned, video, settings }: RecipePlan,
  options: RecipeOptions,
): Promise<{ out: string; report: string; result: RecipeResult }> {
  const { signal, truth, strengths } = options;
  const { folder, run } = work;
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
  const unopened = tunedCells(options);
  const allCells = plain.length + unopened.length;
  const count = frameCounter(run);
  const opened: Model[] = [];
  let rendered: RenderedCells | undefined;
  const render = async (cells: readonly Cell[]): Promise<RenderedCells> => {
    await rendered?.close();
    rendered = undefined;
    // Counted in frames of all renderings, those with models that are not trained yet too.
    const onFrame = (done: number, total: number): void => count(done, (total / cells.length) * allCells);
    rendered = await renderCells(model, video, cells, folder.work, { ...options, onFrame });
    return rendered;
  };
  const logged = async (result: RecipeResult): Promise<{ out: string; report: string; result: RecipeResult }> => {
    await logRecipe(work, model, out, result, [...plain, ...unopened], options);
    return { out, report: join(out, REPORT), result };
  };
  if (folder.finished !== null) return logged(folder.finished as RecipeResult);
  try {
    const base = await timed('plain renderings', () => render(plain));
    const edit = await timed('edited frame', () => pickEdit(model, base, join(out, 'edit'), options));
    const trainings: RecipeTraining[] = [];
    const tuned: TunedCell[] = [];
    for (const arm of options.tuned) {
      const trained = await timed('finetuning', () => trainArm(model, base, edit.edits, arm, out, work, options));
      trainings.push(trained.training);
      opened.push(trained.model);
      for (const cell of unopened) if (cell.training === arm.name) tuned.push({ ...cell, model: trained.model });
    }
    const planTuned = tuned.length > 0 ? planCells(model, tuned) : [];
    const all = await timed('finetuned renderings', () => render([...plain, ...tuned]));

    const cellOf =
      (name: string): Readable =>
      () =>
        all.cell(name);
    const low = plain[0].name;
    const readable = new Map<string, Readable>([
      [ROUND_TRIP, () => all.roundTrip()],
      [MEDIAN, () => flowMedian(all.cell(low), all.source())],
      ...(truth ? [[TRUTH, truth.frames] as const] : []),
      ...[...plain, ...tuned].map(({ name }): [string, Readable] => [name, cellOf(name)]),
    ]);
    const numbers = await timed('measuring', () =>
      judgeRecipe(model, () => all.source(), all.frames, readable, truth, options),
    );
    const arms = recipeArms(
      [...plain, ...tuned].map((cell, i) => ({ cell, plan: [...planned, ...planTuned][i] })),
      numbers,
    );
    const { truthFloor } = numbers;
    const timing = await video.times();
    sayTiming(video, timing, options.onWarning);
    const tunedArms = arms.filter(({ kind }) => kind === 'tuned');
    const result: RecipeResult = {
      video: resolve(path),
      model: resolve(model.path),
      prompts: options.prompts,
      frames: all.frames,
      frameRate: timing.frameRate,
      width: video.width,
      height: video.height,
      source: numbers.measured.source,
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
      const shown = [...plain.slice(0, 2), ...tuned.slice(0, 1)].map(({ name }) => name);
      await writeVideos(out, all, readable, result, timing, shown, options);
      const { outputs, source } = numbers.measured;
      await writeCurves(join(out, 'curves.csv'), { source, ...outputs });
    });
    await all.close();
    // States of hundreds of megabytes, which only an interrupted training needs.
    for (const { name } of options.tuned)
      await rm(join(out, 'finetune', name, 'checkpoints'), { recursive: true, force: true });
    await writeRecipeReport(out, result, model, strengths);
    await folder.finish(result);
    return await logged(result);
  } finally {
    await rendered?.close();
    for (const each of opened) await each.dispose();
  }
}

/** Everything that decides what comes out. */
async function recipeSettings(
  model: Model,
  path: string,
  plain: readonly Cell[],
  options: RecipeOptions,
): Promise<Settings> {
  const { prompts, guidanceScale, proposals, editFrame, tuned, truth } = options;
  const common = await settingsOf('experiment', model, path, plain, { ...options, prompt: prompts[0] });
  const arms = tuned.map(({ name, edits, training, guidance }) => ({
    name,
    training,
    guidance,
    edits:
      edits === 'picked'
        ? edits
        : edits.map(({ picture, frame, prompt }) => ({ sha256: hashFrame(picture), frame, prompt })),
  }));
  const own = { prompts, guidanceScale, proposals, editFrame: editFrame ?? null, arms, truth: truth !== undefined };
  return JSON.parse(JSON.stringify({ ...common, ...own }));
}

async function writeVideos(
  out: string,
  rendered: RenderedCells,
  arms: ReadonlyMap<string, Readable>,
  { arms: described }: RecipeResult,
  timing: FrameTimes,
  gridArms: readonly string[],
  { signal, onProgress, onWarning }: RecipeOptions,
): Promise<void> {
  const encode = { frameRate: timing.frameRate, timing, ...(signal && { signal }), ...(onWarning && { onWarning }) };
  const grid = (): AsyncIterable<Frame> =>
    gridFrames([rendered.source(), ...gridArms.map((name) => arms.get(name)!())], {
      columns: 2,
      labels: ['original', ...gridArms.map((name) => described.find((arm) => arm.name === name)!.label)],
    });
  const files: [string, () => AsyncIterable<Frame>][] = [
    ['original.mp4', () => rendered.source()],
    ...[...arms].map(([name, read]): [string, Readable] => [`${name}.mp4`, read]),
    ['grid.mp4', grid],
    ['grid.webp', grid],
  ];
  for (const [done, [name, frames]] of files.entries()) {
    onProgress?.({ done, total: files.length, label: 'writing videos' });
    await writeVideo(join(out, name), frames(), encode);
  }
  onProgress?.({ done: files.length, total: files.length, label: 'writing videos' });
}
