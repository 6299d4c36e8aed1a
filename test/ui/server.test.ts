// The dashboard's server with direct requests: responses, errors, and unchanged files of runs.

import { createHash } from 'node:crypto';
import { appendFileSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { hostname, networkInterfaces } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sha256 } from '../../src/lib/base/hash.js';
import { startRun } from '../../src/lib/tracking/log/start-run.js';
import { type Dashboard, startDashboard } from '../../src/ui/start-dashboard.js';
import { scratchFolder } from '../tracking/scratch.js';
import { ask, type Question } from './ask.js';
import { FRAMES, makeRuns, STRENGTHS } from './sample-runs.js';

const top = scratchFolder();
const root = join(top, 'runs');
const VIDEO = '/files/sweep/strength-0.45/artifacts/result.mp4';
const problems: unknown[] = [];
let dashboard: Dashboard;
let video: Buffer;
let host: string;

const get = (path: string, { headers, ...question }: Question = {}) =>
  ask(dashboard.url, path, { ...question, headers: { authorization: `Bearer ${dashboard.token}`, ...headers } });

/** Every file below the runs, with a hash of its content. */
function contents(): Record<string, string> {
  const files = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = files.map((entry) => join(entry.parentPath, entry.name));
  return Object.fromEntries(paths.map((path) => [path, createHash('sha256').update(readFileSync(path)).digest('hex')]));
}

beforeAll(async () => {
  mkdirSync(root);
  await makeRuns(root);
  // Contents that must not be served.
  writeFileSync(join(top, 'secret.txt'), 'a secret');
  mkdirSync(join(top, 'runs-of-others/x/y'), { recursive: true });
  writeFileSync(join(top, 'runs-of-others/x/y/secret.txt'), 'a secret');
  symlinkSync(join(top, 'secret.txt'), join(root, 'sweep/strength-0.45/artifacts/link.txt'));
  symlinkSync(join(top, 'runs-of-others/x'), join(root, 'sweep/strength-0.45/artifacts/folder'));
  symlinkSync('result.mp4', join(root, 'sweep/strength-0.45/artifacts/inside.mp4'));
  writeFileSync(join(root, 'sweep/strength-0.45/.mlflow.json'), '{"uri":"a secret"}');
  symlinkSync('../.mlflow.json', join(root, 'sweep/strength-0.45/artifacts/shown.json'));
  writeFileSync(join(root, 'sweep/strength-0.45/artifacts/page.html'), '<script>alert(1)</script>');
  writeFileSync(join(root, 'sweep/strength-0.45/artifacts/report.html'), 'a report');
  const reported = join(root, 'sweep/strength-0.6/artifacts/report.html');
  writeFileSync(reported, 'a report');
  const artifact = { name: 'report.html', path: 'artifacts/report.html', bytes: 8, sha256: '0'.repeat(64), time: 0 };
  appendFileSync(join(root, 'sweep/strength-0.6/artifacts.jsonl'), `${JSON.stringify(artifact)}\n`);
  // What a run wrote elsewhere, and what its records only say that it did.
  const out = join(top, 'out');
  mkdirSync(out);
  writeFileSync(join(out, 'written.txt'), 'a result');
  writeFileSync(join(out, 'changed.txt'), 'a letter');
  const elsewhere = (path: string) => ({ ...artifact, name: basename(path), path, sha256: sha256('a result') });
  for (const path of [join(out, 'written.txt'), join(out, 'changed.txt'), join(top, 'secret.txt')])
    appendFileSync(join(root, 'sweep/strength-0.6/artifacts.jsonl'), `${JSON.stringify(elsewhere(path))}\n`);
  const record = join(root, 'sweep/strength-0.6/run.json');
  writeFileSync(record, JSON.stringify({ ...JSON.parse(readFileSync(record, 'utf8')), outside: [out] }));
  const away = await startRun({
    root: join(top, 'elsewhere'),
    experiment: 'x',
    name: 'away',
    parameters: { secret: 'a secret' },
  });
  await away.finish();
  symlinkSync(join(top, 'elsewhere/x'), join(root, 'linked'));
  video = readFileSync(join(root, 'sweep/strength-0.45/artifacts/result.mp4'));
  dashboard = await startDashboard({ root, port: 0, onError: (error) => problems.push(error) });
  host = new URL(dashboard.url).host;
});
afterAll(async () => {
  await dashboard.close();
  expect(problems).toEqual([]);
});

