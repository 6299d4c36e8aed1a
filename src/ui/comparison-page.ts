// The page that compares runs, the same from the server and on disk. assets/ui draws its charts from the page's data.

import { formatDuration, formatTime } from '../lib/base/format-time.js';
import { type Html, html } from '../lib/report/html.js';
import { metricsTable } from '../lib/report/metrics-table.js';
import { factList } from '../lib/report/overview.js';
import { renderPage } from '../lib/report/page.js';
import { pictureGroups } from '../lib/report/picture-groups.js';
import { player } from '../lib/report/player.js';
import type { ReportArm, ReportFact, ReportPictures } from '../lib/report/report-data.js';
import { section } from '../lib/report/section.js';
import { seriesClass } from '../lib/report/series.js';
import { parameterText } from '../lib/tracking/log/parameters.js';
import type { Curve } from '../lib/tracking/query/curves.js';
import type { ParameterValue } from '../lib/tracking/stored/run-record.js';
import { type ComparedRun, compareUrl } from './compared-run.js';
import { type Comparison, videoArms } from './comparison.js';
import { type ComparisonData, comparisonData } from './comparison-data.js';
import { filesTable, shownUrl } from './files-table.js';
import { pointsSection, progressSection, stagesSection } from './live-sections.js';
import { DECIDING } from './metric-words.js';
import { parametersTable } from './parameters-table.js';
import { isReport } from './run-media.js';
import { comparisonAssets } from './ui-assets.js';

/** Options of the page. */
export interface ComparisonPageOptions {
  /** Address of the page that lists all runs; absent for a page on disk. */
  readonly home?: string;
  /** Curves of metrics, for a page on disk. */
  readonly curves?: readonly Curve[];
  readonly title?: string | undefined;
}

/** The most pictures shown of a run. */
const MOST_PICTURES = 24;
/** The most metrics in the head of a page of one run. */
const HEAD_FACTS = 6;

/** The whole page. */
export function comparisonPage(comparison: Comparison, options: ComparisonPageOptions = {}): string {
  const { runs, whole, all } = comparison;
  const { home, curves } = options;
  const data = comparisonData(runs, curves);
  const title = options.title ?? whole?.label ?? `${runs.length} runs compared`;
  const served = home !== undefined;
  return renderPage({
    title,
    header: header(comparison, title, home),
    served,
    ...(served && { links: [{ title: '← All runs', href: home }] }),
    assets: comparisonAssets(),
    sections:
      runs.length === 0
        ? []
        : [
            section('Progress', whole && progressSection(whole)),
            section('Points', all.length > runs.length ? pointsSection(whole!, runs, data.differing) : undefined),
            section('Videos', videos(comparison, served)),
            section(
              hasDeciding(data) ? 'The picture that decides' : 'Numbers against each other',
              runs.length > 1 ? chart('scatter') : undefined,
            ),
            section('Settings against results', runs.length > 1 ? chart('parallel') : undefined),
            section('Curves', data.metrics.some(({ isCurve }) => isCurve) ? chart('curves') : undefined),
            section('Metrics', metrics(all, data)),
            section('Settings', parametersTable(all)),
            section('Stages', whole && stagesSection(whole)),
            section('Pictures', pictureGroups(pictures(all))),
            section('Files', filesTable(all, served)),
          ],
    data: { ...data, served, isRunning: all.some(({ status }) => status === 'running') },
  });
}

function hasDeciding({ metrics }: ComparisonData): boolean {
  return [DECIDING.x, DECIDING.y].every((key) => metrics.some((metric) => metric.key === key));
}

/** A container that a script fills. */
function chart(name: string): Html {
  return html`<div class="chart" data-chart="${name}"><noscript><p class="empty">This chart needs JavaScript; its numbers are in the table of metrics.</p></noscript></div>`;
}

function header({ runs, missing, whole, all }: Comparison, title: string, home: string | undefined): Html {
  return html`<header class="overview">
<h1>${title}${whole && html` ${badge(whole)}`}</h1>
${missing.map((name) => html`<p class="notice" role="alert">There is no run <b>${name}</b> here: it was deleted or moved, or its run.json cannot be read.</p>`)}
${runs.length === 0 && html`<p class="empty">No run is chosen. ${home !== undefined && html`<a href="${home}">Choose some from the table</a>: tick their boxes, then press C.`}</p>`}
${whole && single(whole, all.length > 1, home !== undefined)}${all.length > 1 && legend(runs, home)}
${all.some(({ status }) => status === 'interrupted') && interrupted(all, all.length === 1)}
</header>
`;
}

function badge({ status, place }: ComparedRun): Html {
  return html`<span class="badge ${status}" data-status-of="${place}">${status}</span>`;
}

function interrupted(runs: readonly ComparedRun[], isOne: boolean): Html {
  const cut = runs.filter(({ status }) => status === 'interrupted').map(({ label }) => label);
  const [which, was, process] = cut.length > 1 ? ['runs', 'were', 'their processes'] : ['run', 'was', 'its process'];
  const subject = isOne ? 'This run' : `The ${which} ${cut.join(', ')}`;
  return html`<p class="notice">${subject} ${was} interrupted: ${process} ended without saying so. What was logged until then is shown.</p>`;
}

