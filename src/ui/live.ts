// Notifies open pages of changes, as server-sent events. Pages then request the new data.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { HttpProblem } from './http-problem.js';
import type { RunSource, RunsState } from './run-source.js';

/** Notifies pages of changes. */
export interface Live {
  /**
   * Keeps a response open until the page disconnects.
   *
   * @throws HttpProblem 503 where too many are open
   */
  open(request: IncomingMessage, response: ServerResponse): void;
  close(): void;
}

/** Milliseconds between two looks, and the least pause as a multiple of a look's duration. */
const EVERY = 1000;
const REST = 15;
/** The most pages that listen at the same time. */
const MOST_PAGES = 100;

/** Polls the runs while a page listens. */
export function watchRuns(source: RunSource): Live {
  const pages = new Set<ServerResponse>();
  let timer: NodeJS.Timeout | undefined;
  let before = '';
  let closed = false;

  const look = async (): Promise<void> => {
    const start = performance.now();
    try {
      const now = signatureOf(await source.read());
      // A heartbeat keeps the connection open, and shows the page that the server runs.
      const text = now === before ? ': still here\n\n' : `event: changed\ndata: runs\n\n`;
      before = now;
      for (const page of pages) page.write(text);
    } catch {
      // The next look may succeed: a folder was being deleted, or a disk was not mounted.
    }
    if (pages.size > 0 && !closed) timer = setTimeout(look, Math.max(EVERY, REST * (performance.now() - start)));
    else timer = undefined;
  };
  return {
    open(request, response) {
      if (pages.size >= MOST_PAGES) throw new HttpProblem(503, 'too many pages listen for changes; close some');
      response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
      response.write('retry: 2000\n\n');
      pages.add(response);
      request.on('close', () => pages.delete(response));
      timer ??= setTimeout(look, EVERY);
    },
    close() {
      closed = true;
      clearTimeout(timer);
      for (const page of pages) page.end();
    },
  };
}

/** A text that changes whenever the table of runs changes. */
function signatureOf({ runs, damaged }: RunsState): string {
  const lines = runs.map(({ place, status, end, metrics, parameters, tags, progress }) => {
    let points = 0;
    for (const key in metrics) points += metrics[key].count;
    // Two reports may bear the same millisecond.
    const { time, label, done } = progress?.now ?? {};
    const known = `${points} ${Object.keys(parameters).length} ${Object.values(tags)} ${time} ${label} ${done}`;
    return `${place} ${status} ${end} ${known}`;
  });
  return [...lines, ...damaged.map(({ place }) => place)].join('\n');
}
