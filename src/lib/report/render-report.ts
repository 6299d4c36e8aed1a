// Renders an experiment's report as one HTML page. write-report.ts handles the files of its videos and pictures.

import { checkReport } from './check-report.js';
import { decisionPlot } from './decision.js';
import { armLegend, frameCurves, MAIN_CURVES } from './frame-curves.js';
import { type Html, html } from './html.js';
import { metricsTable } from './metrics-table.js';
import { factList, overview } from './overview.js';
import { renderPage } from './page.js';
import { pictureGroups } from './picture-groups.js';
import { player } from './player.js';
import type { ReportData } from './report-data.js';
import { section } from './section.js';
import { settingsTable } from './settings-table.js';
import { trainingCourse } from './training-course.js';

/**
 * The page of a report. Videos and pictures are `data:` URIs, or URLs relative to the page.
 *
 * @throws UsageError when the data are inconsistent
 */
export function renderReport(data: ReportData): string {
  checkReport(data);
  const { arms, metrics: described, shot, curves = MAIN_CURVES } = data;
  const hasVideos = arms.some((arm) => arm.video !== undefined);
  const main = hasVideos ? frameCurves(arms, { only: curves, described, small: true }) : undefined;
  const further = frameCurves(arms, { except: hasVideos ? curves : [], described });
  return renderPage({
    title: data.title,
    header: html`<header class="overview"><h1>${data.title}</h1></header>`,
    sections: [
      section('Videos', shot && hasVideos ? player(arms, { shot, grid: data.grid, beside: main }) : noVideos()),
      section('What was found', overview(data)),
      section('The picture that decides', decisionPlot(arms, data.decision, described)),
      section('All metrics', metricsTable(arms, described)),
      section(main ? 'More metrics by frame' : 'Metrics by frame', further && html`${armLegend(arms)}${further}`),
      section('Training', data.training && trainingCourse(data.training, described)),
      section('Pictures', pictureGroups(data.pictures)),
      section('Settings', settingsTable(data.settings)),
      section('Where it comes from', data.provenance && factList(data.provenance)),
    ],
    data: withoutMedia(data),
  });
}

function noVideos(): Html {
  return html`<p class="empty">There are no videos in this report.</p>`;
}

/** The data for download: numbers and texts, without embedded files. */
function withoutMedia(data: ReportData): unknown {
  return JSON.parse(JSON.stringify(data), (_, value) =>
    typeof value === 'string' && value.startsWith('data:') ? undefined : value,
  );
}
