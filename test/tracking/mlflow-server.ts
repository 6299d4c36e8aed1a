// A real MLflow tracking server on a free port, and MLflow's own Python client, both for one file of tests.

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
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
  const uri = `http://127.0.0.1:${port}`;
  mkdirSync(join(folder, 'artifacts'));
  const env = {
    ...process.env,
    MLFLOW_SERVER_ENABLE_JOB_EXECUTION: 'false',
    MLFLOW_DISABLE_TELEMETRY: 'true',
    DO_NOT_TRACK: 'true',
    PYTHONDONTWRITEBYTECODE: '',
  };
  const options = ['--workers', '1', '--host', '127.0.0.1', '--port', String(port)];
  const stores = [
    '--backend-store-uri',
    `sqlite:///${folder}/mlflow.db`,
    '--artifacts-destination',
    `${folder}/artifacts`,
  ];
  const server = spawn(found.python, ['-m', 'mlflow', 'server', ...options, ...stores], {
    cwd: folder,
    env,
    detached: true, // a separate process group, so that its workers end with it
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let log = '';
  for (const stream of [server.stdout, server.stderr]) {
    stream.on('data', (text) => {
      log = `${log}${text}`.slice(-4000);
    });
  }
  // Started when the server answers: what Python has compiled for the one is there for the other.
  const startClient = () =>
    spawn(found.python, [fileURLToPath(new URL('read_mlflow.py', import.meta.url)), uri], {
      env,
      stdio: ['pipe', 'pipe', 'inherit'],
    });
  let client: ReturnType<typeof startClient> | undefined;
  const stop = async (): Promise<void> => {
    client?.kill('SIGKILL');
    if (server.pid !== undefined) process.kill(-server.pid, 'SIGKILL');
    await ended(server);
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  const started = async (): Promise<{ stdin: Writable; lines: AsyncIterator<string> }> => {
    await answers(`${uri}/health`, server, () => log);
    client = startClient();
    const lines = createInterface({ input: client.stdout })[Symbol.asyncIterator]();
    if ((await lines.next()).value !== 'ready') throw new Error("MLflow's client did not start");
    return { stdin: client.stdin, lines };
  };
  const { stdin, lines } = await started().catch(async (error) => {
    await stop();
    throw error;
  });
  return {
    uri,
    stop,
    async read(experiment, files = true) {
      stdin.write(`${JSON.stringify({ experiment, files })}\n`);
      const { value, done } = await lines.next();
      if (done) throw new Error("MLflow's client ended; see the messages above");
      const runs = JSON.parse(value) as FoundRun[];
      return Object.fromEntries(runs.map((run) => [run.name, run]));
    },
  };
}

/** Waits until the server responds, up to the caller's time limit. */
async function answers(url: string, server: ChildProcess, log: () => string): Promise<void> {
  for (;;) {
    if (server.exitCode !== null) throw new Error(`the MLflow server ended:\n${log()}`);
    const ok = await fetch(url).then(
      (response) => response.ok,
      () => false,
    );
    if (ok) return;
    await sleep(100);
  }
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  await new Promise((resolve) => child.once('exit', resolve));
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
