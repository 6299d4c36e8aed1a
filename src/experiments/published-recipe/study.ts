// The study: the experiment over three held-out shots and three prompts, with both objectives, four guidance scales, and the
// picked and the true edited frame. Resumable case by case.

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from '../../lib/base/atomic-file.js';
import { given } from '../../lib/base/given.js';
import { compareFrames } from '../../lib/metrics/pixels.js';
import { loadModel } from '../../lib/models/model.js';
import { openBundledShot } from '../../lib/recipe/bundled-shot.js';
import { COMBINATIONS, type Combination, demoPlan, trueEdits } from '../../lib/recipe/combinations.js';
import type { RecipePlan, Training, TunedArm } from '../../lib/recipe/plan.js';
import { DEMO_TRAINING } from '../../lib/recipe/presets.js';
import type { RecipeResult } from '../../lib/recipe/result.js';
import { runRecipe } from '../../lib/recipe/run-recipe.js';
import type { RenderHooks } from '../../lib/renderings/fill-journals.js';
import { writeChart } from '../../lib/report/chart-picture.js';
import { readPicture } from '../../lib/video/still.js';
import { shotPicture } from '../../lib/world/held-out-shots.js';
import { studyChart } from './study-chart.js';
import { type StudyCase, type StudyTable, studyTable } from './study-table.js';

/** Options of the study. */
export interface StudyOptions extends RenderHooks {
  readonly model: string;
  /** Folder of all results; existing ones are kept. */
  readonly out: string;
  /** Frames of each shot. */
  readonly frames: number;
  readonly guidance: readonly number[];
  /** Names of the cases; all nine by default. */
  readonly only?: readonly string[];
  /** Settings that override the study's. */
  readonly recipe?: Partial<Pick<RecipePlan, 'strengths' | 'proposals' | 'steps'>>;
  readonly training?: Training;
  /** Folder of the rendered shots; `.cache` by default. */
  readonly cache?: string;
  /** Called with the name of each case as it begins. */
  readonly onNote?: (text: string) => void;
}

/** Runs missing cases, and writes `study.json` and `chart.png` over all existing ones. */
export async function runStudy(options: StudyOptions): Promise<StudyTable> {
  const { out, only, onNote, frames } = options;
  const chosen = COMBINATIONS.filter(({ name }) => !only || only.includes(name));
  await mkdir(out, { recursive: true });
  const results: StudyCase[] = [];
  const model = await loadModel(options.model);
  try {
    for (const combination of chosen) {
      const { name, shot, style } = combination;
      onNote?.(`${name} ...`);
      const { path, truth } = await openBundledShot(shot.name, { style, frames, ...given({ cache: options.cache }) });
      const { result } = await runRecipe(model, path, {
        ...recipeOf(combination, options),
        ...given({ truth }),
        out: join(out, name),
        resume: true,
      });
      results.push({ combination, result, pickedError: await pickedError(join(out, name), combination, result) });
      const table = studyTable(results);
      await writeFileAtomic(join(out, 'study.json'), `${JSON.stringify(table, null, 1)}\n`);
      await writeChart(join(out, 'chart.png'), studyChart(table));
    }
  } finally {
    await model.dispose();
  }
  return studyTable(results);
}

/** Error of a case's picked edited frame relative to its truth. */
async function pickedError(
  folder: string,
  { shot, style }: Combination,
  { editedFrame: { frame, proposals } }: RecipeResult,
): Promise<number> {
  const picked = proposals.find(({ chosen }) => chosen);
  if (!picked) return Number.NaN;
  return compareFrames(await readPicture(join(folder, picked.picture)), shotPicture(shot, frame, style)).absolute;
}

/** The settings of one case. */
function recipeOf(combination: Combination, options: StudyOptions): RecipePlan {
  const { frames, guidance, onProgress, signal } = options;
  const truth = trueEdits(combination, frames);
  const objectives = { 'noised-original': 'first form', 'rendering-path': 'second form' } as const;
  const tuned: TunedArm[] = (['rendering-path', 'noised-original'] as const).flatMap((objective) =>
    (['picked', truth] as const).map((edits): TunedArm => {
      const which = edits === 'picked' ? 'picked' : 'true';
      return {
        name: `${objective}-${which}`,
        label: `${objectives[objective]}, ${which} edit`,
        edits,
        training: { ...DEMO_TRAINING, ...options.training, objective },
        guidance,
      };
    }),
  );
  return {
    ...demoPlan(combination, frames, tuned),
    ...options.recipe,
    ...given({ onProgress, signal }),
  };
}
