// Frames side by side in one picture, with names of columns and rows.

import { dataUri } from '../base/data-uri.js';
import { UsageError } from '../base/errors.js';
import { html } from '../report/html.js';
import type { Frame } from '../tensor/frame.js';
import { contactSheet } from '../video/layout/contact-sheet.js';
import { readPicture } from '../video/still.js';
import { figure } from './figure.js';
import { bundleOf, type Display, pictureType } from './mime-bundle.js';
import { pictureOf } from './picture.js';
import type { ShowSettings } from './show-options.js';

/**
 * Frames of one size, or paths of pictures, row by row.
 *
 * @inline
 */
export interface ShownFrames {
  readonly frames: readonly (Frame | string)[];
  /** Frames per row; all by default. */
  readonly columns?: number;
  /** Names of the columns, above them. */
  readonly labels?: readonly string[];
  /** Names of the rows, to their left. */
  readonly rows?: readonly string[];
}

/**
 * The frames in every format.
 *
 * @throws UsageError when there are none, they differ in size, or the number of names does not fit
 */
export async function showFrames(
  { frames, columns = frames.length, labels, rows }: ShownFrames,
  { width, caption }: ShowSettings,
): Promise<Display> {
  if (frames.length === 0) throw new UsageError('show: there are no frames; give at least one');
  const pictures = await Promise.all(frames.map((frame) => (typeof frame === 'string' ? readPicture(frame) : frame)));
  const names = { ...(labels && { columns: labels }), ...(rows && { rows }) };
  const alone = pictures.length === 1 && labels === undefined && rows === undefined;
  const sheet = alone ? pictures[0] : await contactSheet(pictures, { columns, labels: names });
  const picture = await pictureOf(sheet, width);
  const type = pictureType(picture);
  const count = `${pictures.length} frame${pictures.length === 1 ? '' : 's'}`;
  const text = [`${count} of ${pictures[0].width}x${pictures[0].height}`, caption].filter((line) => line !== undefined);
  // Without a caption, the picture needs no markup, so every reader shows it.
  const markup =
    caption === undefined ? undefined : figure(html`<img src="${dataUri(type, picture)}" alt="${caption}">`, caption);
  return {
    bundle: bundleOf(text.join('\n'), markup, picture),
    file: { name: `frames.${type === 'image/png' ? 'png' : 'jpg'}`, data: picture },
  };
}
