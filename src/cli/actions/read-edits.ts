// Reads the edits given by --edit, --edit-frame and --edit-prompt.

import { UsageError } from '../../lib/base/errors.js';
import { given } from '../../lib/base/given.js';
import { frameShownAt } from '../../lib/edits/choose-frame.js';
import type { EditedFrame } from '../../lib/edits/edited-frame.js';
import { readEdit, SidecarError } from '../../lib/edits/sidecar.js';
import type { Video } from '../../lib/video/read/video.js';
import type { GivenEdit, GivenEdits } from '../edit-flags.js';

/**
 * The given edits; none with --no-edit.
 *
 * @throws UsageError when neither was given, or both
 */
export function chosenEdits({ edit, edited = true }: GivenEdits): readonly GivenEdit[] {
  if (!edited && edit) throw new UsageError('--edit and --no-edit exclude each other; leave one out');
  if (!edited) return [];
  if (edit) return edit;
  throw new UsageError(
    'finetune learns from an edited frame of the video: give it with --edit FILE (`steadyframe edit` makes one), or say --no-edit to learn the video alone',
  );
}

/**
 * Reads edits from disk. Options take precedence over sidecars.
 *
 * @param video the training video
 * @param start the start time that the video was opened with
 * @throws UsageError when a picture cannot be read, or neither an option nor a sidecar gives its frame or prompt
 */
export async function readEdits(edits: readonly GivenEdit[], video: Video, start?: number): Promise<EditedFrame[]> {
  const read: EditedFrame[] = [];
  for (const { file, frame, prompt } of edits) {
    const number = frame && ('frame' in frame ? frame.frame : await frameShownAt(video, frame.at, start));
    if (prompt?.trim() === '') throw new UsageError(`${file}: --edit-prompt is empty; say what the edit shows`);
    // Edits of the same file share one picture, which is then encoded once.
    const known = read[edits.findIndex((edit) => edit.file === file)];
    const edit = await readEdit(file, given({ frame: number, prompt })).catch((error) => {
      if (!(error instanceof SidecarError)) throw error;
      throw new UsageError(`${error.message} (--edit-frame T --edit-prompt TEXT)`, { cause: error });
    });
    read.push(known ? { ...edit, picture: known.picture } : edit);
  }
  return read;
}
