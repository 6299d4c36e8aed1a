// A run as a card: its status, settings, final metrics, and its most relevant picture or video.

import { existsSync } from 'node:fs';
import { extname } from 'node:path';
import { METRICS, type MetricName } from '../metrics/measurement.js';
import { type Html, html, trusted } from '../report/html.js';
import { openRun, type StoredRun } from '../tracking/stored/open-run.js';
import type { RunSummary } from '../tracking/stored/run-summary.js';
import { bundleOf, type Display } from './mime-bundle.js';
import { showFrames } from './show-frames.js';
import type { ShowSettings } from './show-options.js';
import { cellText, tableOf } from './show-table.js';
import { showVideo } from './show-video.js';

/**
 * A run: `experiment/name`, the path of its folder, its id or a prefix of it, or a result of `listRuns` or `openRun`.
 *
 * @inline
 */
export interface ShownRun {
  readonly run: string | RunSummary | StoredRun;
}

/** Artifacts that represent a run, the best first. */
const FACES: readonly RegExp[] = [
  /(^|\/)grid\.(mp4|webp|gif)$/,
  /\.(mp4|webm)$/,
  /(^|\/)sheet\.png$/,
  /\.(png|jpe?g|webp|gif)$/,
];

/**
 * The run in every format.
 *
 * @throws UsageError when there is no such run
 */
export async function showRun({ run }: ShownRun, settings: ShowSettings): Promise<Display> {
  const name = typeof run === 'string' ? run : run.folder;
  const stored = typeof run !== 'string' && 'artifacts' in run ? run : await openRun(name);
  const { summary } = stored;
  const artifacts = (await stored.artifacts()).filter(({ path }) => existsSync(path));
  const face = FACES.map((pattern) => artifacts.find((artifact) => pattern.test(artifact.name))).find(Boolean);
  const shown = face && (await faceOf(face.path, settings));
  const title = `${summary.experiment}/${summary.name}: ${summary.status}${lasted(summary)}`;
  const parameters = Object.entries(summary.parameters).map(([key, value]) => [key, valueText(value)]);
  const metrics = Object.entries(summary.metrics).map(([key, { last }]) => [titleOf(key), cellText(last)]);
  const markup = html`<div><p><strong>${title}</strong></p>
<div style="display: flex; gap: 2em; flex-wrap: wrap; align-items: flex-start">${
    shown && markupOf(shown)
  }${parameters.length > 0 && tableOf(['setting', 'value'], parameters, [false, false])}${
    metrics.length > 0 && tableOf(['metric', 'value'], metrics, [false, true])
  }</div></div>`;
  const text = [title, ...[...parameters, ...metrics].map(([key, value]) => `  ${key}: ${value}`)].join('\n');
  const picture = Object.entries(shown?.bundle ?? {}).filter(([type]) => type.startsWith('image/'));
  return { bundle: { ...bundleOf(text, markup), ...Object.fromEntries(picture) } };
}

/** The picture or the player of an artifact, if it can be opened. */
async function faceOf(path: string, settings: ShowSettings): Promise<Display | undefined> {
  const isVideo = /^\.(mp4|webm|gif|webp)$/.test(extname(path).toLowerCase());
  const { caption: _, ...rest } = settings;
  try {
    return isVideo
      ? await showVideo({ video: path }, rest)
      : await showFrames({ frames: [path] }, { ...rest, caption: '' });
  } catch {
    return undefined; // the card is shown without it
  }
}

function markupOf({ bundle }: Display): Html {
  return trusted(String(bundle['text/html'] ?? ''));
}

function lasted({ start, end }: RunSummary): string {
  if (end === undefined) return '';
  return `, ${cellText((Date.parse(end) - Date.parse(start)) / 1000)} s`;
}

function valueText(value: unknown): string {
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value);
}

/** The title of a video metric; the key of any other. */
function titleOf(key: string): string {
  return key in METRICS ? METRICS[key as MetricName].title : key;
}
