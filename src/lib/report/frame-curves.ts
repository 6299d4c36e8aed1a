// Plots of metrics over the frames, one line per arm. They follow the player, and a click seeks it.

import { figure } from './figure.js';
import { type Html, html } from './html.js';
import type { ReportArm, ReportMetric } from './report-data.js';
import { metricsOf } from './report-metrics.js';
import { seriesClasses } from './series.js';

/** The curves beside the player by default. */
export const MAIN_CURVES: readonly string[] = ['frame_difference', 'warping_error'];

/** Which curves to draw. */
export interface FrameCurvesOptions {
  /** Only these metrics. */
  readonly only?: readonly string[];
  /** All but these metrics. */
  readonly except?: readonly string[];
  readonly described?: Readonly<Record<string, ReportMetric>>;
  readonly small?: boolean;
}

/** A plot for each metric; undefined if no arm has curves. */
export function frameCurves(arms: readonly ReportArm[], options: FrameCurvesOptions = {}): Html | undefined {
  const { only, except, described, small } = options;
  const metrics = metricsOf(arms, 'perFrame', described).filter(
    ({ name }) => (only?.includes(name) ?? true) && !except?.includes(name),
  );
  const colourOf = seriesClasses(arms);
  const plots = metrics.flatMap((metric) => {
    const { frames = 1 } = metric;
    // A value that covers several frames is drawn at their middle.
    const middle = (frames - 1) / 2;
    const lines = arms.flatMap((arm) => {
      const values = arm.perFrame?.[metric.name];
      return values && values.length > 0
        ? [
            {
              name: arm.name,
              label: arm.label,
              colour: colourOf(arm.name),
              x: values.map((_, t) => t + middle),
              y: values,
            },
          ]
        : [];
    });
    if (lines.length === 0) return [];
    const { title, unit, explanation, fromZero = true } = metric;
    const last = Math.max(...lines.map(({ y }) => y.length)) + frames - 2;
    const axes = { x: { title: 'frame', include: [0, last] }, y: { title: '', fromZero } };
    return [
      figure({ title, unit, explanation, ...axes, lines, frames, group: 'frames', ...(small && { size: 'small' }) }),
    ];
  });
  return plots.length > 0 ? html`<div class="plots">${plots}</div>` : undefined;
}

/** The legend of arms; each is a button that shows and hides its lines in all plots. */
export function armLegend(arms: readonly ReportArm[]): Html {
  const colourOf = seriesClasses(arms);
  const shown = arms.filter((arm) => Object.values(arm.perFrame ?? {}).some((values) => values.length > 0));
  return html`<ul class="legend toggles flow" aria-label="Arms">${shown.map(
    (arm) =>
      html`<li class="${colourOf(arm.name)}"><button type="button" class="flow" aria-pressed="true" data-line="${arm.name}"><i class="swatch"></i>${arm.label}</button></li>`,
  )}</ul>`;
}
