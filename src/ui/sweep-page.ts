// The page of a sweep that workers do: points done, running and failed, what each machine does, and the time left. It has no
// script; the browser asks for it again every few seconds until the sweep has ended.

import { htmlDocument } from '../lib/report/document.js';
import { type Html, html } from '../lib/report/html.js';
import type { RunningJob, SweepStatus } from '../lib/sweeps/store/sweep-status.js';
import { SWEEP_STYLES } from './ui-assets.js';

/** Seconds after which the page is asked for again. */
const AGAIN = 3;

const STATES: Readonly<Record<SweepStatus['state'], string>> = {
  open: 'work is given out',
  held: 'no work is given out until the sweep is resumed',
  ended: 'ended',
};

/** The page; `place` is the store's name, and there may be no sweep in it yet; `run` is the address of its run. */
export function sweepPage(status: SweepStatus | undefined, place: string, run?: string): string {
  const styles = ['report/colours', ...SWEEP_STYLES.map((name) => `ui/${name}`)];
  const again = status?.state !== 'ended' && html`<meta http-equiv="refresh" content="${AGAIN}">\n`;
  return htmlDocument({
    title: `${status ? `${status.points.done} of ${status.points.total} · ${status.name}` : 'Sweep'} · steadyframe`,
    kind: 'sweep-page',
    head: [again, ...styles.map((name) => html`<link rel="stylesheet" href="/assets/${name}.css">\n`)],
    body: html`<header class="top">
<h1>${status?.name ?? 'Sweep'}</h1>
<p class="where" title="${place}">${place}</p>
${run !== undefined && html`<a href="${run}">Its points and videos</a>`}
<a href="/">Runs</a>
</header>
<main>${status ? statusBody(status) : html`<p>No work is offered here yet.</p>`}</main>`,
  });
}

function statusBody({ state, points, running, failed, machines, left }: SweepStatus): Html {
  const { done, total } = points;
  const time = state === 'ended' || left === undefined ? '' : `, about ${duration(left)} left`;
  return html`<p role="status">${done} of ${total} points done, ${points.failed} failed, ${STATES[state]}${time}</p>
<progress max="${Math.max(1, total)}" value="${done}" aria-label="points done">${done} of ${total}</progress>
<h2>Running</h2>
${table(['job', 'machine', 'slot', 'since', 'doing', 'done'], running.map(runningRow), 'Nobody does anything now.')}
<h2>Failed</h2>
${table(
  ['job', 'machine', 'reason'],
  failed.map(({ label, machine, reason }) => [label, machine, reason]),
  'Nothing has failed.',
)}
<h2>Machines</h2>
${table(
  ['machine', 'points', 'work', 'points an hour of work', 'jobs now'],
  machines.map(({ machine, points: own, seconds, perHour, running: now }) => {
    return [machine, String(own), duration(seconds), perHour.toPrecision(3), String(now)];
  }),
  'No machine has done anything yet.',
)}`;
}

function runningRow({ label, machine, slot, seconds, doing, fraction }: RunningJob): (string | Html)[] {
  const percent = `${Math.floor(100 * fraction)} %`;
  const bar = html`<progress max="1" value="${fraction}" aria-label="${label}">${percent}</progress> ${percent}`;
  return [label, machine, String(slot + 1), duration(seconds), doing, bar];
}

function table(names: readonly string[], rows: readonly (readonly (string | Html)[])[], none: string): Html {
  if (rows.length === 0) return html`<p class="none">${none}</p>`;
  return html`<div class="table"><table>
<thead><tr>${names.map((name) => html`<th scope="col">${name}</th>`)}</tr></thead>
<tbody>${rows.map((row) => html`<tr>${row.map((cell) => html`<td>${cell}</td>`)}</tr>\n`)}</tbody>
</table></div>`;
}

/** `45 s`, `3 min`, `2 h 10 min`. */
function duration(seconds: number): string {
  if (seconds < 60) return `${Math.ceil(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
