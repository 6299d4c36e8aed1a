// Edits a single frame of a video under several seeds and strengths, as one contact sheet: to try before a long run.

import { join } from 'node:path';
import { writeFileAtomic } from '../base/atomic-file.js';
import { UsageError } from '../base/errors.js';
import type { OnProgress } from '../base/progress.js';
import type { DenoiseOptions } from '../diffusion/img2img.js';
import { noiseSchedule } from '../diffusion/noise-schedule.js';
import { decodeFrame, encodeFrame, restyleLatents } from '../diffusion/restyle.js';
import { firstTimestep } from '../diffusion/strength.js';
import type { Model } from '../models/model.js';
import type { Frame } from '../tensor/frame.js';
import { contactSheet } from '../video/contact-sheet.js';
import { type OpenVideoOptions, openVideo } from '../video/open-video.js';
import { writePicture } from '../video/still.js';

/** Options of an edit of one frame. */
export interface EditFrameOptions extends DenoiseOptions, Pick<OpenVideoOptions, 'size' | 'crop'> {
  /** Seconds from the beginning of the video. */
  at: number;
  seeds: readonly number[];
  strengths: readonly number[];
  noiseDraw?: number;
  onProgress?: OnProgress;
  onWarning?: (message: string) => void;
  signal?: AbortSignal;
}

/** One edit of the frame. */
export interface FrameEdit {
  seed: number;
  strength: number;
  firstTimestep: number;
  frame: Frame;
}

/** The edits of one frame, strength by strength, and all of them as one picture. */
export interface EditedFrame {
  original: Frame;
  edits: FrameEdit[];
  /** Rows are strengths, columns seeds; the original stands in the corner. */
  sheet: Frame;
}

/**
 * Edits the frame that is shown at `at` seconds.
 *
 * @throws UsageError for a bad video, time or strength; FailureError when latents turn NaN
 */
export async function editFrame(model: Model, video: string, options: EditFrameOptions): Promise<EditedFrame> {
  const { at, seeds, strengths, size, crop, sampler = 'ddim', steps = 50, onProgress, onWarning, signal } = options;
  if (seeds.length === 0 || strengths.length === 0) {
    throw new UsageError('editFrame: there is nothing to render; give at least one seed and one strength');
  }
  const schedule = noiseSchedule(model.config.schedule);
  const starts = strengths.map((strength) => firstTimestep(sampler, steps, strength, schedule));
  const opened = await openVideo(video, {
    start: at,
    frames: 1,
    ...(size !== undefined && { size }),
    ...(crop && { crop }),
    ...(onWarning && { onWarning }),
    ...(signal && { signal }),
  });
  let original: Frame | undefined;
  for await (const frame of opened.frames()) original ??= frame;
  if (!original) throw new UsageError(`${video}: there is no frame at ${at} s; choose an earlier time`);

  const latent = await encodeFrame(model, original);
  const edits: FrameEdit[] = [];
  const total = seeds.length * strengths.length;
  for (const [row, strength] of strengths.entries()) {
    for (const seed of seeds) {
      signal?.throwIfAborted();
      onProgress?.({ done: edits.length, total, label: 'editing' });
      const [edited] = await restyleLatents(model, [latent], 0, { ...options, strength, seed, batch: 1 });
      edits.push({ seed, strength, firstTimestep: starts[row], frame: await decodeFrame(model, edited) });
    }
  }
  onProgress?.({ done: total, total, label: 'editing' });
  const sheet = await contactSheet(
    strengths.flatMap((_, row) => [
      original,
      ...edits.slice(row * seeds.length, (row + 1) * seeds.length).map((e) => e.frame),
    ]),
    {
      columns: seeds.length + 1,
      columnLabels: ['original', ...seeds.map((seed) => `seed ${seed}`)],
      rowLabels: strengths.map((strength) => `strength ${strength}`),
    },
  );
  return { original, edits, sheet };
}

/** Writes the sheet, every picture of it and `result.json` into a folder that exists; gives the path of the sheet. */
export async function writeEditedFrame(folder: string, { original, edits, sheet }: EditedFrame): Promise<string> {
  const pictures = edits.map((edit) => ({ ...edit, file: `strength-${edit.strength}-seed-${edit.seed}.png` }));
  for (const { file, frame } of pictures) await writePicture(join(folder, file), frame);
  await writePicture(join(folder, 'original.png'), original);
  const path = join(folder, 'sheet.png');
  await writePicture(path, sheet);
  const stored = pictures.map(({ frame: _, ...rest }) => rest);
  await writeFileAtomic(
    join(folder, 'result.json'),
    `${JSON.stringify({ sheet: 'sheet.png', edits: stored }, null, 1)}\n`,
  );
  return path;
}
