// A chart as data in the page, which assets/report/charts.js draws by plotly.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type Html, html, jsonForScript } from './html.js';
import type { ReportValue } from './report-data.js';

/** One line, or the points of one arm. */
export interface FigureLine {
  /** Lines of one name are shown, hidden and highlighted together. */
  readonly name: string;
  readonly label: string;
  /** The class of its colour, from `seriesClasses`. */
  readonly colour: string;
  readonly x: readonly number[];
  /** Null leaves a gap. */
  readonly y: readonly ReportValue[];
  /** `line` by default; `both` marks the points of a line. */
  readonly kind?: 'line' | 'points' | 'both';
  /** Drawn faintly, such as raw values behind a smoothed line. */
  readonly faint?: boolean;
  /** Tints the area below it. */
  readonly below?: boolean;
  /** The name of each point. */
  readonly text?: readonly string[];
}

/** An axis. */
export interface FigureAxis {
  readonly title: string;
  readonly log?: boolean;
  readonly fromZero?: boolean;
  /** Values that the axis includes. */
  readonly include?: readonly number[];
}

/** The data of a chart. */
export interface Figure {
  readonly title: string;
  readonly unit?: string;
  /** Explanation, shown on hovering the title. */
  readonly explanation?: string;
  readonly x: FigureAxis;
  readonly y: FigureAxis;
  readonly lines: readonly FigureLine[];
  /** Positions on the horizontal axis to mark with a vertical line. */
  readonly marks?: readonly { readonly x: number; readonly label: string }[];
  /** Lower bounds on the vertical axis. */
  readonly floors?: readonly { readonly label: string; readonly y: number }[];
  /** For curves over frames: how many frames a value covers. Such a chart follows the player, and a click seeks it. */
  readonly frames?: number;
  /** Figures of one group are zoomed together. */
  readonly group?: string;
  readonly legend?: boolean;
  readonly size?: 'small' | 'large';
}

/** The chart as markup. */
export function figure({ title, unit, explanation, size, ...drawn }: Figure): Html {
  return html`<figure class="plot${size !== undefined && html` ${size}`}">
${title !== '' && html`<figcaption title="${explanation}">${title}${unit && html` <small>${unit}</small>`}</figcaption>`}
<div class="chart-place" data-figure><noscript><p class="empty">This chart needs JavaScript; its numbers are in the table of metrics.</p></noscript>
<script type="application/json">${jsonForScript({
    ...{ title, ...drawn },
    lines: drawn.lines.map((line) => ({ ...line, y: line.y.map(short) })),
  })}<\/script></div>
</figure>`;
}

function short(value: ReportValue): ReportValue {
  return value === null ? null : +value.toPrecision(7);
}

/** Path of plotly's bundle for browsers, which the dashboard serves and reports contain. */
export function plotlyPath(): string {
  return createRequire(import.meta.url).resolve('plotly.js-basic-dist-min');
}

let bundle: string | undefined;

/** Its text. */
export function plotlySource(): string {
  bundle ??= readFileSync(plotlyPath(), 'utf8');
  return bundle;
}
