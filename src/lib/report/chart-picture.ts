// Draws a line chart as a PNG, for documents that show only pictures. Pages use line-plot.ts.

import { writeFile } from 'node:fs/promises';
import sharp from 'sharp';
import { replaceAtomically } from '../base/atomic-file.js';
import { linearTicks, tickStep } from './chart-math.js';
import { html } from './html.js';

/**
 * One line: its points from left to right.
 *
 * @inline
 */
export interface ChartLine {
  readonly label: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

/**
 * The data of a chart; the vertical axis starts at 0.
 *
 * @inline
 */
export interface Chart {
  readonly title: string;
  readonly xLabel: string;
  /** Title of the vertical axis, unless the chart's title covers it. */
  readonly yLabel?: string;
  readonly lines: readonly ChartLine[];
  /** Draws circles at the points; not for lines of thousands of points. */
  readonly marked?: boolean;
}

const [WIDTH, HEIGHT] = [1200, 700];
const PLOT = { left: 90, top: 70, bottom: 610 };
/** Pixels of a letter of the legend, and of what is beside its names. */
const LEGEND = { letter: 11, beside: 64 };
/** The least width of the plot itself. */
const LEAST = 500;
/** Colours of lines, distinguishable by colour-blind readers (Okabe and Ito 2008). */
export const CHART_COLOURS: readonly string[] = ['#d55e00', '#0072b2', '#009e73', '#e69f00', '#cc79a7', '#56b4e9'];

/**
 * Writes the chart as a PNG of 1200x700, wider where names in the legend are long.
 *
 * @throws FailureError when the disk is full
 */
export async function writeChart(path: string, chart: Chart): Promise<void> {
  const picture = await chartPicture(chart);
  await replaceAtomically(path, (temporary) => writeFile(temporary, picture));
}

/** The chart as a PNG of 1200x700, wider where names in the legend are long. */
export function chartPicture(chart: Chart): Promise<Uint8Array> {
  return sharp(Buffer.from(draw(chart)))
    .png({ compressionLevel: 9, palette: true })
    .toBuffer();
}

function draw({ title, xLabel, yLabel, lines, marked = false }: Chart): string {
  const longest = Math.max(...lines.map(({ label }) => label.length));
  const legend = LEGEND.beside + LEGEND.letter * longest;
  const right = Math.max(PLOT.left + LEAST, WIDTH - legend);
  const width = right + legend;
  const all = lines.flatMap(({ points }) => points);
  const [xTicks, yTicks] = [0, 1].map((axis) => ticksUpTo(Math.max(...all.map((point) => point[axis]), 1e-9)));
  const [xEnd, yEnd] = [xTicks, yTicks].map((values) => values[values.length - 1]);
  const x = (value: number): number => PLOT.left + ((right - PLOT.left) * value) / xEnd;
  const y = (value: number): number => PLOT.bottom - ((PLOT.bottom - PLOT.top) * value) / yEnd;
  const text = (left: number, top: number, content: string, more = ''): string =>
    `<text x="${left}" y="${top}" ${more}>${html`${content}`.markup}</text>`;
  const middle = (PLOT.top + PLOT.bottom) / 2;
  const rows = yTicks.map(
    (value) =>
      `<line x1="${PLOT.left}" x2="${right}" y1="${y(value)}" y2="${y(value)}" stroke="#ddd"/>${text(PLOT.left - 12, y(value) + 7, short(value), 'text-anchor="end"')}`,
  );
  const drawn = lines.map(({ label, points }, i) => {
    const colour = CHART_COLOURS[i % CHART_COLOURS.length];
    const places = points.map(([px, py]) => [x(px).toFixed(1), y(py).toFixed(1)]);
    const circles = marked ? places.map(([cx, cy]) => `<circle cx="${cx}" cy="${cy}" r="5" fill="${colour}"/>`) : [];
    const top = PLOT.top + 34 * i;
    return `<polyline points="${places.join(' ')}" fill="none" stroke="${colour}" stroke-width="3"/>${circles.join('')}
<rect x="${right + 20}" y="${top}" width="24" height="6" fill="${colour}"/>${text(right + 54, top + 9, label)}`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${HEIGHT}" font-family="sans-serif" font-size="20" fill="#222">
<rect width="100%" height="100%" fill="#fff"/>
${text(PLOT.left, 36, title, 'font-weight="bold"')}
${rows.join('\n')}
${xTicks.map((value) => text(x(value), PLOT.bottom + 32, short(value), 'text-anchor="middle"')).join('\n')}
${text((PLOT.left + right) / 2, PLOT.bottom + 68, xLabel, 'text-anchor="middle"')}
${yLabel === undefined ? '' : text(22, middle, yLabel, `text-anchor="middle" transform="rotate(-90 22 ${middle})"`)}
${drawn.join('\n')}
</svg>`;
}

/** About five round numbers, from 0 to the first that is at least `to`. */
function ticksUpTo(to: number): number[] {
  const step = tickStep(to / 5);
  const count = Math.ceil(to / step - 1e-9);
  return linearTicks(0, count * step, count).values;
}

const short = (value: number): string => String(Number(value.toPrecision(4)));
