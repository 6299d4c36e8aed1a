// The page of a sweep that workers do: points done, running and failed, what each machine does, and the time left. It
// asks for itself again every few seconds until the sweep has ended.

import { formatSeconds } from '../lib/base/progress.js';
import { type Html, html } from '../lib/report/html.js';
import { renderPage } from '../lib/report/page.js';
import { type Section, section } from '../lib/report/section.js';
import type { RunningJob, SweepStatus } from '../lib/sweeps/store/sweep-status.js';
import { comparisonAssets } from './ui-assets.js';

/** Seconds after which the page is asked for again. */
const AGAIN = 3;

const STATES: Readonly<Record<SweepStatus['state'], string>> = {
  open: 'work is given out',
  held: 'no work is given out until the sweep is resumed',
  ended: 'ended',
};

/** The page; `place` is the store's name, and there may be no sweep in it yet; `run` is the address of its run. */
export function sweepPage(status: SweepStatus | undefined, place: string, run?: string): string {
  return renderPage({
    title: `${status ? `${status.points.done} of ${status.points.total} · ${status.name}` : 'Sweep'} · steadyframe`,
    header: html`<header class="overview">
<h1>${status?.name ?? 'Sweep'}</h1>
<p class="note" title="${place}">${place}</p>
${status ? counts(status) : html`<p>No work is offered here yet.</p>`}
</header>`,
    served: true,
    links: [
      { title: '← All runs', href: '/' },
      ...(run === undefined ? [] : [{ title: 'Its points and videos', href: run }]),
    ],
    assets: comparisonAssets(),
    sections: status ? [...sections(status)] : [],
    data: { runs: [], metrics: [], differing: [], served: true, ...(status?.state !== 'ended' && { every: AGAIN }) },
  });
}

function counts({ state, points: { done, total, failed }, left }: SweepStatus): Html {
  const time = state === 'ended' || left === undefined ? '' : `, about ${formatSeconds(left)} left`;
  return html`<p role="status">${done} of ${total} points done, ${failed} failed, ${STATES[state]}${time}</p>
<progress max="${Math.max(1, total)}" value="${done}" aria-label="points done">${done} of ${total}</progress>`;
}

function* sections({ running, failed, machines }: SweepStatus): Generator<Section | undefined> {
  const heads = ['job', 'machine', 'slot', 'since', 'doing', 'done'];
  yield section('Running', table(heads, running.map(runningRow), 'Nobody does anything now.'));
  const reasons = failed.map(({ label, machine, reason }) => [label, machine, reason]);
  yield section('Failed', table(['job', 'machine', 'reason'], reasons, 'Nothing has failed.'));
  const rows = machines.map(({ machine, points, seconds, perHour, running: now }) => {
    return [machine, String(points), formatSeconds(seconds), perHour.toPrecision(3), String(now)];
  });
  const named = ['machine', 'points', 'work', 'points an hour of work', 'jobs now'];
  yield section('Machines', table(named, rows, 'No machine has done anything yet.'));
}

function runningRow({ label, machine, slot, seconds, doing, fraction, picture }: RunningJob): (string | Html)[] {
  const percent = `${Math.floor(100 * fraction)} %`;
  const bar = html`<progress max="1" value="${fraction}" aria-label="${label}">${percent}</progress> ${percent}`;
  const named = html`${picture !== undefined && html`<img src="${picture}" alt=""> `}${label}`;
  return [named, machine, String(slot + 1), formatSeconds(seconds), doing, bar];
}

function table(names: readonly string[], rows: readonly (readonly (string | Html)[])[], none: string): Html {
  if (rows.length === 0) return html`<p class="empty">${none}</p>`;
  return html`<div class="table-scroll" tabindex="0" role="region" aria-label="${names[0]}s"><table class="settings points">
<thead><tr>${names.map((name) => html`<th scope="col">${name}</th>`)}</tr></thead>
<tbody>${rows.map((row) => html`<tr>${row.map((cell) => html`<td>${cell}</td>`)}</tr>\n`)}</tbody>
</table></div>`;
}
