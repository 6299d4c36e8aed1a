// A line plot. Lines are an SVG stretched to the available space, labels are HTML at positions in percent: it fits every
// width, prints, and needs no script; assets/report/plots.js adds interaction.

import { formatTick } from './format-value.js';
import { type Html, html, jsonForScript } from './html.js';
import type { ReportValue } from './report-data.js';
import { type Scale, scaleOf } from './scale.js';

/** One line. */
export interface PlotLine {
  /** Lines of one name are shown and hidden together. */
  readonly name: string;
  readonly label: string;
  /** The class of its colour, from `seriesClasses`. */
  readonly colour: string;
  /** Values on the vertical axis; null leaves a gap. */
  readonly values: readonly ReportValue[];
  /** Drawn faintly, such as raw values behind a smoothed line. */
  readonly faint?: boolean;
}

/** The data of a line plot. */
export interface LinePlot {
  readonly title: string;
  readonly unit?: string;
  /** Explanation, shown on hovering the title. */
  readonly explanation?: string;
  readonly xLabel: string;
  /** The horizontal position of each value, ascending. */
  readonly x: readonly number[];
  /** Start and end of the horizontal axis; the first and last value by default. */
  readonly xRange?: readonly [from: number, to: number];
  readonly lines: readonly PlotLine[];
  readonly fromZero?: boolean;
  readonly log?: boolean;
  /** Positions to mark with a vertical line. */
  readonly marks?: readonly { readonly x: number; readonly label: string }[];
  /** For curves over frames: how many frames a value covers. Such a plot follows the player, and a click seeks it. */
  readonly frames?: number;
  readonly small?: boolean;
}

/** The plot as markup. */
export function linePlot(plot: LinePlot): Html {
  const x = scaleOf(plot.xRange ?? plot.x, { exact: true, ticks: 6 });
  const y = scaleOf(
    plot.lines.flatMap((line) => line.values),
    { fromZero: plot.fromZero, log: plot.log, ticks: plot.small ? 3 : 4 },
  );
  const names = plot.lines.filter((line) => !line.faint).map((line) => line.label);
  return html`<figure class="plot line-plot${plot.small ? ' small' : ''}"${plot.frames !== undefined && html` data-frames="${plot.frames}"`}>
<figcaption title="${plot.explanation}">${plot.title}${plot.unit && html` <small>${plot.unit}</small>`}</figcaption>
<div class="plot-body">
<div class="plot-area" role="img" aria-label="${`${plot.title} by ${plot.xLabel}: ${names.join(', ')}`}">
${horizontalGrid(y)}
${plot.marks?.map((mark) => html`<i class="mark" style="left:${percent(x.at(mark.x))}" title="${mark.label}"></i>`)}
<svg viewBox="0 0 1000 1000" preserveAspectRatio="none" aria-hidden="true">
${plot.lines.map((line) => html`<path class="line ${line.colour}${line.faint ? ' faint' : ''}" data-name="${line.name}" d="${pathOf(plot.x, line.values, x, y)}"/>`)}
</svg>
</div>
${horizontalTicks(x)}
<div class="x-label">${plot.xLabel}</div>
</div>
<script type="application/json" class="plot-data">${jsonForScript({
    x: plot.x,
    from: x.min,
    to: x.max,
    xLabel: plot.xLabel,
    frames: plot.frames,
    lines: plot.lines.map(({ name, label, colour, values }) => ({ name, label, colour, values: values.map(short) })),
  })}</script>
</figure>`;
}

/** Grid lines at the ticks of the vertical axis, with labels at the left. */
export function horizontalGrid(y: Scale): Html {
  return html`${y.ticks.map(
    ({ value, step }) =>
      html`<i class="grid-line" style="bottom:${percent(y.at(value))}"><b>${formatTick(value, step)}</b></i>`,
  )}`;
}

/** Labels at the ticks of the horizontal axis. */
export function horizontalTicks(x: Scale): Html {
  return html`<div class="x-ticks" aria-hidden="true">${x.ticks.map(
    ({ value, step }) => html`<b style="left:${percent(x.at(value))}">${formatTick(value, step)}</b>`,
  )}</div>`;
}

/** A position from 0 to 1, in percent. */
export function percent(place: number): string {
  return `${+(100 * place).toFixed(2)}%`;
}

/** A path through the values; a value between two gaps becomes a dot (a line of zero length with round ends). */
function pathOf(xs: readonly number[], values: readonly ReportValue[], x: Scale, y: Scale): string {
  let path = '';
  let pen = false;
  for (let i = 0; i < values.length && i < xs.length; i++) {
    const value = values[i];
    if (value === null || !Number.isFinite(value)) {
      pen = false;
      continue;
    }
    path += `${pen ? 'L' : 'M'}${+(1000 * x.at(xs[i])).toFixed(1)} ${+(1000 - 1000 * y.at(value)).toFixed(1)}`;
    if (!pen && !Number.isFinite(values[i + 1] ?? Number.NaN)) path += 'h0';
    pen = true;
  }
  return path;
}

function short(value: ReportValue): ReportValue {
  return value === null ? null : +value.toPrecision(5);
}
