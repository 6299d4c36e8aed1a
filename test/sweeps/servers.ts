// Servers for tests of sweeps on several machines: S3 by moto of PyPI, Redis of the system. Each listens on a free port, and
// what is not installed gives a reason to skip.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createServer as createHttpServer, request } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { skipNote } from '../skipped.js';

const PYTHON = process.env.STEADYFRAME_PYTHON || 'python3';

/** Whether moto's server can be started. */
export const hasMoto: boolean = spawnSync(PYTHON, ['-c', 'import moto.server']).status === 0;
export const motoNote: string = skipNote(hasMoto, 'STEADYFRAME_PYTHON, or python3, has no moto[server]');

/** Whether there is a Redis. */
export const hasRedis: boolean = spawnSync('redis-server', ['--version']).status === 0;
export const redisNote: string = skipNote(hasRedis, 'redis-server is not installed');

/** A server that a test started. */
export interface Server {
  readonly child: ChildProcess;
  readonly port: number;
  /** Ends it. */
  stop(): Promise<void>;
}

/** A port that was free just now. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Starts a server and waits until `answers` says that it is there. */
async function startServer(
  command: string,
  args: readonly string[],
  port: number,
  answers: () => Promise<unknown>,
): Promise<Server> {
  const child = spawn(command, args, { stdio: 'ignore' });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  for (;;) {
    if (child.exitCode !== null) throw new Error(`${command} ended with ${child.exitCode}`);
    if (
      await answers().then(
        () => true,
        () => false,
      )
    )
      break;
    await sleep(50);
  }
  return {
    child,
    port,
    async stop() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/** Starts moto with an empty bucket, and sets the variables by which it is found. */
export async function startBucket(bucket: string): Promise<Server & { env: Record<string, string> }> {
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  const env = {
    ...{ AWS_ENDPOINT_URL: endpoint, AWS_REGION: 'us-east-1' },
    ...{ AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' },
  };
  const before = Object.fromEntries(Object.keys(env).map((name) => [name, process.env[name]]));
  Object.assign(process.env, env);
  const client = new S3Client({ endpoint, forcePathStyle: true, maxAttempts: 1 });
  const server = await startServer(PYTHON, ['-m', 'moto.server', '-p', String(port)], port, () =>
    client.send(new CreateBucketCommand({ Bucket: bucket })),
  );
  client.destroy();
  return {
    ...{ ...server, env },
    async stop() {
      for (const [name, value] of Object.entries(before)) {
        if (value === undefined) delete process.env[name];
        else process.env[name] = value;
      }
      await server.stop();
    },
  };
}

/** What becomes of a request: its answer is lost, it is never passed on, or not before a promise is fulfilled. */
type Fate = 'lost' | 'silent' | Promise<void> | undefined;

/** What becomes of the first, second ... request since the rule was set; it may change the headers. */
type Rule = (request: number, headers: Record<string, unknown>) => Fate;

/** A server that passes requests on to another one of this machine, as a rule says. */
export async function startProxy(target: number) {
  let rule: Rule = () => undefined;
  let count = 0;
  const server = createHttpServer(async (from, to) => {
    const fate = rule(++count, from.headers);
    if (fate === 'silent') return;
    if (fate instanceof Promise) await fate;
    const { method, url, headers } = from;
    const passed = request({ host: '127.0.0.1', port: target, method, path: url, headers }, (answer) => {
      if (fate === 'lost') {
        answer.resume().once('end', () => to.destroy());
        return;
      }
      to.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(to);
    });
    from.pipe(passed);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    set rule(next: Rule) {
      [rule, count] = [next, 0];
    },
    async stop(): Promise<void> {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Starts a Redis that keeps nothing on the disk. */
export async function startRedis(port?: number): Promise<Server & { url: string }> {
  const chosen = port ?? (await freePort());
  const args = ['--port', String(chosen), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
  const ping = async () => {
    const { status, stdout } = spawnSync('redis-cli', ['-p', String(chosen), 'ping'], { encoding: 'utf8' });
    if (status !== 0 || !stdout.includes('PONG')) throw new Error('no answer');
  };
  const server = await startServer('redis-server', args, chosen, ping);
  return { ...server, url: `redis://127.0.0.1:${chosen}` };
}
