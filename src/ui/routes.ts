// The dashboard's routes.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { fileURLToPath } from 'node:url';
import { pagePolicy } from '../lib/report/page.js';
import type { SweepStatus } from '../lib/sweeps/store/sweep-status.js';
import { folderName } from '../lib/tracking/log/names.js';
import { type CurveReader, openCurves } from '../lib/tracking/query/curves.js';
import { compareUrl } from './compared-run.js';
import { collectComparison } from './comparison.js';
import { comparisonPage } from './comparison-page.js';
import { sentFile, urlIn } from './file-address.js';
import { type GridRenderer, gridRenderer } from './grid-request.js';
import { HttpProblem } from './http-problem.js';
import { listPage } from './list-page.js';
import { listView, matchingRuns } from './list-view.js';
import type { Live } from './live.js';
import { integerOf, listOf, numberOf, queryOf } from './query.js';
import { filesOfRun, isReport, roleOf } from './run-media.js';
import type { RunSource } from './run-source.js';
import { isMedia, sendFile } from './send-file.js';
import { sweepPage } from './sweep-page.js';
import { comparisonAssets, servedAsset } from './ui-assets.js';

/** Responds to a request, or throws an `HttpProblem`. */
export type Answer = (request: IncomingMessage, response: ServerResponse, url: URL) => Promise<void>;

/** The most points per curve that a page may request. */
const POINTS = { usual: 800, most: 20_000 };
/** The most runs whose curves are read for one response. */
const MOST_CURVES = 60;

const FILE_POLICY =
  "default-src 'none'; media-src 'self'; img-src 'self'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/**
 * A report has scripts, and whoever wrote the run may have written them: it is shown in an origin of its own, without the
 * dashboard's cookie, and can load and send nothing.
 */
const REPORT_POLICY =
  "sandbox allow-scripts allow-downloads; default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; " +
  "img-src data: blob:; media-src data: blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** Creates the routes of a dashboard. */
export function routes(source: RunSource, live: Live, sweep?: WatchedSweep): Answer {
  const curves = openCurves(source.root);
  const renderGrid = gridRenderer(source);
  return (request, response, url) => answer({ source, live, curves, renderGrid, sweep }, request, response, url);
}

/** A sweep that workers do. */
export interface WatchedSweep {
  /** The name of its store. */
  readonly place: string;
  readonly status: () => Promise<SweepStatus | undefined>;
}

interface Parts {
  readonly source: RunSource;
  readonly live: Live;
  readonly curves: CurveReader;
  readonly renderGrid: GridRenderer;
  readonly sweep: WatchedSweep | undefined;
}

async function answer(parts: Parts, request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
  const { source, live } = parts;
  const { pathname, searchParams: query } = url;
  if (request.method === 'POST') {
    if (pathname !== '/api/grid') throw new HttpProblem(405, 'runs are only read here', { allow: 'GET, HEAD' });
    return parts.renderGrid(request, response);
  }
  if (pathname === '/api/grid') throw new HttpProblem(405, 'a grid is asked for with POST', { allow: 'POST' });
  const [, area, rest = ''] = /^\/(files|reports|assets)\/(.*)$/.exec(rawPath(request)) ?? [];
  if (area === 'files') {
    const path = await sentFile(source, rest.split('/'));
    // A run's file is shown alone: nothing in it may run, load or embed anything. Videos are not sandboxed: a sandboxed one
    // cannot load itself.
    const sandbox = isMedia(path) ? '' : 'sandbox; ';
    response.setHeader('content-security-policy', `${sandbox}${FILE_POLICY}`);
    return sendFile(request, response, path);
  }
  if (area === 'reports') {
    if (!isReport(rest)) throw new HttpProblem(404, 'there is no such report');
    response.setHeader('content-security-policy', REPORT_POLICY);
    return sendFile(request, response, await sentFile(source, rest.split('/')), 'text/html; charset=utf-8');
  }
  if (area === 'assets') {
    const asset = servedAsset(rest);
    if (asset === undefined) throw new HttpProblem(404, 'there is no such page');
    return sendFile(request, response, fileURLToPath(asset));
  }
  switch (pathname) {
    case '/':
      return send(request, response, 'text/html; charset=utf-8', listPage(source.root));
    case '/compare':
      return sendPage(request, response, await comparePage(parts, query));
    case '/sweep':
    case '/api/sweep': {
      if (!parts.sweep) throw new HttpProblem(404, 'this dashboard shows no sweep');
      const status = await parts.sweep.status();
      if (pathname === '/api/sweep') return sendJson(request, response, status ?? {});
      const { runs } = await source.read();
      const run = runs.find((each) => each.experiment === folderName(status?.name ?? '') && each.tags['sweep.points']);
      const own = run && compareUrl([run.place]);
      return sendPage(request, response, sweepPage(status, parts.sweep.place, own));
    }
    case '/api/runs':
      return sendJson(request, response, listView(await source.read(), queryOf(query)));
    case '/api/curves':
      return sendJson(request, response, await readCurves(parts, query));
    case '/api/video':
      return toVideo(parts, query, response);
    case '/api/live':
      if (request.method === 'HEAD') throw new HttpProblem(405, 'events are asked for with GET', { allow: 'GET' });
      live.open(request, response);
      return;
    default:
      throw new HttpProblem(404, 'there is no such page');
  }
}

