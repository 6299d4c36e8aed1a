// A sheet of pictures with names of rows and columns, to compare settings.

import { UsageError } from '../../base/errors.js';
import type { Frame } from '../../tensor/frame.js';
import { drawText, type Text } from './label.js';

/** Layout options of a sheet. */
export interface ContactSheetOptions {
  /** Pictures per row. */
  readonly columns: number;
  /** Names of columns (above) and of rows (left). */
  readonly labels?: { readonly columns?: readonly string[]; readonly rows?: readonly string[] };
  /** Pixels between pictures; 4 by default. */
  readonly gap?: number;
}

/**
 * Lays out pictures of one size in rows from the top left, with dark names on white.
 *
 * @throws UsageError for pictures of different sizes, none at all, or a wrong number of labels
 */
export async function contactSheet(frames: readonly Frame[], options: ContactSheetOptions): Promise<Frame> {
  const { columns, labels = {}, gap = 4 } = options;
  if (frames.length === 0) throw new UsageError('a contact sheet needs at least one picture; give some');
  if (!Number.isInteger(columns) || columns < 1) {
    throw new UsageError(`a contact sheet of ${columns} columns is not possible; give a whole number from 1 on`);
  }
  const rows = Math.ceil(frames.length / columns);
  checkLabels(labels.columns, columns, 'columns');
  checkLabels(labels.rows, rows, 'rows');
  const { width, height } = frames[0];
  frames.forEach((frame, i) => {
    if (frame.width === width && frame.height === height) return;
    throw new UsageError(
      `picture ${i + 1} of the sheet is ${frame.width}x${frame.height} but picture 1 is ${width}x${height}; bring them to one size`,
    );
  });

  const capitals = Math.min(28, Math.max(8, Math.round(height * 0.045)));
  const draw = (texts: readonly string[] = [], room: number) =>
    Promise.all(texts.map((text) => drawText(text, capitals, room)));
  const above = await draw(labels.columns, width);
  const beside = await draw(labels.rows, Math.max(width, 20 * capitals));
  const top = above.length > 0 ? Math.max(...above.map((text) => text.height)) + 2 * gap : gap;
  const left = beside.length > 0 ? Math.max(...beside.map((text) => text.width)) + 3 * gap : gap;
  const sheet = {
    width: left + columns * (width + gap),
    height: top + rows * (height + gap),
  };
  const data = new Uint8Array(3 * sheet.width * sheet.height).fill(255);
  const cell = (i: number) => ({
    x: left + (i % columns) * (width + gap),
    y: top + Math.floor(i / columns) * (height + gap),
  });
  frames.forEach((frame, i) => {
    const { x, y } = cell(i);
    for (let row = 0; row < height; row++) {
      const pixels = frame.data.subarray(3 * width * row, 3 * width * (row + 1));
      data.set(pixels, 3 * (sheet.width * (y + row) + x));
    }
  });
  above.forEach((text, i) => {
    print(data, sheet.width, text, { x: cell(i).x + ((width - text.width) >> 1), y: gap });
  });
  beside.forEach((text, i) => {
    const y = cell(i * columns).y + ((height - text.height) >> 1);
    print(data, sheet.width, text, { x: left - gap - text.width, y });
  });
  return { ...sheet, data };
}

/** Draws a text in dark on the sheet. */
function print(data: Uint8Array, stride: number, text: Text, { x, y }: { x: number; y: number }): void {
  const last = data.length / 3 / stride;
  for (let row = 0; row < text.height && y + row < last; row++) {
    for (let column = 0; column < text.width; column++) {
      const at = 3 * (stride * Math.max(0, y + row) + x + column);
      const paper = Math.round(255 - (text.ink[row * text.width + column] * 225) / 255);
      data.fill(Math.min(data[at], paper), at, at + 3);
    }
  }
}

function checkLabels(labels: readonly string[] | undefined, count: number, what: string): void {
  if (!labels || labels.length === count) return;
  throw new UsageError(`the contact sheet has ${count} ${what} but ${labels.length} names for them; give one for each`);
}