function single(run: ComparedRun, hasParts: boolean, served: boolean): Html {
  const { experiment, start, end, device, git, metrics, error, status } = run;
  const first = Object.entries(metrics).slice(0, HEAD_FACTS);
  const facts: ReportFact[] = [
    { name: 'experiment', value: experiment },
    { name: 'started', value: formatTime(start) },
    ...(status === 'running' ? [] : [{ name: 'took', value: formatDuration({ start, end }) }]),
    ...(device === undefined ? [] : [{ name: 'device', value: device }]),
    ...(git === undefined
      ? []
      : [{ name: 'commit', value: `${git.commit.slice(0, 8)}${git.dirty ? ' and changes' : ''}` }]),
    ...(first.length === 0 && !hasParts ? [{ name: 'metrics', value: 'none logged' }] : []),
  ];
  const report = run.files.find(({ name, url }) => isReport(name) && url !== undefined);
  const href = report?.url && (served ? shownUrl(report.name, report.url) : report.url);
  return html`${factList(facts)}${href && html`<p><a class="button" href="${href}">Open its report</a></p>`}${error !== undefined && html`<p class="notice bad" role="alert"><b>It failed:</b> ${error}</p>`}`;
}

function legend(runs: readonly ComparedRun[], home: string | undefined): Html {
  return html`<ul class="legend toggles runs-legend flow" aria-label="Runs">${runs
    .slice(0, 60)
    .map(
      ({ label, place, status }, i) =>
        html`<li class="flow ${seriesClass(i)}"><button type="button" class="flow" aria-pressed="true" data-line="${place}" title="${`${place}, ${status}`}"><i class="swatch"></i>${label}${
          status !== 'finished' && html` <small data-status-of="${place}">${status}</small>`
        }</button>${home !== undefined && html`<a class="open-run" href="${compareUrl([place])}" aria-label="${`Open ${label}`}" title="Open this run">↗</a>`}</li>`,
    )}${runs.length > 60 && html`<li>and ${runs.length - 60} more</li>`}</ul>`;
}

function videos(comparison: Comparison, served: boolean): Html {
  const { videos: playable, shot, runs, videoNotes, grid } = comparison;
  const notes = videoNotes.map((note) => html`<p class="note">${note}</p>`);
  const kept = runs.flatMap(({ files, label }) =>
    files.filter(({ kind, problem }) => kind === 'video' && problem !== undefined).map((file) => ({ file, label })),
  );
  const away = kept.map(
    ({ file, label }) =>
      html`<li><b>${label}</b>: ${file.name} ${file.problem}${served && html` <small>${file.path}</small>`}</li>`,
  );
  const rest = away.length > 0 && html`<ul class="away">${away.slice(0, 12)}</ul>`;
  if (playable.length === 0 || shot === undefined) {
    const why = runs.every(({ status }) => status === 'running')
      ? 'No video is there yet: they come when a run has rendered them.'
      : `${runs.length === 1 ? 'This run has' : 'These runs have'} no videos that can be shown.`;
    return html`<p class="empty">${why}</p>${notes}${rest}`;
  }
  const colours = new Map(runs.map(({ place }, i) => [place, seriesClass(i)]));
  const hasSource = playable[0].place === '';
  const colourOfVideo = new Map(
    playable.map(({ name, place }, i) => {
      const own = runs.length === 1 ? seriesClass(hasSource ? i - 1 : i) : colours.get(place)!;
      return [name, place === '' ? 'series-source' : own];
    }),
  );
  const cells = new Map(playable.map(({ name, cell }) => [name, cell]));
  return html`${notes}${player(videoArms(playable), {
    shot,
    grid,
    colourOf: (name) => colourOfVideo.get(name) ?? 'series-none',
    wipe: hasSource && runs.length === 1 && playable.length > 1,
    cellOf: (name) => cells.get(name),
    beside: html`${served && gridTools()}<div class="frame-curves"></div>`,
  })}${rest}`;
}

/** The form that requests a video file of the visible grid. */
function gridTools(): Html {
  return html`<div class="grid-file flow"><button type="button" class="button" data-render-grid>Render this grid as mp4</button>
<label class="check flow"><input type="checkbox" checked> with labels</label> <small class="grid-state" role="status"></small></div>`;
}

function metrics(runs: readonly ComparedRun[], data: ComparisonData): Html | undefined {
  const columns = data.differing.slice(0, 5);
  const arms = runs.map(
    ({ place, label, metrics: own, parameters }): ReportArm => ({
      name: place,
      label,
      settings: Object.fromEntries(columns.map((key) => [key, settingOf(parameters[key])])),
      metrics: Object.fromEntries(
        Object.entries(own).map(([key, { last }]) => [key, typeof last === 'number' ? last : null]),
      ),
    }),
  );
  return metricsTable(arms) ?? html`<p class="empty">No metric has been logged.</p>`;
}

function settingOf(value: ParameterValue = null): string | number | null {
  return typeof value === 'number' || value === null ? value : parameterText(value);
}

function pictures(runs: readonly ComparedRun[]): ReportPictures[] {
  return runs.map(({ label, files }) => {
    const shown = files.filter(({ kind, url }) => kind === 'picture' && url !== undefined);
    return {
      title: label,
      ...(shown.length > MOST_PICTURES && { note: `The first ${MOST_PICTURES} of ${shown.length}.` }),
      pictures: shown.slice(0, MOST_PICTURES).map(({ name, url, image }) => ({
        src: url!,
        alt: `${name} of ${label}`,
        caption: image ? `${image.key}, step ${image.step}` : name,
      })),
    };
  });
}