describe('what is refused', () => {
  it.each([
    '/files/../secret.txt',
    '/files/sweep/../../secret.txt',
    '/files/%2e%2e/secret.txt',
    '/files/%2E%2E%2Fsecret.txt',
    '/files/sweep/..%2f..%2fsecret.txt',
    '/files/sweep%2f..%2f..%2fsecret.txt',
    '/files/..%5csecret.txt',
    '/files/%252e%252e/secret.txt',
    '/files/sweep/%00/secret.txt',
    '/files/sweep//../../secret.txt',
    '/files//etc/passwd',
    '/files/%2fetc%2fpasswd',
    '/files/..;/secret.txt',
    '/files/%c0%ae%c0%ae/secret.txt',
    '/files/sweep/strength-0.45/artifacts/link.txt',
    '/files/sweep/strength-0.45/artifacts/folder/y/secret.txt',
    '/files/sweep/strength-0.45/.mlflow.json',
    '/files/sweep/strength-0.45/artifacts/shown.json',
    '/files/linked/away/run.json',
    '/files/',
    '/files/sweep',
    '/assets/../package.json',
    '/assets/ui/../../package.json',
    '/assets/ui/%2e%2e/%2e%2e/package.json',
    '//files/sweep',
    'http://elsewhere/files/sweep',
  ])('the path %s', async (path) => {
    const { status, text } = await get(path);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(500);
    expect(text).not.toMatch(/secret|"name"|root:/);
  });

  it.each([
    'evil.example',
    'evil.example:80',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    '192.168.0.7',
    '[::2]',
    'a@127.0.0.1',
  ])('the host "%s"', async (name) => {
    expect((await get('/api/runs', { headers: { host: name } })).status).toBe(403);
  });

  it('no host of its own', async () => {
    for (const name of [host, host.replace('127.0.0.1', 'localhost'), host.replace('127.0.0.1', '[::1]')]) {
      expect((await get('/api/runs', { headers: { host: name } })).status).toBe(200);
    }
  });

  it('questions of other pages', async () => {
    for (const origin of ['http://evil.example', 'null', `https://${host}`, 'http://127.0.0.1:1', 'http://localhost']) {
      for (const path of ['/', '/api/runs', VIDEO]) {
        expect([origin, (await get(path, { headers: { origin } })).status]).toEqual([origin, 403]);
      }
      const headers = { origin, 'content-type': 'application/json' };
      expect((await get('/api/grid', { method: 'POST', headers, body: '{}' })).status).toBe(403);
    }
    expect((await get('/api/runs', { headers: { origin: `http://${host}` } })).status).toBe(200);
    for (const site of ['cross-site', 'same-site']) {
      expect((await get(VIDEO, { headers: { 'sec-fetch-site': site, 'sec-fetch-mode': 'no-cors' } })).status).toBe(403);
      // A link to the dashboard's pages may be followed, in a new window.
      const link = { 'sec-fetch-site': site, 'sec-fetch-mode': 'navigate' };
      for (const [path, destination, status] of [
        ['/', 'document', 200],
        ['/compare?run=sweep/street', 'document', 200],
        ['/', 'iframe', 403],
        ['/', 'embed', 403],
        ['/api/runs', 'document', 403],
        ['/api/runs?filter=x', 'document', 403],
        [VIDEO, 'document', 403],
        ['/assets/ui/list.js', 'document', 403],
      ] as const) {
        const { status: got } = await get(path, { headers: { ...link, 'sec-fetch-dest': destination } });
        expect([path, destination, got]).toEqual([path, destination, status]);
      }
    }
    // Requests of browsers that send only the referrer of a link.
    const referer = 'http://evil.example/';
    expect((await get('/api/runs', { headers: { referer } })).status).toBe(403);
    expect((await get('/api/runs', { headers: { referer: `http://${host}.evil.example/` } })).status).toBe(403);
    expect((await get('/', { headers: { referer } })).status).toBe(200);
    expect((await get('/api/runs', { headers: { referer: `http://${host}/` } })).status).toBe(200);
  });

  it('other methods', async () => {
    for (const method of ['PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE']) {
      const { status, headers } = await get('/api/runs', { method });
      expect([status, headers.allow]).toEqual([405, 'GET, HEAD']);
    }
    expect((await get('/api/runs', { method: 'POST', body: '{}' })).status).toBe(405);
    expect((await get(VIDEO, { method: 'POST', body: '{}' })).status).toBe(405);
    expect((await get('/api/grid')).status).toBe(405);
  });

  it('links out of the runs, by name', async () => {
    for (const path of ['link.txt', 'folder/y/secret.txt']) {
      const { status, text } = await get(`/files/sweep/strength-0.45/artifacts/${path}`);
      expect([status, text]).toEqual([403, 'that file lies outside of the runs, which are all that is shown here\n']);
    }
  });

  it('files elsewhere that a run did not write, or that have changed since', async () => {
    const at = (name: string) => get(`/files/sweep/strength-0.6/.elsewhere/${name}`);
    const { status, text, headers } = await at('written.txt');
    expect([status, text, headers['content-security-policy']]).toEqual([
      200,
      'a result',
      expect.stringMatching(/^sandbox/),
    ]);
    for (const name of ['changed.txt', 'secret.txt', 'unrecorded.txt', '..%2fsecret.txt', '%2e%2e/secret.txt', '']) {
      expect([name, (await at(name)).status]).toEqual([name, name.includes('2') ? 400 : name === '' ? 400 : 404]);
    }
    expect((await get('/files/sweep/gone/.elsewhere/written.txt')).status).toBe(404);
    expect((await get('/compare?run=sweep/strength-0.6')).text).toMatch(
      /has changed since it was recorded.*changed\.txt/,
    );
  });

  it('runs that a link brings in from elsewhere', async () => {
    const { total, rows } = (await get('/api/runs')).json();
    expect(total).toBe(STRENGTHS.length + 1 + 3);
    expect(JSON.stringify(rows)).not.toContain('secret');
    expect((await get('/compare?run=linked/away')).text).toContain('There is no run <b>linked/away</b>');
    expect((await get('/api/curves?run=linked/away&key=loss')).json()).toEqual({ curves: [] });
  });
});

