// The sortable table of all metrics, one row per arm. No value is marked as the best; the text says why.

import { formatMetric, formatValue } from './format-value.js';
import { type Html, html } from './html.js';
import type { ReportArm, ReportMetric } from './report-data.js';
import { metricsOf, type NamedMetric } from './report-metrics.js';
import { seriesClasses } from './series.js';

/** A video whose ratio of frame difference to the source's is below this is marked as frozen. */
const FROZEN_BELOW = 0.5;

/** The table, with explanations of its columns; undefined if no arm has metrics. */
export function metricsTable(
  arms: readonly ReportArm[],
  described: Readonly<Record<string, ReportMetric>> = {},
): Html | undefined {
  const metrics = inGroups(metricsOf(arms, 'metrics', described));
  if (metrics.length === 0) return undefined;
  const settings = [...new Set(arms.flatMap((arm) => Object.keys(arm.settings ?? {})))];
  const numeric = new Set(settings.filter((name) => arms.every((arm) => isNumeric(arm.settings?.[name]))));
  const colourOf = seriesClasses(arms);
  const groups = [...new Set(metrics.map((metric) => metric.group))];
  const widthOf = (group: string): number => metrics.filter((metric) => metric.group === group).length;
  return html`<p class="note wide">No value is marked as the best one. “No edit” would win every number of steadiness, and a frozen
video nearly all of them: a number of steadiness means something only beside the edit strength in its row, and above the floor that
the source’s own row gives.</p>
<div class="table-scroll" tabindex="0" role="region" aria-label="Metrics of all arms">
<table class="metrics sortable">
<thead>
<tr class="groups"><td></td>${settings.length > 0 && html`<th colspan="${settings.length}" scope="colgroup">Settings</th>`}${groups.map(
    (group) => html`<th colspan="${widthOf(group)}" scope="colgroup">${group}</th>`,
  )}</tr>
<tr><th scope="col">${sortButton('arm')}</th>${settings.map((name, i) => html`<th scope="col" class="${numeric.has(name) ? 'number' : ''}${i === 0 ? ' starts' : ''}">${sortButton(name)}</th>`)}${metrics.map(
    (metric) =>
      html`<th scope="col" class="number${metric.starts ? ' starts' : ''}" title="${metric.explanation}">${sortButton(metric.title, metric.unit)}</th>`,
  )}</tr>
</thead>
<tbody>
${arms.map(
  (
    arm,
  ) => html`<tr class="${colourOf(arm.name)}" data-name="${arm.name}"><th scope="row"><i class="swatch"></i>${arm.label}</th>${settings.map(
    (name, i) => settingCell(arm.settings?.[name], numeric.has(name), i === 0),
  )}${metrics.map((metric) => metricCell(arm, metric))}</tr>
`,
)}</tbody>
</table>
</div>
<p class="table-tools"><button type="button" data-download="metrics">Table as CSV</button> <button type="button" data-download="data">All data as JSON</button></p>
<details class="glossary"><summary>What the columns mean</summary>
<dl>${metrics.map((metric) => metric.explanation && html`<div><dt>${metric.title}${metric.unit && html` <small>${metric.unit}</small>`}</dt><dd>${metric.explanation}</dd></div>`)}</dl>
</details>`;
}

type SettingValue = string | number | boolean | null | undefined;

/** Whether a value fits a column of numbers, as missing values do. */
function isNumeric(value: SettingValue): boolean {
  return value === undefined || value === null || typeof value === 'number';
}

interface ColumnMetric extends NamedMetric {
  /** Whether it is the first of its group. */
  readonly starts: boolean;
}

/** Metrics sorted by group, groups in the order of their first metrics. */
function inGroups(metrics: readonly NamedMetric[]): ColumnMetric[] {
  const groups = new Map<string, ColumnMetric[]>();
  for (const metric of metrics) {
    const group = groups.get(metric.group) ?? [];
    groups.set(metric.group, group);
    group.push({ ...metric, starts: group.length === 0 });
  }
  return [...groups.values()].flat();
}

function sortButton(title: string, unit = ''): Html {
  return html`<button type="button" class="sort">${title}${unit && html`<small>${unit}</small>`}</button>`;
}

function settingCell(value: SettingValue, numeric: boolean, starts: boolean): Html {
  const isNumber = typeof value === 'number';
  const text = value === undefined || value === null ? '–' : isNumber ? formatValue(value) : String(value);
  return html`<td class="${numeric ? 'number' : ''}${starts ? ' starts' : ''}"${isNumber && html` data-value="${String(value)}"`}>${text}</td>`;
}

function metricCell(arm: ReportArm, { name, starts }: ColumnMetric): Html {
  const className = `number${starts ? ' starts' : ''}`;
  if (!arm.metrics || !Object.hasOwn(arm.metrics, name)) return html`<td class="${className} none">–</td>`;
  const value = arm.metrics[name];
  const isInfinite = name === 'psnr' && value === null;
  const exact = isInfinite ? 'Infinity' : value === null ? undefined : String(value);
  const frozen = name === 'flicker_ratio' && value !== null && value < FROZEN_BELOW;
  return html`<td class="${className}"${exact !== undefined && html` data-value="${exact}" title="${exact}"`}>${formatMetric(name, value)}${
    frozen &&
    html` <abbr class="frozen" title="It moves less than half as much as the source: frozen rather than steady">frozen</abbr>`
  }</td>`;
}
