// A real MLflow tracking server on a free port, and MLflow's own Python client, both for one file of tests.

import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { pythonWith } from '../../scripts/python.js';

/** A run as returned by MLflow's client. */
export interface FoundRun {
  id: string;
  name: string;
  status: string;
  start: number;
  end: number | null;
  params: Record<string, string>;
  tags: Record<string, string>;
  /** Points as [step, value, time], by metric. */
  metrics: Record<string, [number, number | string, number][]>;
  latest: Record<string, number | string>;
  inputs: {
    name: string;
    digest: string;
    source_type: string;
    source: { uri: string };
    profile: unknown;
    context: Record<string, string>;
  }[];
  /** SHA-256 of the downloaded files. */
  artifacts: Record<string, string>;
}

/** A started server. */
export interface MlflowServer {
  readonly uri: string;
  /** All runs of an experiment by name, from MLflow's Python client; without artifacts if `files` is false. */
  read(experiment: string, files?: boolean): Promise<Record<string, FoundRun>>;
  stop(): Promise<void>;
}

/** Starts a server with an empty store, or returns why there is none. */
export async function startMlflow(): Promise<MlflowServer | { missing: string }> {
  const found = await pythonWith('mlflow');
  if ('missing' in found) return found;
  const folder = mkdtempSync(join(tmpdir(), 'steadyframe-mlflow-'));
  const port = await freePort();
  mkdirSync(join(folder, 'artifacts'));
  const program = fileURLToPath(new URL('mlflow_server.py', import.meta.url));
  const server = spawn(found.python, [program, folder, String(port)], {
    cwd: folder,
    env: { ...process.env, PYTHONDONTWRITEBYTECODE: '' },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let log = '';
  server.stderr.on('data', (text) => {
    log = `${log}${text}`.slice(-4000);
  });
  const over = new Promise((resolve) => server.once('exit', resolve));
  const lines = createInterface({ input: server.stdout })[Symbol.asyncIterator]();
  const stop = async (): Promise<void> => {
    server.kill('SIGKILL');
    await over;
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  if ((await lines.next()).value !== 'ready') {
    await stop();
    throw new Error(`the MLflow server did not start:\n${log}`);
  }
  return {
    uri: `http://127.0.0.1:${port}`,
    stop,
    async read(experiment, files = true) {
      server.stdin.write(`${JSON.stringify({ experiment, files })}\n`);
      const { value, done } = await lines.next();
      if (done) throw new Error(`the MLflow server ended:\n${log}`);
      const runs = JSON.parse(value) as FoundRun[];
      return Object.fromEntries(runs.map((run) => [run.name, run]));
    },
  };
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
