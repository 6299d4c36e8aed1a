// The table of the runs' settings, those that differ first and marked; then where and how the runs were made.

import { formatDuration, formatTime } from '../lib/base/format-time.js';
import { type Html, html } from '../lib/report/html.js';
import { seriesClass } from '../lib/report/series.js';
import { parameterText } from '../lib/tracking/log/parameters.js';
import type { ComparedRun } from './compared-run.js';
import { differingSettings } from './run-columns.js';

interface Row {
  readonly name: string;
  readonly values: readonly (string | undefined)[];
}

/** Attributes that no two runs share: their differences are not marked. */
const OWN = ['status', 'started', 'took', 'id', 'error'];

/** The most columns of the table. */
const MOST_RUNS = 40;

/** The table. */
export function parametersTable(all: readonly ComparedRun[]): Html {
  const differing = differingSettings(all);
  const runs = all.slice(0, MOST_RUNS);
  const keys = [...new Set(runs.flatMap(({ parameters }) => Object.keys(parameters)))];
  const row = (key: string): Row => ({
    name: key,
    values: runs.map(({ parameters }) => (Object.hasOwn(parameters, key) ? parameterText(parameters[key]) : undefined)),
  });
  const groups: [title: string, rows: Row[]][] = [
    [runs.length > 1 ? 'Settings that differ' : 'Settings', differing.map(row)],
    [runs.length > 1 ? 'The same in all' : 'Settings', keys.filter((key) => !differing.includes(key)).map(row)],
    ['Inputs', inputRows(runs)],
    ['Where it comes from', aboutRows(runs)],
  ];
  const filled = groups.filter(([, rows]) => rows.length > 0);
  return html`${
    runs.length > 1 &&
    html`<p class="table-head"><span>${all.length > runs.length && `The first ${runs.length} of ${all.length} runs. `}${
      differing.length === 0
        ? 'No setting differs between these runs.'
        : `${differing.length === 1 ? 'One setting differs' : `${differing.length} settings differ`} between these runs.`
    }</span> <label class="check only-differing flow"><input type="checkbox"> only what differs</label></p>`
  }
<div class="table-scroll" tabindex="0" role="region" aria-label="Settings">
<table class="settings run-settings">
<thead><tr><th scope="col">setting</th>${runs.map(({ label }, i) => html`<th scope="col" class="${seriesClass(i)}"><i class="swatch"></i> ${label}</th>`)}</tr></thead>
${filled.map(
  ([title, rows]) => html`<tbody><tr class="group"><th colspan="${runs.length + 1}" scope="rowgroup">${title}</th></tr>
${rows.map(({ name, values }) => {
  const differs = new Set(values.filter((value) => value !== undefined)).size > 1 && !OWN.includes(name);
  return html`<tr class="${differs ? 'differs' : 'same'}"><th scope="row">${name}</th>${values.map((value) => html`<td${value === undefined && html` class="none"`}>${value ?? '–'}</td>`)}</tr>
`;
})}</tbody>`,
)}
</table>
</div>`;
}

function inputRows(runs: readonly ComparedRun[]): Row[] {
  const kinds = [...new Set(runs.flatMap(({ inputs }) => inputs.map(({ kind }) => kind)))];
  return kinds.map((kind) => ({
    name: kind,
    values: runs.map(({ inputs }) => {
      const own = inputs.filter((input) => input.kind === kind);
      return own.length === 0 ? undefined : own.map(({ name, sha256 }) => `${name} (${sha256.slice(0, 8)})`).join(', ');
    }),
  }));
}

function aboutRows(runs: readonly ComparedRun[]): Row[] {
  const facts: [name: string, of: (run: ComparedRun) => string | undefined][] = [
    ['experiment', ({ experiment }) => experiment],
    ['status', ({ status }) => status],
    ['started', ({ start }) => formatTime(start)],
    ['took', (run) => (run.end === undefined ? undefined : formatDuration(run))],
    ['device', ({ device }) => device],
    ['machine', ({ machine }) => machine?.host],
    ['steadyframe', ({ version }) => version],
    ['commit', ({ git }) => git?.commit.slice(0, 12)],
    ['branch', ({ git }) => git?.branch],
    ['command', ({ command }) => command],
    ['part of', ({ parent }) => parent?.slice(0, 8)],
    ['id', ({ id }) => id.slice(0, 8)],
    ['error', ({ error }) => error],
  ];
  const tags = [...new Set(runs.flatMap((run) => Object.keys(run.tags)))];
  return [
    ...facts.map(([name, of]) => ({ name, values: runs.map(of) })),
    ...tags.map((tag) => ({ name: `tag ${tag}`, values: runs.map((run) => run.tags[tag]) })),
  ].filter(({ values }) => values.some((value) => value !== undefined));
}
