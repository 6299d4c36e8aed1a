// A server with MLflow's responses to uploads, which records requests and stores nothing.

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A running server. */
export interface RecordingServer {
  readonly uri: string;
  /** Method and path of every request. */
  readonly asked: string[];
  /** Bodies by path, as text. */
  readonly bodies: Map<string, string>;
  close(): Promise<void>;
}

/** Starts one on a free port. */
export async function recordingServer(): Promise<RecordingServer> {
  const asked: string[] = [];
  const bodies = new Map<string, string>();
  let runs = 0;
  const answer = (path: string): object => {
    if (path.includes('get-by-name')) return { experiment: { experiment_id: '1', lifecycle_stage: 'active' } };
    if (!path.endsWith('runs/create')) return {};
    const run_id = `run${++runs}`;
    return { run: { info: { run_id, experiment_id: '1', artifact_uri: `mlflow-artifacts:/1/${run_id}/artifacts` } } };
  };
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    let body = '';
    request.on('data', (piece) => {
      body += piece;
    });
    request.on('end', () => {
      asked.push(`${request.method} ${path}`);
      bodies.set(path, body);
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(answer(path)));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    uri: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    bodies,
    async close() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
