// Labels, drawn once and then composited over frames. Letters are from stroke-font.ts, so no font has to be installed.

import sharp from 'sharp';
import { ABOVE_CAPITALS, BELOW_BASELINE, CAPITAL_HEIGHT, hasStrokes, strokesOf } from './stroke-font.js';

/** A drawn text: the coverage of each pixel, 0..255, row by row (H x W). */
export interface Text {
  readonly width: number;
  readonly height: number;
  readonly ink: Uint8Array;
}

/** A text on its background for compositing: RGB premultiplied by opacity, and 255 - opacity. */
export interface Label {
  readonly width: number;
  readonly height: number;
  readonly colour: Uint8Array;
  readonly shine: Uint8Array;
}

const SMALLEST = 6;
/** Maximum number of characters to lay out: more never fit. */
const LONGEST = 2000;
const PEN = 1.35; // width of a stroke in the font's units

/**
 * Draws one line of text as coverage.
 *
 * @param capitals height of capital letters in pixels
 * @param maxWidth in pixels; a longer text is drawn smaller (capitals of at least 6 pixels), then truncated
 */
export async function drawText(text: string, capitals: number, maxWidth: number): Promise<Text> {
  const characters = [...text.slice(0, 2 * LONGEST)].slice(0, LONGEST);
  let shown = characters.join('');
  let size = capitals;
  if (widthOf(shown, size) > maxWidth) size = Math.max(SMALLEST, (size * maxWidth) / widthOf(shown, size));
  for (let length = characters.length - 1; length > 0 && widthOf(shown, size) > maxWidth; length--) {
    shown = `${characters.slice(0, length).join('').trimEnd()}...`;
  }
  if (!hasStrokes(shown)) {
    const drawn = await drawWithFont(shown, size, maxWidth);
    if (drawn) return drawn;
  }
  const scale = size / CAPITAL_HEIGHT;
  const pen = Math.max(PEN, 1.1 / scale); // never thinner than a pixel
  const strokes = strokesOf(shown);
  const width = Math.max(1, Math.min(Math.ceil(maxWidth), Math.ceil((strokes.width + pen) * scale)));
  const height = Math.ceil((CAPITAL_HEIGHT + ABOVE_CAPITALS + BELOW_BASELINE) * scale);
  const svg =
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">` +
    `<g transform="scale(${scale}) translate(${pen / 2} ${ABOVE_CAPITALS})" fill="none" stroke="#fff" ` +
    `stroke-width="${pen}" stroke-linecap="round" stroke-linejoin="round">${strokes.svg}</g></svg>`;
  const ink = await sharp(Buffer.from(svg)).extractChannel('alpha').raw().toBuffer();
  return { width, height, ink };
}

/** Draws a text as a label: white on a dark, slightly transparent box. */
export async function drawLabel(text: string, capitals: number, maxWidth: number): Promise<Label> {
  const margin = Math.max(2, Math.round(capitals * 0.45));
  const { width, height, ink } = await drawText(text, capitals, Math.max(8, maxWidth - 2 * margin));
  const box = { width: Math.min(maxWidth, width + 2 * margin), height: height + Math.ceil(margin / 2) };
  const colour = new Uint8Array(3 * box.width * box.height);
  const shine = new Uint8Array(box.width * box.height).fill(255 - 176);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width && x + margin < box.width; x++) {
      const covered = ink[y * width + x];
      const at = (y + (margin >> 2)) * box.width + x + margin;
      colour.fill(covered, 3 * at, 3 * at + 3);
      shine[at] = Math.round(((255 - 176) * (255 - covered)) / 255);
    }
  }
  return { ...box, colour, shine };
}

/** Composites a label over RGB rows of `stride` pixels with its top left corner at (x, y). */
export function layLabel(
  data: Uint8Array,
  stride: number,
  label: Label,
  { x, y }: { readonly x: number; readonly y: number },
): void {
  const { width, height, colour, shine } = label;
  for (let row = 0; row < height; row++) {
    let to = 3 * ((y + row) * stride + x);
    let from = row * width;
    for (const end = from + width; from < end; from++, to += 3) {
      const through = shine[from];
      data[to] = (colour[3 * from] + (data[to] * through + 127) / 255) | 0;
      data[to + 1] = (colour[3 * from + 1] + (data[to + 1] * through + 127) / 255) | 0;
      data[to + 2] = (colour[3 * from + 2] + (data[to + 2] * through + 127) / 255) | 0;
    }
  }
}

function widthOf(text: string, capitals: number): number {
  return ((strokesOf(text).width + PEN) * capitals) / CAPITAL_HEIGHT;
}

/** Draws scripts that the stroke font lacks with the machine's fonts; undefined if they draw nothing. */
async function drawWithFont(text: string, capitals: number, maxWidth: number): Promise<Text | undefined> {
  const escaped = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  const dpi = Math.max(36, Math.round(capitals * 10)); // capitals of sans 10 are about 0.1 x dpi high
  const image = sharp({ text: { text: escaped, font: 'sans 10', dpi, rgba: true } });
  const drawn = await image
    .extractChannel('alpha')
    .resize({ width: Math.max(1, Math.floor(maxWidth)), withoutEnlargement: true })
    .raw()
    .toBuffer({ resolveWithObject: true })
    .catch(() => undefined);
  if (!drawn?.data.some((value) => value > 127)) return undefined;
  return { width: drawn.info.width, height: drawn.info.height, ink: drawn.data };
}
