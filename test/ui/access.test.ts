// Access to the dashboard and its availability: token and cookie, slow and silent connections, and expensive filters.

import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startRun } from '../../src/lib/tracking/log/start-run.js';
import { type Dashboard, startDashboard } from '../../src/ui/start-dashboard.js';
import { scratchFolder } from '../tracking/scratch.js';
import { ask, type Question } from './ask.js';

const root = join(scratchFolder(), 'runs');
const problems: unknown[] = [];
let dashboard: Dashboard;
const get = (path: string, question: Question = {}) => ask(dashboard.address, path, question);
const withToken = (headers: Record<string, string> = {}) => ({
  headers: { authorization: `Bearer ${dashboard.token}`, ...headers },
});
/** The cookie of a server's first response, as sent by a browser. */
const cookieOf = (headers: Readonly<Record<string, string | string[] | undefined>>) =>
  String(headers['set-cookie']).split(';')[0];

beforeAll(async () => {
  const run = await startRun({ root, experiment: 'exp', name: 'a', parameters: { prompt: 'a'.repeat(40) } });
  run.logMetrics({ flicker_ratio: 1.1 });
  await run.finish();
  dashboard = await startDashboard({ root, port: 0, patience: 1000, onError: (error) => problems.push(error) });
});
afterAll(async () => {
  await dashboard.close();
  expect(problems).toEqual([]);
});

