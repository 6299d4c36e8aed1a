// Renders a grid of chosen videos as one mp4 in a temporary folder, sends it and deletes it. Runs are not changed.

import { mkdtemp, rm } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FailureError, UsageError } from '../lib/base/errors.js';
import { grid } from '../lib/video/layout/write-grid.js';
import { sentFile } from './file-address.js';
import { HttpProblem } from './http-problem.js';
import { readJson } from './read-json.js';
import type { RunSource } from './run-source.js';
import { sendFile } from './send-file.js';

const MOST_CELLS = 16;
/** The most characters of a label, more than a cell shows. */
const LONGEST_LABEL = 200;
/** Milliseconds after which a rendering is aborted. */
const PATIENCE = 300_000;
/** The most renderings in the queue. */
const MOST_WAITING = 3;

/** Renders grids, one after another. */
export type GridRenderer = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** Creates a renderer for videos of runs. */
export function gridRenderer(source: RunSource): GridRenderer {
  let waiting = 0;
  let last: Promise<unknown> = Promise.resolve();
  return async (request, response) => {
    const { files, labels } = await readQuestion(request, source);
    if (waiting > MOST_WAITING)
      throw new HttpProblem(429, 'several grids are being rendered; try again in a moment', { 'retry-after': '5' });
    const gone = new AbortController();
    response.on('close', () => gone.abort());
    const signal = AbortSignal.any([gone.signal, AbortSignal.timeout(PATIENCE)]);
    waiting++;
    const mine = last.then(() => render(request, response, { files, labels, signal }));
    last = mine.catch(() => {});
    try {
      await mine;
    } finally {
      waiting--;
    }
  };
}

interface GridWork {
  readonly files: readonly string[];
  readonly labels: readonly string[] | undefined;
  readonly signal: AbortSignal;
}

async function render(request: IncomingMessage, response: ServerResponse, work: GridWork): Promise<void> {
  const { files, labels, signal } = work;
  if (signal.aborted) return;
  const scratch = await mkdtemp(join(tmpdir(), 'steadyframe-grid-'));
  try {
    const out = join(scratch, 'grid.mp4');
    const columns = Math.ceil(Math.sqrt(files.length));
    await grid(files, out, { columns, signal, onWarning: () => {}, ...(labels && { labels }) });
    response.setHeader('content-disposition', 'attachment; filename="grid.mp4"');
    await sendFile(request, response, out);
  } catch (error) {
    if (response.destroyed) return;
    if (signal.aborted)
      throw new HttpProblem(503, `the grid took longer than ${PATIENCE / 60_000} minutes; choose fewer videos`);
    if (error instanceof UsageError) throw new HttpProblem(422, withoutFolders(error.message, files));
    if (error instanceof FailureError) throw new HttpProblem(500, withoutFolders(error.message, files));
    throw error;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** `{"videos": ["/files/a/b/artifacts/x.mp4", ...], "labels": ["0.45", ...]}` */
async function readQuestion(
  request: IncomingMessage,
  source: RunSource,
): Promise<{ files: string[]; labels?: string[] | undefined }> {
  const { videos, labels } = (await readJson(request)) as { videos?: unknown; labels?: unknown };
  const isList = (value: unknown): value is string[] =>
    Array.isArray(value) && value.every((each) => typeof each === 'string');
  if (!isList(videos) || videos.length < 1 || videos.length > MOST_CELLS) {
    throw new HttpProblem(400, `a grid needs 1 to ${MOST_CELLS} videos, as a list of their addresses`);
  }
  if (labels !== undefined && (!isList(labels) || labels.length !== videos.length)) {
    throw new HttpProblem(400, 'labels must be as many texts as there are videos');
  }
  const long = labels?.find((label) => label.length > LONGEST_LABEL);
  if (long !== undefined) {
    throw new HttpProblem(400, `a label has ${long.length} characters, expected at most ${LONGEST_LABEL}`);
  }
  const files: string[] = [];
  for (const video of videos) {
    const [, path] = /^\/files\/(.+\.(?:mp4|webm|m4v))$/i.exec(video) ?? [];
    if (path === undefined) throw new HttpProblem(400, `'${video.slice(0, 80)}' is not the address of a run's video`);
    files.push(await sentFile(source, path.split('/')));
  }
  return { files, labels };
}

/** Removes paths on this machine from error messages. */
function withoutFolders(message: string, files: readonly string[]): string {
  return files.reduce((text, file, i) => text.replaceAll(file, `video ${i + 1}`), message);
}
