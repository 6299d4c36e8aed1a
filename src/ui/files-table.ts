// The table of the runs' files, with links to open or save them.

import { formatBytes } from '../lib/base/format-bytes.js';
import { type Html, html } from '../lib/report/html.js';
import { seriesClass } from '../lib/report/series.js';
import type { ComparedRun } from './compared-run.js';
import { isReport } from './run-media.js';

/** The most files listed of a run. */
const MOST = 200;

/** The table; undefined where no run has files. */
export function filesTable(runs: readonly ComparedRun[], served: boolean): Html | undefined {
  const count = runs.reduce((sum, { files }) => sum + files.length, 0);
  if (count === 0) return undefined;
  return html`<details class="files"${runs.length === 1 && html` open`}><summary>${count === 1 ? 'One file' : `${count} files`}</summary>
<div class="table-scroll" tabindex="0" role="region" aria-label="Files">
<table class="settings"><thead><tr><th scope="col">file</th><th scope="col" class="number">size</th><th scope="col">where</th></tr></thead>
${runs.map(
  (
    { files, label },
    i,
  ) => html`<tbody>${runs.length > 1 && html`<tr class="group"><th colspan="3" scope="rowgroup" class="${seriesClass(i)}"><i class="swatch"></i> ${label}</th></tr>`}
${files.slice(0, MOST).map(
  ({ name, url, bytes, problem, path }) =>
    html`<tr><th scope="row">${url === undefined ? name : html`<a href="${served ? shownUrl(name, url) : url}"${served && html` target="_blank" rel="noopener"`}>${name}</a>`}</th><td class="number">${formatBytes(bytes)}</td><td class="why">${problem === undefined ? '' : served ? `${problem}: ${path}` : problem}</td></tr>
`,
)}${files.length > MOST && html`<tr><td colspan="3" class="why">and ${files.length - MOST} more</td></tr>`}</tbody>`,
)}
</table></div></details>`;
}

/** The address at which a file is shown: a report's is one where its scripts may run. */
export function shownUrl(name: string, url: string): string {
  return isReport(name) ? url.replace(/^\/files\//, '/reports/') : url;
}