describe('the token', () => {
  it('is asked for by everything', async () => {
    for (const path of [
      '/',
      '/compare',
      '/api/runs',
      '/api/live',
      '/files/exp/a/run.json',
      '/assets/ui/list.js',
      '/x',
    ]) {
      const { status, text } = await get(path);
      expect([path, status]).toEqual([path, 401]);
      expect(text).not.toContain(dashboard.token);
    }
    const post = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' };
    expect((await get('/api/grid', post)).status).toBe(401);
    expect((await get('/api/runs')).json().problem).toMatch(/^this dashboard asks for its token; open the address/);
  });

  it('opens in a header, as programs send it', async () => {
    expect((await get('/api/runs', withToken())).json().total).toBe(1);
    expect((await get('/api/runs', { headers: { authorization: `token ${dashboard.token}` } })).status).toBe(200);
    for (const wrong of ['', 'Bearer', 'Bearer x', `Bearer ${dashboard.token}x`, `Basic ${dashboard.token}`]) {
      expect((await get('/api/runs', { headers: { authorization: wrong } })).status).toBe(401);
    }
  });

  it('within an address becomes a cookie, and leaves the address', async () => {
    const { status, headers } = await get(`/compare?run=exp/a&token=${dashboard.token}&from=%3Ffilter%3Dx`);
    expect([status, headers.location]).toEqual([303, '/compare?run=exp%2Fa&from=%3Ffilter%3Dx']);
    const { port } = new URL(dashboard.url);
    expect(headers['set-cookie']).toEqual([
      expect.stringMatching(new RegExp(`^steadyframe-${port}=[0-9a-f]{64}; Path=/; HttpOnly; SameSite=Strict$`)),
    ]);
    expect(String(headers['set-cookie'])).not.toContain(dashboard.token);
    const cookie = cookieOf(headers);
    for (const path of ['/', '/api/runs', '/files/exp/a/run.json', '/assets/ui/list.js']) {
      expect((await get(path, { headers: { cookie: `other=1; ${cookie}` } })).status).toBe(200);
    }
    expect((await get('/', { headers: { cookie: `${cookie.slice(0, -1)}0` } })).status).toBe(
      cookie.endsWith('0') ? 200 : 401,
    );
    // A wrong token has no effect with the cookie, and gives no access without it.
    expect((await get('/?token=wrong', { headers: { cookie } })).headers.location).toBe('/');
    expect((await get('/?token=wrong')).status).toBe(401);
  });

  it('can be typed into a page that runs nothing', async () => {
    const { text, headers } = await get('/compare?run=<b>exp/a');
    expect(headers['content-type']).toBe('text/html; charset=utf-8');
    expect(headers['content-security-policy']).toBe(
      "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    );
    expect(text).toContain('<input type="hidden" name="run" value="&lt;b&gt;exp/a">');
    expect(text).not.toContain('<b>');
  });

  it('of one dashboard does not open another; without one, all is open', async () => {
    const other = await startDashboard({ root, port: 0, token: 'chosen-by-me' });
    const open = await startDashboard({ root, port: 0, token: false });
    try {
      expect(other.url).toBe(`${other.address}?token=chosen-by-me`);
      const cookie = cookieOf((await ask(other.address, '/?token=chosen-by-me')).headers);
      expect((await ask(other.address, '/', { headers: { cookie } })).status).toBe(200);
      expect((await get('/', { headers: { cookie } })).status).toBe(401);
      expect((await ask(other.address, '/', withToken())).status).toBe(401);
      expect([open.url, open.token]).toEqual([open.address, undefined]);
      expect((await ask(open.address, '/api/runs')).status).toBe(200);
    } finally {
      await other.close();
      await open.close();
    }
    for (const token of ['short', 'with space', 'x'.repeat(300), 'a&b=cdefgh']) {
      await expect(startDashboard({ root, port: 0, token })).rejects.toThrow('the token must be 8 to 256 letters');
    }
  });
});

describe('nobody holds it up', () => {
  const port = () => Number(new URL(dashboard.address).port);
  /** The data of a connection until it is closed. */
  const talk = (text: string): Promise<string> =>
    new Promise((resolve, reject) => {
      let got = '';
      const socket = connect(port(), '127.0.0.1', () => socket.write(text));
      socket.on('data', (piece) => {
        got += piece;
      });
      socket.on('error', reject);
      socket.on('close', () => resolve(got));
    });

  it('with a body or a head that does not end', async () => {
    const head = `POST /api/grid HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${dashboard.token}\r\n`;
    const body = 'Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"videos":';
    const [unfinished, slow, silent] = await Promise.all([talk(head + body), talk('GET / HTTP/1.1\r\nX: '), talk('')]);
    expect(unfinished).toMatch(/^(HTTP\/1\.1 408 |$)/);
    expect(slow).toMatch(/^HTTP\/1\.1 408 /);
    expect(silent).toMatch(/^(HTTP\/1\.1 408 |$)/);
  });

  it('with a thousand connections that say nothing', async () => {
    const sockets: Socket[] = [];
    try {
      for (let i = 0; i < 1000; i++) {
        const socket = connect(port(), '127.0.0.1');
        socket.on('error', () => {});
        sockets.push(socket);
      }
      await Promise.all(
        sockets.map((socket) => new Promise((resolve) => socket.once('connect', resolve).once('error', resolve))),
      );
      expect((await get('/api/runs', withToken())).status).toBe(200);
    } finally {
      for (const socket of sockets) socket.destroy();
    }
  });

  it('with a filter', async () => {
    const filter = async (text: string) => {
      const before = process.cpuUsage();
      const reply = await get(`/api/runs?filter=${encodeURIComponent(text)}`, withToken());
      const { user, system } = process.cpuUsage(before);
      return { status: reply.status, json: reply.json(), seconds: (user + system) / 1e6 };
    };
    const slow = await filter("params.prompt LIKE '%_%_%_%_%_%_%_zz'");
    expect([slow.status, slow.json.matching, slow.seconds < 2]).toEqual([200, 0, true]);
    expect((await filter(`${'('.repeat(5000)}status`)).json.problem).toContain('nested more than 100 deep');
    expect((await get(`/api/runs?sort=${'a%20'.repeat(2000)}b`, withToken())).status).toBe(400);
  });

  it('and asks about names that no run has', async () => {
    const { questions, matching } = (
      await get(`/api/runs?filter=${encodeURIComponent('metrics.flicker < 2')}&sort=params.promt`, withToken())
    ).json();
    expect(matching).toBe(0);
    expect(questions).toEqual([
      'no run has metrics.flicker; did you mean metrics.flicker_ratio?',
      'no run has params.promt; did you mean params.prompt?',
    ]);
  });
});
