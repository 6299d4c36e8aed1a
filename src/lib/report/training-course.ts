// The course of a training: loss, learning rate and gradient norm over the iterations, and previews.

import { drawnPoints } from '../tracking/stored/downsample.js';
import { runningMean } from './chart-math.js';
import { type FigureLine, figure } from './figure.js';
import { formatMetric } from './format-value.js';
import { type Html, html } from './html.js';
import type { ReportCheckpoint, ReportMetric, ReportTraining, ReportValue } from './report-data.js';
import { describeMetric } from './report-metrics.js';

/** The most points drawn per curve. */
const POINTS = 1200;

/** Plots and previews; a note where nothing was recorded. */
export function trainingCourse(training: ReportTraining, described: Readonly<Record<string, ReportMetric>> = {}): Html {
  const { iterations, loss, learningRate, gradientNorm, checkpoints = [], note } = training;
  if (iterations.length === 0) return html`<p class="empty">Nothing was recorded of the training.</p>`;
  const span = Math.max(5, Math.round(iterations.length / 25));
  const marks = checkpoints.map((each) => ({ x: each.iteration, label: `checkpoint at iteration ${each.iteration}` }));
  return html`${note && html`<p class="note wide">${note}</p>`}
<div class="training-plots">
${curve({ title: 'loss', iterations, values: loss, span, marks, log: true })}
<div class="plots">
${learningRate && curve({ title: 'learning rate', iterations, values: learningRate, small: true })}
${gradientNorm && curve({ title: 'gradient norm', iterations, values: gradientNorm, span, small: true, log: true })}
</div>
</div>
${checkpoints.length > 0 && previews(checkpoints, described)}`;
}

interface CurveOptions {
  readonly title: string;
  readonly iterations: readonly number[];
  readonly values: readonly ReportValue[];
  /** Number of values to smooth over; the raw values are drawn faintly behind. */
  readonly span?: number;
  readonly marks?: readonly { readonly x: number; readonly label: string }[];
  readonly log?: boolean;
  readonly small?: boolean;
}

function curve({ title, iterations, values, span, marks, log, small }: CurveOptions): Html {
  const kept = drawnPoints(iterations, values, POINTS);
  const smoothed = span === undefined ? undefined : runningMean(values, 1 - 1 / span);
  const x = kept.map((i) => iterations[i]);
  const line = (label: string, list: readonly ReportValue[], faint = false): FigureLine => ({
    ...{ name: label, label, colour: 'series-0', x, y: kept.map((i) => list[i]), faint },
  });
  return figure({
    title,
    ...(smoothed && { unit: `smoothed over about ${span} values` }),
    x: { title: 'iteration' },
    y: { title: '', log, fromZero: !log },
    lines: smoothed ? [line('each iteration', values, true), line('smoothed', smoothed)] : [line(title, values)],
    marks,
    group: 'iterations',
    ...(small && { size: 'small' }),
  });
}

function previews(checkpoints: readonly ReportCheckpoint[], described: Readonly<Record<string, ReportMetric>>): Html {
  return html`<ul class="pictures previews">${checkpoints.map(
    ({ iteration, picture, metrics = {}, chosen }) => html`<li${chosen && html` class="chosen"`}><figure>
${picture !== undefined && html`<button type="button" class="zoom" aria-label="${`Show in full size: preview at iteration ${iteration}`}"><img src="${picture}" alt="${`Preview at iteration ${iteration}`}"></button>`}
<figcaption><b>iteration ${iteration}</b>${chosen && html` <em>used</em>`}
<dl>${Object.entries(metrics).map(
      ([name, value]) =>
        html`<div><dt>${describeMetric(name, described).title}</dt><dd>${formatMetric(name, value)}</dd></div>`,
    )}</dl></figcaption>
</figure></li>`,
  )}</ul>`;
}
