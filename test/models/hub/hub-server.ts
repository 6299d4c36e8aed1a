// A small server with the routes of the Hugging Face Hub for downloads: model info, the paginated listing, and files with
// ranges and a redirect to their content. It records every request.

import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** The behaviour of the server, which can be changed while it runs. */
export interface HubBehaviour {
  /** Answers every request with this status. */
  status?: number;
  /** Cuts the connection after this number of bytes of content, once, and not before `when`. */
  cut?: { after: number; when: Promise<unknown> };
  /** Returns the whole file for every range. */
  ignoresRanges?: boolean;
  /** Changes a byte of every large file. */
  damages?: boolean;
}

/** A running hub with one repository. */
export interface TestHub {
  readonly url: string;
  readonly behaviour: HubBehaviour;
  /** `METHOD path range authorization` of each request. */
  readonly requests: { method: string; path: string; range?: string | undefined; token?: string | undefined }[];
  close(): Promise<void>;
}

/** The commit of `main`. */
export const HUB_COMMIT = 'c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00';
/** The commit of the branch `other`. */
const OTHER_COMMIT = 'beef0000beef0000beef0000beef0000beef0000';

const sha256 = (data: Uint8Array): string => createHash('sha256').update(data).digest('hex');
const gitHash = (data: Uint8Array): string =>
  createHash('sha1').update(`blob ${data.length}\0`).update(data).digest('hex');

/** Starts a hub with the repository `repo`: .safetensors files are large files, a page of the listing has three entries. */
export async function startHub(repo: string, files: Readonly<Record<string, Uint8Array>>): Promise<TestHub> {
  const behaviour: HubBehaviour = {};
  const requests: TestHub['requests'] = [];
  const entries = Object.entries(files).map(([path, data]) => ({
    ...{ type: 'file', path, size: data.length, oid: gitHash(data) },
    ...(path.endsWith('.safetensors') && { lfs: { oid: sha256(data), size: data.length, pointerSize: 130 } }),
  }));
  const folders = [...new Set(Object.keys(files).map((path) => path.split('/').slice(0, -1).join('/')))];
  const listing = [
    ...folders.filter(Boolean).map((path) => ({ type: 'directory', path, size: 0, oid: '' })),
    ...entries,
  ];

  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    const url = new URL(request.url!, `http://${request.headers.host}`);
    const { authorization: token, range } = request.headers;
    requests.push({ method: request.method!, path: url.pathname, range, token });
    const send = (status: number, body: unknown, headers: Record<string, string> = {}): void => {
      response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
    };
    if (behaviour.status) {
      send(behaviour.status, { error: 'as told' });
      return;
    }
    const info = new RegExp(`^/api/models/${repo}/revision/(.+)$`).exec(url.pathname);
    if (info) {
      const sha = { main: HUB_COMMIT, other: OTHER_COMMIT }[info[1]];
      if (sha) send(200, { _id: '1', id: repo, sha });
      else send(404, { error: 'Revision Not Found' });
      return;
    }
    if (new RegExp(`^/api/models/${repo}/tree/[0-9a-f]{40}$`).test(url.pathname)) {
      const from = Number(url.searchParams.get('cursor') ?? 0);
      const next = new URL(url);
      next.searchParams.set('cursor', String(from + 3));
      const more: Record<string, string> = from + 3 < listing.length ? { link: `<${next}>; rel="next"` } : {};
      send(200, listing.slice(from, from + 3), more);
      return;
    }
    const resolved = new RegExp(`^/${repo}/resolve/[0-9a-f]{40}/(.+)$`).exec(url.pathname);
    const path = decodeURIComponent(resolved?.[1] ?? url.pathname.replace(/^\/content\//, ''));
    const data = files[path];
    if (!data) {
      send(404, { error: 'Entry not found' }, { 'x-error-code': 'EntryNotFound' });
      return;
    }
    if (resolved && path.endsWith('.safetensors')) {
      response.writeHead(302, { location: `/content/${path}`, 'x-linked-size': String(data.length) }).end();
      return;
    }
    sendFile(response, path, data, range);
  };
  const sendFile = (response: ServerResponse, path: string, data: Uint8Array, range: string | undefined): void => {
    const [, from] = /^bytes=(\d+)-/.exec(behaviour.ignoresRanges ? '' : (range ?? '')) ?? [];
    const start = Number(from ?? 0);
    const body = Buffer.from(data.subarray(start));
    if (behaviour.damages && path.endsWith('.safetensors')) body[body.length - 1] ^= 1;
    response.writeHead(from === undefined ? 200 : 206, {
      'content-length': String(body.length),
      etag: `"${sha256(data)}"`,
      ...(from !== undefined && { 'content-range': `bytes ${start}-${data.length - 1}/${data.length}` }),
    });
    const { cut } = behaviour;
    if (!cut || cut.after >= body.length) {
      response.end(body);
      return;
    }
    delete behaviour.cut;
    response.write(body.subarray(0, cut.after));
    void cut.when.then(() => response.destroy());
  };

  const server: Server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    behaviour,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
