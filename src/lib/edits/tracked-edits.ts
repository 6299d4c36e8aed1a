// Edits of one frame as tracked work: select the frame, render, arrange, write, log. `EditsKind` has the differences between
// `editFrame` and `proposeEdits`.

import { dirname, join, resolve } from 'node:path';
import { checkNewFolder } from '../base/atomic-folder.js';
import type { Model } from '../models/model.js';
import { plainFolder, trackWork } from '../tracking/log/tracked-work.js';
import { runsRoot } from '../tracking/stored/run-record.js';
import { sizedFor } from '../video/read/open-for-model.js';
import type { RepeatableVideo } from '../video/read/video.js';
import { chooseFrame } from './choose-frame.js';
import type { ResolvedEditOptions } from './edit-options.js';
import { openEditStore } from './edit-store.js';
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
  write(edits: FrameEdits): Promise<void>;
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
  const run = await editsRun(kind.experiment, model, video, { ...options, which: kind.which(frame) });
  return trackWork({ ...run, signal }, plainFolder, async ({ folder, run }) => {
    const rendered = await renderEdits(model, chosen, { ...options, out: folder.out }, store);
    const edits = { out: folder.out, frame, at, original, ...(await kind.arrange(original, rendered)) };
    await kind.write(edits);
    await store.remove();
    if (kind.metrics) run.logMetrics(kind.metrics(edits), { step: 0 });
    await run.logArtifact(folder.out);
    return edits;
  });
}
