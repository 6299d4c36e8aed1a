// Edits of one frame as tracked work: select the frame, render, arrange, write, log. `EditsKind` has the differences between
// `editFrame` and `proposeEdits`.

import { dirname, join, resolve } from 'node:path';
import { checkNewFolder } from '../base/atomic-folder.js';
import { hashModel } from '../models/checkpoint/hash-model.js';
import type { Model } from '../models/model.js';
import { maskInputs } from '../renderings/hash-masks.js';
import { commentsOf, type MadeFrom } from '../renderings/made-with.js';
import { withProgress } from '../tracking/log/log-progress.js';
import { plainFolder, trackWork } from '../tracking/log/tracked-work.js';
import { runsRoot } from '../tracking/stored/run-record.js';
import { sizedFor } from '../video/read/open-for-model.js';
import type { RepeatableVideo } from '../video/read/video.js';
import { hashVideo } from '../video/read/video-input.js';
import { type ChosenFrame, chooseFrame } from './choose-frame.js';
import type { ResolvedEditOptions } from './edit-options.js';
import { openEditStore } from './edit-store.js';
import type { EditComments } from './edits-folder.js';
import type { FrameEdit, FrameEdits } from './frame-edit.js';
import { editsRun, type Which } from './log-edits.js';
import { checkEdits, renderEdits } from './render-edits.js';

/** A kind of edits: how they are arranged, stored and logged. */
export interface EditsKind {
  readonly experiment: 'frame' | 'edit';
  /** The frame in the run's name. */
  which(frame: number): Which;
  /** Orders rendered edits and draws their sheet. */
  arrange(original: FrameEdits['original'], edits: readonly FrameEdit[]): Promise<Pick<FrameEdits, 'edits' | 'sheet'>>;
  /** Writes the folder. */
  write(edits: FrameEdits, comments: EditComments): Promise<void>;
  /** The metrics of the run. */
  metrics?(edits: FrameEdits): Readonly<Record<string, number>>;
}

/**
 * Renders the edits of a frame and stores them, as a run unless `track` is false. After an interruption, the same call
 * continues from the finished edits.
 *
 * @throws UsageError for a bad video, frame, strength, seed or folder; FailureError when numbers turn NaN or the disk is
 *   full
 */
export async function trackedEdits(
  model: Model,
  video: RepeatableVideo,
  options: ResolvedEditOptions,
  kind: EditsKind,
): Promise<FrameEdits> {
  const { out, signal, root = runsRoot() } = options;
  checkEdits(model, options);
  if (out !== undefined) await checkNewFolder(out);
  const chosen = await chooseFrame(video, sizedFor(model, options), model);
  const { frame, at, picture: original, seen } = chosen;
  const parent = out === undefined ? join(root, kind.experiment) : dirname(resolve(out));
  const store = await openEditStore(parent, model, seen, options);
  const inputs = await maskInputs(options);
  const hashes = {
    ...{ video: await hashVideo(video), ...(await hashModel(model, options)) },
    ...(inputs.length > 0 && { masks: inputs.map(({ sha256 }) => sha256) }),
  };
  const run = editsRun(kind.experiment, model, { video, hashes }, { ...options, which: kind.which(frame) });
  return trackWork({ ...run, signal }, plainFolder, async ({ folder, run }) => {
    const rendered = await renderEdits(model, chosen, withProgress(run, { ...options, out: folder.out }), store);
    const edits = { out: folder.out, frame, at, original, ...(await kind.arrange(original, rendered)) };
    await kind.write(edits, editComments(kind, model, { video, hashes, inputs, frame, at }, options));
    await store.remove();
    if (kind.metrics) run.logMetrics(kind.metrics(edits), { step: 0 });
    await run.logArtifact(folder.out);
    return edits;
  });
}

/** Texts for the metadata of pictures: the command that makes one of them, or all. */
function editComments(
  { experiment }: EditsKind,
  model: Model,
  { frame, at, ...from }: MadeFrom & Pick<ChosenFrame, 'frame' | 'at'>,
  options: ResolvedEditOptions,
): EditComments {
  const comment = commentsOf(model, from, options);
  const { strengths, seeds } = options;
  const which = experiment === 'frame' ? { at: options.at ?? at } : { frame };
  return {
    all: comment(experiment, { ...which, strengths, seeds }),
    each: ({ strength, seed }) => comment(experiment, { ...which, strengths: [strength], seeds: [seed] }),
  };
}
