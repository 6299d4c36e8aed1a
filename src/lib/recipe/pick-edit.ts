// The edited frame for the recipe's training: renders proposals and picks the best ranked one.

import { join } from 'node:path';
import { makeFolder } from '../base/atomic-folder.js';
import { UsageError } from '../base/errors.js';
import { openEditStore } from '../edits/edit-store.js';
import type { EditedFrame } from '../edits/edited-frame.js';
import { renderEdits } from '../edits/render-edits.js';
import { rankEdits } from '../edits/score-edits.js';
import { sidecarOf, writeEdit } from '../edits/sidecar.js';
import type { Model } from '../models/model.js';
import type { RenderedVideo } from '../renderings/rendered-video.js';
import { chosenSettings } from '../settings/defaults.js';
import { DENOISE } from '../settings/table.js';
import { writePicture } from '../video/still.js';
import type { RecipePlan } from './plan.js';
import type { RecipeResult } from './result.js';

/** The picked edit, once for each prompt, and all proposals in the form of the result. */
export interface RecipeEdit {
  readonly edits: readonly EditedFrame[];
  readonly shown: RecipeResult['editedFrame'];
}

/**
 * Renders proposals of one frame into the folder `edit` of `out`, each with its sidecar, and picks the best. Finished ones
 * are stored in `work`.
 *
 * @throws UsageError when the frame does not exist
 */
export async function pickRecipeEdit(
  model: Model,
  rendered: Pick<RenderedVideo, 'frames' | 'seen'>,
  { out, work }: { readonly out: string; readonly work: string },
  options: RecipePlan,
): Promise<RecipeEdit> {
  const { prompts, proposals, signal, onProgress } = options;
  const frame = options.editFrame ?? Math.floor(rendered.frames / 2);
  if (frame >= rendered.frames) {
    throw new UsageError(
      `edited frame: there is no frame ${frame} in the video, its frames are 0 to ${rendered.frames - 1}; choose one of these`,
    );
  }
  const seen = await rendered.seen(frame);
  const { frame: picture } = seen;
  const folder = join(out, 'edit');
  await makeFolder(folder);
  await writePicture(join(folder, 'original.png'), picture);
  const shownGiven: RecipeResult['editedFrame']['given'][number][] = [];
  for (const { name, label, edits } of options.tuned) {
    if (edits === 'picked' || edits.length === 0) continue;
    await writePicture(join(folder, `given-${name}.png`), edits[0].picture);
    shownGiven.push({ arm: label, frame: edits[0].frame, picture: `edit/given-${name}.png` });
  }
  const shown = { frame, original: 'edit/original.png', given: shownGiven };
  if (!options.tuned.some(({ edits }) => edits === 'picked')) return { edits: [], shown: { ...shown, proposals: [] } };
  const guidanceScale = proposals.guidanceScale ?? options.guidanceScale;
  const denoise = chosenSettings(DENOISE, { ...options, prompt: prompts[0], guidanceScale });
  const { strengths, seeds } = proposals;
  const edits = await renderEdits(
    model,
    { frame, seen },
    {
      ...{ ...denoise, strengths, seeds, out: folder, signal },
      onProgress: (progress) => onProgress?.({ ...progress, label: 'proposing edits' }),
    },
    await openEditStore(work, model, seen, denoise),
  );
  const ranked = rankEdits(edits);
  for (const edit of ranked) await writeEdit(edit.file, edit.picture, sidecarOf(model, edit, denoise));
  return {
    edits: prompts.map((prompt) => ({ picture: ranked[0].picture, frame, prompt })),
    shown: {
      ...shown,
      proposals: ranked.map(({ name, strength, seed, scores }, i) => ({
        picture: `edit/${name}.png`,
        ...{ strength, seed, kept: scores.kept, editStrength: scores.editStrength },
        chosen: i === 0,
      })),
    },
  };
}