/** The path as it was sent. `URL` would resolve `..`, which must be refused. */
function rawPath({ url = '' }: IncomingMessage): string {
  return url.split(/[?#]/, 1)[0];
}

/** Redirects to the first video of a run's result; an empty response if it has none. */
async function toVideo({ source }: Parts, query: URLSearchParams, response: ServerResponse): Promise<void> {
  const { runs } = await source.read();
  const run = runs.find(({ place }) => place === query.get('run'));
  const files = run === undefined ? [] : await filesOfRun(run, urlIn(source.root));
  const video = files.find(({ kind, url, name }) => kind === 'video' && url !== undefined && roleOf(name) === 'result');
  if (video?.url === undefined) response.writeHead(204).end();
  else response.writeHead(307, { location: video.url, 'cache-control': 'no-cache' }).end();
}

async function comparePage(parts: Parts, query: URLSearchParams): Promise<string> {
  const { source } = parts;
  const places = await placesOf(parts, query);
  return comparisonPage(await collectComparison(await source.read(), places, urlIn(source.root)), {
    home: query.get('from')?.startsWith('?') ? `/${query.get('from')}` : '/',
  });
}

/** The named runs, or those that match a filter. */
async function placesOf({ source }: Parts, query: URLSearchParams): Promise<string[]> {
  const named = query.getAll('run');
  if (named.length > 0 || !query.has('filter')) return named;
  return matchingRuns(await source.read(), queryOf(query)).map(({ place }) => place);
}

async function readCurves({ source, curves }: Parts, query: URLSearchParams): Promise<object> {
  const state = await source.read();
  const byPlace = new Map(state.runs.map((run) => [run.place, run]));
  const runs = query.getAll('run').flatMap((place) => byPlace.get(place) ?? []);
  const options = {
    keys: listOf(query, 'key'),
    points: integerOf(query, 'points', POINTS.usual, { least: 4, most: POINTS.most }),
    from: numberOf(query, 'from'),
    to: numberOf(query, 'to'),
  };
  const found = [];
  for (const run of runs.slice(0, MOST_CURVES)) found.push(...(await curves.read(run, options)));
  return { curves: found };
}

function sendPage(request: IncomingMessage, response: ServerResponse, page: string): void {
  response.setHeader('content-security-policy', `${pagePolicy(comparisonAssets(), true)}; frame-ancestors 'none'`);
  send(request, response, 'text/html; charset=utf-8', page);
}

function sendJson(request: IncomingMessage, response: ServerResponse, value: object): void {
  send(request, response, 'application/json; charset=utf-8', JSON.stringify(value));
}

function send({ method }: IncomingMessage, response: ServerResponse, type: string, text: string): void {
  const length = Buffer.byteLength(text);
  response.writeHead(200, { 'content-type': type, 'content-length': length, 'cache-control': 'no-store' });
  response.end(method === 'HEAD' ? undefined : text);
}
