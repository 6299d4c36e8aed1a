// Proposed edits on one sheet: the original first, then the edits from the best on, each over a caption with settings and scores.

import type { Frame } from '../tensor/frame.js';
import { asImage } from '../video/as-image.js';
import { contactSheet } from '../video/layout/contact-sheet.js';
import { drawLabel, layLabel } from '../video/layout/label.js';
import type { Proposal } from './proposal.js';

/** Pixels that a picture is wide at least, so that its caption can be read. */
const WIDTH = 256;

/** Draws the sheet; pictures less than 256 pixels wide are enlarged by a whole factor. */
export async function proposalSheet(original: Frame, proposals: readonly Proposal[]): Promise<Frame> {
  const captions = [
    ['original', ''],
    ...proposals.map(({ sidecar: { strength, seed, scores } }, i) => [
      `${i + 1}   strength ${strength}  seed ${seed}`,
      `kept ${scores.kept.toFixed(2)}  edit ${scores.editStrength.toFixed(0)}  rank ${scores.rank.toFixed(2)}`,
    ]),
  ];
  const pictures = [original, ...proposals.map(({ picture }) => picture)];
  const cells = await Promise.all(pictures.map((picture, i) => captioned(picture, captions[i])));
  return contactSheet(cells, { columns: columnsFor(cells.length) });
}

/** As square as possible, or up to two columns more where that leaves fewer places empty. */
function columnsFor(count: number): number {
  const square = Math.ceil(Math.sqrt(count));
  const empty = (columns: number): number => Math.ceil(count / columns) * columns - count;
  return [square, square + 1, square + 2].reduce((best, each) => (empty(each) < empty(best) ? each : best));
}

/** The picture over a black strip with lines of text. */
async function captioned(picture: Frame, lines: readonly string[]): Promise<Frame> {
  const { width, height, data: pixels } = await enlarged(picture);
  const capitals = Math.round(Math.max(9, Math.min(28, width * 0.036)));
  const labels = await Promise.all(lines.map((line) => drawLabel(line || ' ', capitals, width)));
  const line = Math.max(...labels.map((label) => label.height));
  const data = new Uint8Array(3 * width * (height + lines.length * line));
  data.set(pixels);
  labels.forEach((label, i) => {
    layLabel(data, width, label, 0, height + i * line);
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
