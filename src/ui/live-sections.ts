// What a page shows of work that goes on: how far it is with the last frame and the stages done, and the points of a whole.

import { formatDuration } from '../lib/base/format-time.js';
import { formatSeconds } from '../lib/base/progress.js';
import { formatMetric } from '../lib/report/format-value.js';
import { type Html, html } from '../lib/report/html.js';
import { factList } from '../lib/report/overview.js';
import { parameterText } from '../lib/tracking/log/parameters.js';
import { stepsOf } from '../lib/tracking/query/run-steps.js';
import type { RunProgress } from '../lib/tracking/stored/run-stages.js';
import { type ComparedRun, compareUrl } from './compared-run.js';
import { DECIDING, metricTitle } from './metric-words.js';

/** The best points that are listed, and the settings that tell them apart. */
const MOST_POINTS = 12;
const MOST_SETTINGS = 3;

/** Stage, bar, times and the last frame of a running run, and its finished stages; undefined for one that has ended. */
export function progressSection(run: ComparedRun): Html | undefined {
  if (run.status !== 'running') return undefined;
  const { label, time, left, detail, picture } = run.progress?.now ?? {};
  const steps = stepsOf(run);
  const counted = steps && (steps.of ? `${steps.step} of ${steps.of}` : `step ${steps.step}`);
  const until = left !== undefined && Math.ceil((time! + 1000 * left) / 1000) * 1000;
  return html`<div class="live-now flow">${picture !== undefined && html`<img src="${picture}" alt="The last frame or preview">`}
<div><p><b>${label ?? 'Running'}</b>${counted && html` <span>${counted}</span>`}${detail && html` <span>${detail}</span>`}</p>
${bar(steps, 'progress')}
<p class="note">running for <span data-since="${String(Date.parse(run.start))}">${formatSeconds((Date.now() - Date.parse(run.start)) / 1000)}</span>${
    until !== false &&
    html`, about <span data-until="${until}">${formatSeconds((until - Date.now()) / 1000)}</span> left`
  }</p>
${stageList(run.progress?.stages.filter(({ end }) => end !== undefined))}</div></div>`;
}

/** The stages of a run that has ended. */
export function stagesSection({ status, progress }: ComparedRun): Html | undefined {
  return status === 'running' ? undefined : stageList(progress?.stages);
}

function stageList(stages: RunProgress['stages'] = []): Html | undefined {
  return factList(stages.map(({ name, seconds }) => ({ name, value: formatSeconds(seconds) })));
}

function bar(steps: ReturnType<typeof stepsOf>, label: string): Html | undefined {
  if (!steps?.of) return undefined;
  const percent = `${Math.floor((100 * steps.step) / steps.of)} %`;
  return html`<progress max="${steps.of}" value="${steps.step}" aria-label="${label}">${percent}</progress> ${percent}`;
}

/** The parts of a whole: how many are done, the best of them with their edit strength, and what runs or failed. */
export function pointsSection(whole: ComparedRun, parts: readonly ComparedRun[], differing: readonly string[]): Html {
  const { 'sweep.points': planned, 'sweep.metric': judged = `${DECIDING.y} minimize` } = whole.tags;
  const [metric, goal] = judged.split(' ');
  const sign = goal === 'maximize' ? -1 : 1;
  const lastOf = ({ metrics }: ComparedRun, key: string): number | null => {
    const last = metrics[key]?.last;
    return typeof last === 'number' ? last : null;
  };
  const having = (status: string): ComparedRun[] => parts.filter((part) => part.status === status);
  const [done, running, failed] = ['finished', 'running', 'failed'].map(having);
  const counts = [
    `${done.length} of ${Math.max(Number(planned ?? 0) || 0, parts.length)} done`,
    ...(running.length > 0 ? [`${running.length} running`] : []),
    ...(failed.length > 0 ? [`${failed.length} failed`] : []),
  ];
  const ranked = done
    .filter((part) => lastOf(part, metric) !== null)
    .sort((a, b) => sign * (lastOf(a, metric)! - lastOf(b, metric)!));
  const shown = differing.slice(0, MOST_SETTINGS);
  const columns = [...new Set([DECIDING.x, metric])];
  const name = (part: ComparedRun): Html =>
    html`<th scope="row"><a href="${compareUrl([part.place])}">${part.label}</a></th>`;
  const rest = columns.length + shown.length;
  return html`<p class="points-count" role="status"><b>${counts.join(', ')}</b></p>
<p class="note wide">The best by ${metricTitle(metric)} come first. Read it beside the edit strength: “no edit” would win.</p>
<div class="table-scroll" tabindex="0" role="region" aria-label="Points"><table class="settings points">
<thead><tr><th scope="col">point</th>${columns.map((key) => html`<th scope="col" class="number">${metricTitle(key)}</th>`)}${shown.map((key) => html`<th scope="col">${key}</th>`)}<th scope="col" class="number">took</th></tr></thead>
<tbody>${ranked
    .slice(0, MOST_POINTS)
    .map(
      (part) =>
        html`<tr>${name(part)}${columns.map((key) => html`<td class="number">${formatMetric(key, lastOf(part, key))}</td>`)}${shown.map(
          (key) => html`<td>${Object.hasOwn(part.parameters, key) ? parameterText(part.parameters[key]) : '–'}</td>`,
        )}<td class="number">${formatDuration(part)}</td></tr>`,
    )}${running.map(
    (part) =>
      html`<tr>${name(part)}<td colspan="${rest}">${part.progress?.now?.label ?? 'running'} ${bar(stepsOf(part), part.label)}</td><td class="number">${formatDuration(part)}</td></tr>`,
  )}${failed
    .slice(0, MOST_POINTS)
    .map(
      (part) => html`<tr>${name(part)}<td colspan="${rest + 1}"><b>failed:</b> ${part.error ?? ''}</td></tr>`,
    )}</tbody></table></div>`;
}
