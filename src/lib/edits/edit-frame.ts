// Edits one frame of a video at several strengths and seeds, as a contact sheet, to try settings before a long run.

import { requestOf } from '../models/controls/controls.js';
import type { Model } from '../models/model.js';
import { FRAME_SEEDS, FRAME_STRENGTHS } from '../settings/lists.js';
import { identifyingSettings } from '../settings/stored.js';
import { DENOISE } from '../settings/table.js';
import { renderSize } from '../video/read/open-for-model.js';
import { pathOf, type VideoInput } from '../video/read/video.js';
import { repeatable } from '../video/read/video-input.js';
import { type EditFrameOptions, resolveEditOptions } from './edit-options.js';
import { writeTriedEdits } from './edits-folder.js';
import type { FrameEdits } from './frame-edit.js';
import { triedSheet } from './sheets.js';
import { trackedEdits } from './tracked-edits.js';

/**
 * Edits one frame, ordered by strength, then seed. The pictures equal those of `strengthSweep` at this frame.
 *
 * Writes every picture, `sheet.png` (rows are strengths, columns seeds), `original.png` and `result.json`, and logs a run of
 * the experiment `frame` unless `track` is false. After an interruption, the same call continues from the finished edits.
 *
 * @throws UsageError for a bad video, frame, strength, seed or folder; FailureError when numbers turn NaN or the disk is
 *   full
 */
export async function editFrame(model: Model, input: VideoInput, options: EditFrameOptions): Promise<FrameEdits> {
  const video = await repeatable(input);
  const resolved = resolveEditOptions(options, { strengths: FRAME_STRENGTHS, seeds: FRAME_SEEDS });
  const { at, size } = options;
  const settings = {
    ...identifyingSettings(DENOISE, resolved),
    video: pathOf(video),
    model: model.path,
    size: renderSize(model, size),
    ...(model.controls.length > 0 && { controls: model.controls.map(requestOf) }),
  };
  return trackedEdits(model, video, resolved, {
    experiment: 'frame',
    which: (frame) => (at === undefined ? { frame } : { at }),
    arrange: async (original, edits) => ({ edits, sheet: await triedSheet(original, edits, resolved) }),
    write: (edits, comments) => writeTriedEdits(edits, settings, comments),
  });
}
