// The table of an experiment's settings beside the published recipe's, with differences marked.

import { type Html, html } from './html.js';
import type { ReportSetting } from './report-data.js';

/** The table; undefined if there are no settings. */
export function settingsTable(settings: readonly ReportSetting[] = []): Html | undefined {
  if (settings.length === 0) return undefined;
  const compares = settings.some((setting) => setting.published !== undefined);
  const notes = settings.some((setting) => setting.note !== undefined);
  const columns = 2 + Number(compares) + Number(notes);
  const differing = settings.filter(differs).length;
  const groups = [...new Set(settings.map((setting) => setting.group ?? ''))];
  return html`${
    compares &&
    html`<p class="note wide">${
      differing === 0
        ? 'Every setting that the published recipe names is as published.'
        : `${differing === 1 ? 'One setting differs' : `${differing} settings differ`} from the published recipe; ${differing === 1 ? 'it is' : 'they are'} marked.`
    }</p>`
  }
<div class="table-scroll" tabindex="0" role="region" aria-label="Settings">
<table class="settings">
<thead><tr><th scope="col">setting</th><th scope="col">here</th>${compares && html`<th scope="col">published</th>`}${notes && html`<th scope="col">why</th>`}</tr></thead>
${groups.map(
  (
    group,
  ) => html`<tbody>${group && html`<tr class="group"><th colspan="${columns}" scope="rowgroup">${group}</th></tr>`}
${settings
  .filter((setting) => (setting.group ?? '') === group)
  .map(
    (
      setting,
    ) => html`<tr${differs(setting) && html` class="differs"`}><th scope="row">${setting.name}</th><td>${setting.value}</td>${
      compares &&
      html`<td>${setting.published ?? '–'}${differs(setting) && html` <span class="differs-mark">differs</span>`}</td>`
    }${notes && html`<td class="why">${setting.note}</td>`}</tr>
`,
  )}</tbody>`,
)}
</table>
</div>`;
}

function differs({ value, published }: ReportSetting): boolean {
  return published !== undefined && published !== value;
}
