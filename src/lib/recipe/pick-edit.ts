// Makes proposals for the edited frame, and takes the one that keeps the composition best beside how strongly it is edited.

import { join } from 'node:path';
import { makeFolder } from '../base/atomic-folder.js';
import { UsageError } from '../base/errors.js';
import { given } from '../base/given.js';
import type { EditedFrame } from '../edits/edited-frame.js';
import { byRank, scoreEdit } from '../edits/propose-edits.js';
import { editName, type FrameEdit, renderEdits } from '../edits/render-edits.js';
import { type EditScores, writeEdit } from '../edits/sidecar.js';
import type { Model } from '../models/model.js';
import type { RenderedVideo } from '../renderings/rendered-video.js';
import type { Frame } from '../tensor/frame.js';
import { writePicture } from '../video/still.js';
import type { RecipePlan } from './plan.js';
import type { RecipeResult } from './result.js';

/** What was picked, once for each prompt; and what it was picked of, with paths relative to the folder above `folder`. */
export interface PickedEdit {
  readonly edits: readonly EditedFrame[];
  readonly shown: RecipeResult['editedFrame'];
}

/**
 * Renders the proposals of one frame into `folder`, each with its sidecar, and picks.
 *
 * @throws UsageError when the video does not have the frame
 */
export async function pickEdit(
  model: Model,
  rendered: RenderedVideo,
  folder: string,
  options: RecipePlan,
): Promise<PickedEdit> {
  const { prompts, proposals, negativePrompt, steps = 50, sampler = 'ddim' } = options;
  const guidanceScale = proposals.guidanceScale ?? options.guidanceScale;
  const frame = options.editFrame ?? Math.floor(rendered.frames / 2);
  const original = await frameOf(rendered, frame);
  await makeFolder(folder);
  await writePicture(join(folder, 'original.png'), original);
  const shownGiven: RecipeResult['editedFrame']['given'][number][] = [];
  for (const { name, label, edits } of options.tuned) {
    if (edits === 'picked' || edits.length === 0) continue;
    await writePicture(join(folder, `given-${name}.png`), edits[0].picture);
    shownGiven.push({ arm: label, frame: edits[0].frame, picture: `edit/given-${name}.png` });
  }
  const shown = { frame, original: 'edit/original.png', given: shownGiven };
  if (!options.tuned.some(({ edits }) => edits === 'picked')) return { edits: [], shown: { ...shown, proposals: [] } };
  const edits = await renderEdits(model, original, {
    ...{ prompt: prompts[0], guidanceScale, steps, sampler },
    ...given({ negativePrompt, signal: options.signal }),
    ...proposals,
    ...(options.onProgress && { onProgress: (it) => options.onProgress?.({ ...it, label: 'proposing edits' }) }),
  });
  const scored: (FrameEdit & { scores: EditScores })[] = [];
  for (const edit of edits) scored.push({ ...edit, scores: await scoreEdit(original, edit.frame) });
  scored.sort((a, b) => byRank(a.scores, b.scores));
  for (const { frame: picture, strength, seed, firstTimestep, scores } of scored) {
    const about = { frame, prompt: prompts[0], strength, seed, firstTimestep, guidance: guidanceScale, steps, sampler };
    await writeEdit(join(folder, `${editName({ strength, seed })}.png`), picture, {
      ...about,
      model: model.path,
      scores,
    });
  }
  return {
    edits: prompts.map((prompt) => ({ picture: scored[0].frame, frame, prompt })),
    shown: {
      ...shown,
      proposals: scored.map(({ strength, seed, scores }, i) => ({
        picture: `edit/${editName({ strength, seed })}.png`,
        ...{ strength, seed, kept: scores.kept, editStrength: scores.editStrength },
        chosen: i === 0,
      })),
    },
  };
}

async function frameOf(rendered: RenderedVideo, index: number): Promise<Frame> {
  let count = 0;
  for await (const frame of rendered.source()) if (count++ === index) return frame;
  throw new UsageError(
    `edited frame: there is no frame ${index} in the video, its frames are 0 to ${rendered.frames - 1}; choose one of these`,
  );
}
