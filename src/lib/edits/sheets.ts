// Edits of a frame as one labelled picture.

import type { Frame } from '../tensor/frame.js';
import { asImage } from '../video/as-image.js';
import { contactSheet } from '../video/layout/contact-sheet.js';
import { drawLabel, layLabel } from '../video/layout/label.js';
import type { FrameEdit } from './frame-edit.js';

/** Minimum width in pixels of a picture with a caption. */
const WIDTH = 256;

/** Rows of strengths, columns of seeds, with the original at the left of each row; `edits` have this order. */
export function triedSheet(
  original: Frame,
  edits: readonly FrameEdit[],
  { strengths, seeds }: { readonly strengths: readonly number[]; readonly seeds: readonly number[] },
): Promise<Frame> {
  const rows = strengths.map((_, row) => edits.slice(row * seeds.length, (row + 1) * seeds.length));
  return contactSheet(
    rows.flatMap((row) => [original, ...row.map(({ picture }) => picture)]),
    {
      columns: seeds.length + 1,
      labels: {
        columns: ['original', ...seeds.map((seed) => `seed ${seed}`)],
        rows: strengths.map((strength) => `strength ${strength}`),
      },
    },
  );
}

/** The original, then the numbered edits in order, each above its settings and scores. Narrow pictures are enlarged. */
export async function rankedSheet(original: Frame, edits: readonly FrameEdit[]): Promise<Frame> {
  const captions = [
    ['original', ''],
    ...edits.map(({ strength, seed, scores }, i) => [
      `${i + 1}   strength ${strength}  seed ${seed}`,
      `kept ${scores.kept.toFixed(2)}  edit ${scores.editStrength.toFixed(0)}  rank ${scores.rank.toFixed(2)}`,
    ]),
  ];
  const pictures = [original, ...edits.map(({ picture }) => picture)];
  const cells = await Promise.all(pictures.map((picture, i) => captioned(picture, captions[i])));
  return contactSheet(cells, { columns: columnsFor(cells.length) });
}

/** As square as possible, or with up to two more columns if that leaves fewer empty cells. */
function columnsFor(count: number): number {
  const square = Math.ceil(Math.sqrt(count));
  const empty = (columns: number): number => Math.ceil(count / columns) * columns - count;
  return [square, square + 1, square + 2].reduce((best, each) => (empty(each) < empty(best) ? each : best));
}

/** The picture above a black strip with lines of text. */
async function captioned(picture: Frame, lines: readonly string[]): Promise<Frame> {
  const { width, height, data: pixels } = await enlarged(picture);
  const capitals = Math.round(Math.max(9, Math.min(28, width * 0.036)));
  const labels = await Promise.all(lines.map((line) => drawLabel(line || ' ', capitals, width)));
  const line = Math.max(...labels.map((label) => label.height));
  const data = new Uint8Array(3 * width * (height + lines.length * line));
  data.set(pixels);
  labels.forEach((label, i) => {
    layLabel(data, width, label, { x: 0, y: height + i * line });
  });
  return { width, height: height + lines.length * line, data };
}

async function enlarged(picture: Frame): Promise<Frame> {
  const factor = Math.ceil(WIDTH / picture.width);
  if (factor === 1) return picture;
  const [width, height] = [factor * picture.width, factor * picture.height];
  const data = await asImage(picture).resize({ width, height, kernel: 'nearest' }).raw().toBuffer();
  return { width, height, data };
}