describe('files', () => {
  it('come whole, with what a copy is known by', async () => {
    const { status, headers, body } = await get(VIDEO);
    expect(status).toBe(200);
    expect(body.equals(video)).toBe(true);
    expect(headers).toMatchObject({
      'content-type': 'video/mp4',
      'content-length': String(video.length),
      'accept-ranges': 'bytes',
      'x-content-type-options': 'nosniff',
      'cross-origin-resource-policy': 'same-origin',
    });
    expect(headers.etag).toMatch(/^"[\w-]+"$/);
    const copies: Record<string, string>[] = [
      { 'if-none-match': String(headers.etag) },
      { 'if-none-match': `"x", W/${headers.etag}` },
      { 'if-modified-since': String(headers['last-modified']) },
    ];
    for (const known of copies) {
      const again = await get(VIDEO, { headers: known });
      expect([again.status, again.body.length]).toEqual([304, 0]);
    }
    expect(
      (
        await get(VIDEO, {
          headers: { 'if-none-match': '"other"', 'if-modified-since': String(headers['last-modified']) },
        })
      ).status,
    ).toBe(200);
  });

  it.each([
    ['bytes=0-9', 0, 9],
    ['bytes=10-', 10, -1],
    ['bytes=-7', -7, -1],
    ['bytes=5-999999999', 5, -1],
    ['bytes=-999999999', 0, -1],
    ['bytes=0-0', 0, 0],
  ])('come in the range %s', async (range, first, last) => {
    const size = video.length;
    const [start, end] = [first < 0 ? size + first : first, last < 0 ? size + last : last];
    const { status, headers, body } = await get(VIDEO, { headers: { range } });
    expect(status).toBe(206);
    expect(headers['content-range']).toBe(`bytes ${start}-${end}/${size}`);
    expect(body.equals(video.subarray(start, end + 1))).toBe(true);
  });

  it('have nothing beyond their end', async () => {
    for (const range of [`bytes=${video.length}-`, 'bytes=99999999-99999999', 'bytes=-0']) {
      const { status, headers } = await get(VIDEO, { headers: { range } });
      expect([status, headers['content-range']]).toEqual([416, `bytes */${video.length}`]);
    }
  });

  it('come whole where a range cannot be read, is one of many, or is of an older file', async () => {
    for (const range of ['bytes=9-3', 'bytes=a-b', 'lines=0-3', 'bytes=0-1,3-4', 'bytes=-']) {
      expect((await get(VIDEO, { headers: { range } })).status).toBe(200);
    }
    const { etag } = (await get(VIDEO)).headers;
    expect((await get(VIDEO, { headers: { range: 'bytes=0-3', 'if-range': String(etag) } })).status).toBe(206);
    expect((await get(VIDEO, { headers: { range: 'bytes=0-3', 'if-range': '"older"' } })).status).toBe(200);
  });

  it('are told of without their content', async () => {
    for (const path of [VIDEO, '/', '/compare?run=sweep/street', '/api/runs', '/assets/ui/list.js']) {
      const whole = await get(path);
      const head = await get(path, { method: 'HEAD' });
      expect([head.status, head.body.length]).toEqual([200, 0]);
      expect(head.headers['content-length']).toBe(String(whole.body.length));
    }
    expect((await get(VIDEO, { method: 'HEAD', headers: { range: 'bytes=0-9' } })).headers['content-length']).toBe(
      '10',
    );
  });

  it('that a browser might run are to be saved, and could do nothing', async () => {
    const { headers } = await get('/files/sweep/strength-0.45/artifacts/page.html');
    expect(headers['content-type']).toBe('application/octet-stream');
    expect(headers['content-disposition']).toBe('attachment');
    expect(headers['content-security-policy']).toMatch(/^sandbox; default-src 'none'.*frame-ancestors 'none'/);
    // A sandboxed video could not load itself, and it cannot run scripts anyway.
    const video = String((await get(VIDEO)).headers['content-security-policy']);
    expect(video).toMatch(/^default-src 'none'; media-src 'self'.*frame-ancestors 'none'/);
  });

  it('that are reports open in an origin of their own, which can send nothing', async () => {
    expect((await get('/reports/sweep/strength-0.45/artifacts/page.html')).status).toBe(404);
    const { headers, text } = await get('/reports/sweep/strength-0.45/artifacts/report.html');
    expect([headers['content-type'], text]).toEqual(['text/html; charset=utf-8', 'a report']);
    const policy = String(headers['content-security-policy']);
    expect(policy).toMatch(/^sandbox allow-scripts allow-downloads; default-src 'none';/);
    expect(policy).not.toMatch(/allow-same-origin|connect-src|https?:/);
    const page = (await get('/compare?run=sweep/strength-0.6')).text;
    expect(page).toContain(
      '<a class="button" href="/reports/sweep/strength-0.6/artifacts/report.html">Open its report</a>',
    );
  });

  it('may be links that stay inside', async () => {
    expect((await get('/files/sweep/strength-0.45/artifacts/inside.mp4')).body.equals(video)).toBe(true);
  });
});

