// Edits a single frame of a video under several seeds and strengths, as one contact sheet: to try before a long run.

import { dirname, join, resolve } from 'node:path';
import { writeFileAtomic } from '../base/atomic-file.js';
import { createFolderAtomically, makeFolder } from '../base/atomic-folder.js';
import type { OnProgress } from '../base/progress.js';
import type { DenoiseOptions } from '../diffusion/img2img.js';
import type { Model } from '../models/model.js';
import type { Frame } from '../tensor/frame.js';
import { contactSheet } from '../video/layout/contact-sheet.js';
import { sizedFor } from '../video/read/open-for-model.js';
import type { OpenVideoOptions } from '../video/read/open-video.js';
import { writePicture } from '../video/still.js';
import { chooseFrame } from './choose-frame.js';
import { checkEdits, editName, type FrameEdit, renderEdits } from './render-edits.js';

/** Options of edits of one frame. */
export interface EditFrameOptions
  extends DenoiseOptions,
    Pick<OpenVideoOptions, 'size' | 'crop' | 'frameRate' | 'signal' | 'onWarning'> {
  /** Seconds from the beginning of the video. */
  at: number;
  /** Seeds of the noise, one column of the sheet each. */
  seeds: readonly number[];
  /** Strengths in (0, 1], one row of the sheet each. */
  strengths: readonly number[];
  /** Which draw of a seed's generator is the noise; see `RestyleOptions`. */
  noiseDraw?: number;
  /** Told how many steps are done. */
  onProgress?: OnProgress;
}

/** The edits of one frame, strength by strength, and all of them as one picture. */
export interface FrameEdits {
  /** Seconds at which the frame appears. */
  at: number;
  original: Frame;
  edits: FrameEdit[];
  /** Rows are strengths, columns seeds; the original stands at the left of each row. */
  sheet: Frame;
}

/**
 * Edits the frame that is shown at `at` seconds.
 *
 * @throws UsageError for a bad video, time, strength or seed; FailureError when numbers turn NaN
 */
export async function editFrame(model: Model, video: string, options: EditFrameOptions): Promise<FrameEdits> {
  const { seeds, strengths } = options;
  checkEdits(model, options);
  const { picture: original, at } = await chooseFrame(video, sizedFor(model, options));
  const edits = await renderEdits(model, original, options);
  const rows = strengths.map((_, row) => edits.slice(row * seeds.length, (row + 1) * seeds.length));
  const sheet = await contactSheet(
    rows.flatMap((row) => [original, ...row.map(({ frame }) => frame)]),
    {
      columns: seeds.length + 1,
      labels: {
        columns: ['original', ...seeds.map((seed) => `seed ${seed}`)],
        rows: strengths.map((strength) => `strength ${strength}`),
      },
    },
  );
  return { at, original, edits, sheet };
}

/**
 * Writes the sheet, every picture of it and `result.json` into a new folder, which appears when it is whole.
 *
 * @returns absolute paths
 * @throws UsageError when the folder is not empty; FailureError when the disk is full
 */
export async function writeFrameEdits(
  folder: string,
  { at, original, edits, sheet }: FrameEdits,
  settings: Readonly<Record<string, unknown>> = {},
): Promise<WrittenFrameEdits> {
  const final = resolve(folder);
  const files = edits.map((edit) => `${editName(edit)}.png`);
  const stored = edits.map(({ frame: _, ...edit }, i) => ({ ...edit, picture: files[i] }));
  await makeFolder(dirname(final), final);
  await createFolderAtomically(final, async (temporary) => {
    for (const [i, { frame }] of edits.entries()) await writePicture(join(temporary, files[i]), frame);
    await writePicture(join(temporary, 'original.png'), original);
    await writePicture(join(temporary, 'sheet.png'), sheet);
    const json = { sheet: 'sheet.png', original: 'original.png', at, edits: stored, settings };
    await writeFileAtomic(join(temporary, 'result.json'), `${JSON.stringify(json, null, 1)}\n`);
  });
  return {
    out: final,
    sheet: join(final, 'sheet.png'),
    original: join(final, 'original.png'),
    at,
    edits: stored.map((edit) => ({ ...edit, picture: join(final, edit.picture) })),
  };
}

/** Where the edits of a frame were written to. */
export interface WrittenFrameEdits {
  out: string;
  sheet: string;
  original: string;
  at: number;
  edits: { strength: number; seed: number; firstTimestep: number; picture: string }[];
}
