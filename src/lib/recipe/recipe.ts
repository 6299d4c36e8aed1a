// The published recipe as one call: a video, a model, a prompt. run-recipe.ts has the stages.

import { basename } from 'node:path';
import { UsageError } from '../base/errors.js';
import { given } from '../base/given.js';
import type { EditedFrame } from '../edits/edited-frame.js';
import { readEdit } from '../edits/sidecar.js';
import type { Model } from '../models/model.js';
import { withDefaults } from '../settings/defaults.js';
import { CONTROLLED_STRENGTHS, PROPOSED_SEEDS } from '../settings/lists.js';
import { isScheduled } from '../settings/schedule.js';
import { OUTPUT } from '../settings/table.js';
import type { VideoInput } from '../video/read/video.js';
import { repeatable } from '../video/read/video-input.js';
import { heldOutShot, shotPicture } from '../world/held-out-shots.js';
import type { Style } from '../world/styles/styles.js';
import { openBundledShot } from './bundled-shot.js';
import { namedExamples } from './made-with.js';
import type { RecipePlan, Training, Truth, TunedArm } from './plan.js';
import { PRESETS, RECIPE_BATCH, RECIPE_STRENGTHS } from './presets.js';
import { type RecipeOutcome, runRecipe } from './run-recipe.js';

/**
 * A bundled shot in place of a video, with known ground truth for edits in a style.
 *
 * @inline
 */
export interface BundledShot {
  /** One of the package's shots, such as `red-car-curve`. */
  readonly shot: string;
  /** The style of the prompt; if given, results are compared with the truth. */
  readonly style?: Style;
}

/** Options of the recipe. */
export interface RecipeOptions
  extends Omit<Partial<RecipePlan>, 'prompts' | 'proposals' | 'tuned' | 'truth' | 'asked'> {
  /** Training prompts of the edited frame; the first one is rendered. */
  readonly prompts: readonly string[];
  /** `published` (the default): the published recipe's settings; `demo`: settings for the demo model. */
  readonly preset?: keyof typeof PRESETS;
  /** Training options that override the preset's. */
  readonly training?: Training;
  /** Guidance scale of the finetuned model. */
  readonly tunedGuidance?: number;
  /** Settings of the proposals for the edited frame. */
  readonly proposals?: Partial<RecipePlan['proposals']>;
  /**
   * Edited frames to learn from, with one finetuning each: `picked` (from the proposals), `true` (of a bundled shot in a
   * style), a file written by `editFrame` or the command, or a picture. By default `true`, if known, and `picked`.
   */
  readonly examples?: readonly (string | EditedFrame)[];
  /** Also render the keyframes of each finetuned model alone and carry them to the frames between; true by default. */
  readonly steady?: boolean;
}

/**
 * Runs the published recipe on a video: renders it with the plain model, picks an edited frame from proposals, finetunes the
 * model on the video and that frame, renders with it, and writes videos, a 2x2 grid, numbers and a report.
 *
 * @param video a video, or a bundled shot
 * @throws UsageError for a bad video, strength, prompt or folder; FailureError when numbers turn NaN or the disk is full
 */
export async function recipe(
  model: Model,
  video: VideoInput | BundledShot,
  options: RecipeOptions,
): Promise<RecipeOutcome> {
  if (!isBundled(video)) return runRecipe(model, await repeatable(video), await planRecipe(model, options));
  const { path, truth } = await openBundledShot(video.shot, given({ style: video.style, frames: options.frames }));
  return runRecipe(model, path, await planRecipe(model, options, { ...video, ...given({ truth }) }));
}

function isBundled(video: VideoInput | BundledShot): video is BundledShot {
  return typeof video === 'object' && 'shot' in video;
}

/** Fills in the preset's settings. */
async function planRecipe(
  { controls }: Model,
  options: RecipeOptions,
  bundled?: BundledShot & { truth?: Truth },
): Promise<RecipePlan> {
  if (isScheduled({ ...options, prompt: options.prompts[0] })) {
    throw new UsageError('recipe: a finetuning learns one prompt; leave out prompts, strengths and guidance by time');
  }
  const { preset = 'published', training, tunedGuidance, proposals, examples, ...rest } = options;
  const { guidance, proposals: strengths, training: usual } = PRESETS[preset];
  const trained: Training = { ...usual, ...given(training ?? {}) };
  const proposed = proposals?.guidanceScale ?? guidance.proposals;
  const tunedScale = tunedGuidance ?? guidance.tuned;
  const known = bundled?.truth && { ...bundled, truth: bundled.truth };
  return {
    strengths: RECIPE_STRENGTHS,
    batch: RECIPE_BATCH,
    ...rest,
    steady: rest.steady ?? true,
    guidanceScale: rest.guidanceScale ?? guidance.plain,
    proposals: {
      strengths: proposals?.strengths ?? (controls.length > 0 ? CONTROLLED_STRENGTHS : strengths),
      seeds: proposals?.seeds ?? PROPOSED_SEEDS,
      ...given({ guidanceScale: proposed }),
    },
    tuned: (await armsOf(options, known)).map((arm) => ({
      ...arm,
      training: trained,
      guidance: [tunedScale],
    })),
    ...given({ truth: bundled?.truth }),
    ...(withDefaults(OUTPUT, options).metadata && {
      asked: {
        ...{ preset, training: trained, tunedGuidance: tunedScale },
        ...(bundled && { shot: given({ shot: bundled.shot, style: bundled.style }) }),
        ...(await namedExamples(examples)),
      },
    }),
  };
}

/** The edited frames to learn from, each under every prompt. */
async function armsOf(
  { examples, prompts, editFrame }: RecipeOptions,
  bundled?: BundledShot & { truth: Truth },
): Promise<Pick<TunedArm, 'name' | 'label' | 'edits'>[]> {
  const asked = [...new Set(examples ?? (bundled ? ['true', 'picked'] : ['picked']))];
  const made: Pick<TunedArm, 'name' | 'label' | 'edits'>[] = [];
  for (const [i, which] of asked.entries()) {
    const known = which === 'true' || which === 'picked';
    const called = typeof which === 'string' ? (known ? which : basename(which)) : 'given';
    const arm =
      asked.length === 1
        ? { name: 'finetuned', label: 'finetuned' }
        : { name: `finetuned-${known ? which : i + 1}`, label: `finetuned on the ${called} edit` };
    if (which === 'picked') made.push({ ...arm, edits: 'picked' });
    else {
      const edit =
        which === 'true' ? trueEdit(editFrame, bundled) : typeof which === 'string' ? await readEdit(which) : which;
      made.push({ ...arm, edits: prompts.map((prompt) => ({ ...edit, prompt })) });
    }
  }
  return made;
}

function trueEdit(
  editFrame: number | undefined,
  bundled?: BundledShot & { truth: Truth },
): Omit<EditedFrame, 'prompt'> {
  if (bundled?.style === undefined) {
    throw new UsageError('example true: the true edit is known of bundled shots only; name one, and its style');
  }
  const frame = editFrame ?? Math.floor(bundled.truth.car.length / 2);
  return { picture: shotPicture(heldOutShot(bundled.shot), frame, bundled.style), frame };
}