describe('pages', () => {
  it('may run their own scripts only', async () => {
    const list = (await get('/')).headers['content-security-policy'];
    expect(list).toMatch(/default-src 'none'; script-src 'self';/);
    const compare = await get('/compare?run=sweep/strength-0.45');
    const policy = String(compare.headers['content-security-policy']);
    const script = /<script type="module">([\s\S]*?)<\/script>/.exec(compare.text)![1];
    expect(policy).toContain(`script-src 'sha256-${createHash('sha256').update(script).digest('base64')}'`);
    // Only a script that this one creates may be loaded: plotly.
    expect(policy).toMatch(/script-src 'sha256-[^' ]+' 'strict-dynamic';/);
    expect((await get('/assets/plotly.js')).headers['content-type']).toMatch(/^text\/javascript/);
    expect(compare.headers['x-frame-options']).toBe('DENY');
    for (const each of [list, policy]) {
      expect(each).toContain("frame-ancestors 'none'");
      expect(each).not.toMatch(/unsafe-eval|script-src[^;]*unsafe-inline|https?:/);
    }
    expect(compare.text).not.toContain('<b>neon</b>');
  });
});

describe('a grid of chosen videos', () => {
  const post = (body: unknown, headers: Record<string, string> = { 'content-type': 'application/json' }) =>
    get('/api/grid', { method: 'POST', headers, body: JSON.stringify(body) });
  const videos = STRENGTHS.map((strength) => `/files/sweep/strength-${strength}/artifacts/result.mp4`);

  it('is rendered and sent, and leaves nothing behind', async () => {
    const before = contents();
    const { status, headers, body } = await post({ videos, labels: STRENGTHS.map(String) });
    expect(status).toBe(200);
    expect(headers).toMatchObject({
      'content-type': 'video/mp4',
      'content-disposition': 'attachment; filename="grid.mp4"',
    });
    const file = join(scratch, 'grid.mp4');
    writeFileSync(file, body);
    const { openVideo } = await import('../../src/lib/video/read/open-video.js');
    const opened = await openVideo(file, { exact: true, onWarning: () => {} });
    expect([opened.width, opened.height, opened.expectedFrames]).toEqual([96, 96, FRAMES]);
    // Row by row, each cell is lighter than the one before, in the order of strengths (20 + 100 s, see the sample).
    for await (const { data } of opened.frames()) {
      const at = (x: number, y: number) => data[3 * (96 * y + x)];
      const cells = [at(40, 40), at(88, 40), at(40, 88), at(88, 88)];
      for (const [i, strength] of STRENGTHS.entries())
        expect(Math.abs(cells[i] - (20 + 100 * strength))).toBeLessThan(6);
      break;
    }
    expect(contents()).toEqual(before);
  });

  it.each([
    ['a file outside', { videos: ['/files/../secret.txt'] }, 400],
    ['a link outside', { videos: ['/files/sweep/strength-0.45/artifacts/folder/y/x.mp4'] }, 404],
    ['what is no video', { videos: ['/files/sweep/strength-0.45/run.json'] }, 400],
    ['another address', { videos: ['http://elsewhere/x.mp4'] }, 400],
    ['no video', { videos: [] }, 400],
    ['too many', { videos: Array(17).fill(VIDEO) }, 400],
    ['labels that do not fit', { videos: [VIDEO], labels: ['a', 'b'] }, 400],
    ['no list', { videos: 'x' }, 400],
    ['a video that is gone', { videos: ['/files/sweep/strength-0.45/artifacts/gone.mp4'] }, 404],
  ])('is not made of %s', async (_, body, status) => {
    const reply = await post(body);
    expect(reply.status).toBe(status);
    expect(reply.json().problem).toMatch(/^[a-z'].+/);
  });

  it('is not made for a form, nor from a flood', async () => {
    expect((await post({ videos }, { 'content-type': 'text/plain' })).status).toBe(415);
    expect((await post({ videos, labels: ['x'.repeat(200_000)] })).status).toBe(413);
  });

  it('has labels that can be read', async () => {
    const { status, json } = await post({ videos: [VIDEO], labels: ['x'.repeat(90_000)] });
    expect([status, json()]).toEqual([400, { problem: 'a label has 90000 characters, expected at most 200' }]);
  });
});

describe('where it listens', () => {
  it('is this machine alone, at an address of its own', async () => {
    expect(dashboard.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/\?token=[0-9a-f]{48}$/);
    expect(dashboard.url).toBe(`${dashboard.address}?token=${dashboard.token}`);
    const port = Number(new URL(dashboard.url).port);
    await expect(startDashboard({ root, port })).rejects.toThrow(
      `port ${port} of 127.0.0.1 is taken; choose another port`,
    );
    await expect(startDashboard({ root, port: 0, host: '203.0.113.1' })).rejects.toThrow(
      'is no address of this machine',
    );
  });

  it('with 0.0.0.0 admits the names of this machine, and prints one by which others reach it', async () => {
    const open = await startDashboard({ root, port: 0, host: '0.0.0.0', token: false });
    const own = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
    const names = own.map(({ address, family }) => (family === 'IPv6' ? `[${address}]` : address));
    try {
      const { port } = new URL(open.url);
      for (const name of [...names, hostname(), 'localhost']) {
        const { status } = await ask(`http://127.0.0.1:${port}`, '/', { headers: { host: `${name}:${port}` } });
        expect([name, status]).toEqual([name, 200]);
      }
      for (const name of ['evil.example', '203.0.113.7', '[2001:db8::7]', `${hostname()}.evil.example`, '0.0.0.0']) {
        const { status } = await ask(`http://127.0.0.1:${port}`, '/', { headers: { host: name } });
        expect([name, status]).toEqual([name, name === '0.0.0.0' ? 200 : 403]);
      }
      const printed = new URL(open.url).hostname;
      expect(printed).not.toMatch(/^(0\.0\.0\.0|\[::\])$/);
      expect((await ask(open.url, '/')).status).toBe(200);
    } finally {
      await open.close();
    }
  });
});

const scratch = scratchFolder();
