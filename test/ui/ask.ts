// Raw requests with unchanged headers and paths, many of which `fetch` would correct.

import { request } from 'node:http';

/** A response. */
export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every kind
  readonly json: () => any;
}

/** Options of a request. */
export interface Question {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Requests a path from a server. */
export function ask(base: string, path: string, { method = 'GET', headers = {}, body }: Question = {}): Promise<Reply> {
  const { hostname, port } = new URL(base);
  return new Promise((resolve, reject) => {
    const asked = request({ hostname, port, path, method, headers, agent: false }, (response) => {
      const pieces: Buffer[] = [];
      response.on('data', (piece: Buffer) => pieces.push(piece));
      response.on('error', reject);
      response.on('end', () => {
        const all = Buffer.concat(pieces);
        const text = all.toString('utf8');
        resolve({
          status: response.statusCode!,
          headers: response.headers,
          body: all,
          text,
          json: () => JSON.parse(text),
        });
      });
    });
    asked.on('error', reject);
    asked.end(body);
  });
}
