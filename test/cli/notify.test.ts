// Notices at the end of a command.

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { endText, notify } from '../../src/cli/notify.js';
import { runCli } from '../../src/cli/run.js';
import { scratchFolder, shot, smallestCheckpoint } from '../sweeps/tiny.js';
import { steadyframe } from './run-command.js';

const scratch = scratchFolder();
let request: string[];
beforeAll(async () => {
  const video = await shot(scratch, 'street.mp4', { width: 32, height: 32, frames: 1 });
  const model = await smallestCheckpoint(scratch);
  request = ['frame', video, '--at', '0', '--model', model, '--prompt', 'a street', '--steps', '2', '--size', '32x32'];
  request.push('--strengths', '1', '--seeds', '1', '--no-track', '--quiet');
});
let runs = 0;
const out = (): string[] => ['--out', join(scratch, `out-${runs++}`)];

/** The requests that a webhook gets while `use` runs. */
async function heard(status: number, use: (address: string) => Promise<void>): Promise<unknown[]> {
  const bodies: unknown[] = [];
  const server = createServer(async (incoming, response) => {
    let body = '';
    for await (const part of incoming) body += part;
    bodies.push(JSON.parse(body));
    response.writeHead(status).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}/secret`);
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
  return bodies;
}

test('a webhook is told of the end, and of a failure, but of no wrong request', async () => {
  const bodies = await heard(200, async (address) => {
    const env = { STEADYFRAME_WEBHOOK: address };
    expect(await steadyframe([...request, ...out(), '--notify', 'webhook'], { env })).toMatchObject({
      code: 0,
      err: '',
    });
    const stopped = AbortSignal.abort(new Error('stopped'));
    const { code } = await steadyframe([...request, ...out(), '--notify', 'webhook'], { env, signal: stopped });
    expect(code).toBe(130);
    expect((await steadyframe([...request, '--out', scratch, '--notify', 'webhook'], { env })).code).toBe(2);
  });
  expect(bodies).toMatchObject([
    {
      text: expect.stringMatching(/^steadyframe frame street\.mp4: done after \d+ s$/),
      command: 'frame',
      exit_code: 0,
    },
    { content: expect.stringMatching(/^steadyframe frame street\.mp4: interrupted after \d+ s$/), exit_code: 130 },
  ]);
});

test('a webhook that fails is a warning without its address', async () => {
  const said: string[] = [];
  const give = (address?: string) =>
    notify(
      ['webhook'],
      { command: ['frame'], code: 0, seconds: 1 },
      {
        terminal: { err: { write: () => {} }, env: { STEADYFRAME_WEBHOOK: address } },
        warn: (message) => said.push(message),
      },
    );
  await heard(404, give);
  let closed = '';
  await heard(200, async (address) => {
    closed = address;
  });
  await give(closed);
  await give();
  expect(said).toEqual([
    'no notice was given: the webhook answers 404',
    'no notice was given: the webhook does not answer (ECONNREFUSED)',
    'no notice was given: STEADYFRAME_WEBHOOK names no address; set it to the one of the webhook',
  ]);
});

test('a bell rings on a terminal, once', async () => {
  const rung = async (isTTY: boolean): Promise<number> => {
    let err = '';
    const write = (text: string): void => {
      err += text;
    };
    const terminal = { out: () => {}, err: { write, isTTY }, env: {} };
    const args = [...request, ...out(), '--notify', 'bell,bell'];
    expect(await runCli(args, { ...terminal, signal: new AbortController().signal })).toBe(0);
    return err.split('\x07').length - 1;
  };
  expect([await rung(true), await rung(false)]).toEqual([1, 0]);
});

test('other words are refused', async () => {
  const { code, err } = await steadyframe([...request, '--notify', 'pigeon']);
  expect(code).toBe(2);
  expect(err).toContain('Expected one of bell, desktop, webhook.');
});

test('the end in words', () => {
  const command = ['sweep', '/videos/shot.mp4'];
  expect(endText({ command, code: 0, seconds: 61 })).toBe('sweep shot.mp4: done after 1:01');
  expect(endText({ command: ['run', '--quiet'], code: 1, seconds: 600 })).toBe('run: failed after 10:00');
  expect(endText({ command, code: 143, seconds: 9000 })).toBe('sweep shot.mp4: interrupted after 2:30:00');
});
