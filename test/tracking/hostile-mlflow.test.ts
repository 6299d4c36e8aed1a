// Uploads to servers that are not MLflow servers, or malicious ones.

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { startRun } from '../../src/lib/tracking/log/start-run.js';
import { createClient } from '../../src/lib/tracking/mlflow/client.js';
import { liveUploads, uploadsSettled } from '../../src/lib/tracking/mlflow/live.js';
import { serverAddress } from '../../src/lib/tracking/mlflow/server-address.js';
import { takesArtifacts } from '../../src/lib/tracking/mlflow/server-run.js';
import { scratchFolder } from './scratch.js';

type Answer = (request: IncomingMessage, response: ServerResponse, count: number) => void;

const servers: ReturnType<typeof createServer>[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

/** A server with the same response to everything; `seen` counts requests. */
async function serve(answer: Answer): Promise<{ uri: string; seen: () => number }> {
  let count = 0;
  const server = createServer((request, response) => {
    request.resume();
    answer(request, response, ++count);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { uri: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen: () => count };
}

const json =
  (value: unknown): Answer =>
  (_, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(value));
  };
const client = (uri: string, env: Record<string, string> = {}) =>
  createClient(serverAddress(uri, env), { attempts: 1 });

describe('answers', () => {
  it.each([
    ['an id that is a list', { experiment: { experiment_id: ['1'], lifecycle_stage: 'active' } }],
    ['an id that climbs', { experiment: { experiment_id: '../../etc', lifecycle_stage: 'active' } }],
    ['no experiment', {}],
    ['a list', []],
    ['null', null],
  ])('%s is refused', async (_, value) => {
    const { uri } = await serve(json(value));
    await expect(client(uri).findExperiment('x')).rejects.toThrow('does not answer like an MLflow server');
  });

  it.each([
    ['runs that are none', { runs: [{ info: {} }] }],
    ['tags that are none', { runs: [{ info: { run_id: 'a', experiment_id: '1' }, data: { tags: [1] } }] }],
  ])('%s are refused', async (_, value) => {
    const { uri } = await serve(json(value));
    await expect(client(uri).runs('1')).rejects.toThrow('does not answer like an MLflow server (runs/search: runs');
  });

  it('a page that follows itself is asked for once', async () => {
    const { uri, seen } = await serve(json({ runs: [], next_page_token: 'again' }));
    await expect(client(uri).runs('1')).rejects.toThrow('lists runs without an end');
    expect(seen()).toBe(2);
  });

  it('pages without an end come to one', async () => {
    const { uri } = await serve((_, response, count) => response.end(JSON.stringify({ next_page_token: `${count}` })));
    await expect(client(uri).runs('1')).rejects.toThrow('lists runs without an end');
  });

  it('an answer without an end is cut off', async () => {
    const piece = 'x'.repeat(1 << 20);
    const { uri } = await serve((_, response) => {
      const more = (): void => {
        while (!response.destroyed && response.write(piece));
      };
      response.on('drain', more);
      more();
    });
    await expect(client(uri).findExperiment('x')).rejects.toThrow('its answer is longer than 32 MB');
  });

  it('an answer of a byte now and then is waited for no longer than for silence', async () => {
    const { uri } = await serve((_, response) => {
      const timer = setInterval(() => response.write(' '), 20);
      response.on('close', () => clearInterval(timer));
    });
    const hasty = client(uri, { MLFLOW_HTTP_REQUEST_TIMEOUT: '0.5' });
    await expect(hasty.findExperiment('x')).rejects.toThrow('no whole answer within 0.5 s');
  });

  it('a place for artifacts that climbs is none', () => {
    expect(takesArtifacts({ artifactUri: 'mlflow-artifacts:/1/abc/artifacts' })).toBe(true);
    for (const place of ['/../../api/2.0/mlflow/runs/delete', '/1/%2e%2e/x', '//host/./1']) {
      expect(takesArtifacts({ artifactUri: `mlflow-artifacts:${place}` })).toBe(false);
    }
  });
});

describe('credentials', () => {
  const password = 'p@ss word"1';
  const secrets = [
    password,
    encodeURIComponent(password),
    'p@ss word\\"1',
    Buffer.from(`me:${password}`).toString('base64'),
  ];
  const echo =
    (status: number): Answer =>
    (request, response) => {
      const said = `${request.headers.authorization} ${secrets.join(' ')}`;
      response.statusCode = status;
      response.setHeader('location', `http://elsewhere/?${encodeURIComponent(said)}`);
      response.end(JSON.stringify({ error_code: secrets[3], message: `bad \u001b[31m ${said}` }));
    };
  it.each([302, 400, 401, 403, 404, 500])('are not repeated from an answer of %d', async (status) => {
    const { uri } = await serve(echo(status));
    const ways: Record<string, string>[] = [
      { MLFLOW_TRACKING_USERNAME: 'me', MLFLOW_TRACKING_PASSWORD: password },
      { MLFLOW_TRACKING_TOKEN: password },
    ];
    for (const env of ways) {
      const error = await client(uri, env)
        .findExperiment('x')
        .catch((reason: Error) => reason);
      expect(error).toBeInstanceOf(Error);
      const { message } = error as Error;
      expect(message).toContain(`answered ${status}`);
      for (const secret of [...secrets.slice(0, 3), Object.keys(env).length === 2 ? secrets[3] : password]) {
        expect(message).not.toContain(secret);
      }
      expect(message).not.toContain('\u001b');
    }
    const inAddress = uri.replace('//', `//me:${encodeURIComponent(password)}@`);
    const error = await client(inAddress)
      .findExperiment('x')
      .catch((reason: Error) => reason);
    for (const secret of secrets) expect((error as Error).message).not.toContain(secret);
  });
});

describe('a server that does not answer', () => {
  it.each<[string, Answer]>([
    ['hangs', () => {}],
    [
      'sends a byte now and then',
      (_, response) => {
        const timer = setInterval(() => response.write(' '), 20);
        response.on('close', () => clearInterval(timer));
      },
    ],
    [
      'asks to wait',
      (_, response) => {
        response.writeHead(503, { 'retry-after': '300' });
        response.end();
      },
    ],
  ])('and %s lets a run end, with one sentence', async (_, answer) => {
    const { uri } = await serve(answer);
    const warnings: string[] = [];
    liveUploads(uri, (message) => warnings.push(message));
    const run = await startRun({ root: scratchFolder(), experiment: 'x', name: 'x', mlflow: uri });
    run.logMetrics({ loss: 1 });
    await run.finish();
    await uploadsSettled();
    expect(warnings.at(-1)).toContain(`upload the rest with: steadyframe sync --mlflow ${uri}`);
    expect(warnings.length).toBeLessThanOrEqual(2);
  });
});
