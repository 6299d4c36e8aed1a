// HTTP requests to one server: bodies from memory or from files, time limits, errors that say whether a repeat makes sense.

import { createReadStream } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import { FailureError } from '../../base/errors.js';
import type { ServerAddress } from './server-address.js';

/** A request that failed, at the server or on the way to it. */
export class ServerTrouble extends FailureError {
  constructor(
    message: string,
    readonly details: {
      /** Whether the same request may succeed later: the server is unreachable, busy or broken. */
      readonly again: boolean;
      /** HTTP status, if the server answered. */
      readonly status?: number;
      /** MLflow's error code, such as `RESOURCE_ALREADY_EXISTS`. */
      readonly code?: string;
      /** Milliseconds that the server asks to wait. */
      readonly retryAfter?: number;
    },
  ) {
    super(message);
  }
}

/** Bytes from memory or from a file. */
export type Body = string | Uint8Array | { readonly file: string; readonly bytes: number };

/** A request. */
export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT';
  /** Path below the server's address, with a leading slash, encoded. */
  readonly path: string;
  readonly type?: string;
  readonly body?: Body;
  readonly signal?: AbortSignal | undefined;
  /** Called whenever bytes of a body were sent, and when a request succeeded. */
  readonly onMove?: (() => void) | undefined;
}

/** Sends a request and returns the text of a 2xx answer. */
export type Http = (request: HttpRequest) => Promise<string>;

/** Most characters of an answer: far more than a thousand runs with their parameters. */
const LONGEST_ANSWER = 2 ** 25;

const TRANSIENT = new Set([408, 425, 429, 500, 502, 503, 504]);

/** Requests to one server over connections that stay open. */
export function createHttp(address: ServerAddress): Http {
  const secure = address.url.protocol === 'https:';
  const agent = secure
    ? new https.Agent({
        keepAlive: true,
        rejectUnauthorized: !address.insecureTls,
        ...(address.certificates && { ca: address.certificates }),
      })
    : new http.Agent({ keepAlive: true });
  return async (request) => {
    const { method, path, type = 'application/json', body, signal, onMove } = request;
    const length = body === undefined ? 0 : typeof body === 'string' ? Buffer.byteLength(body) : lengthOf(body);
    const sent = (secure ? https : http).request(`${address.uri}${path}`, {
      method,
      agent,
      timeout: address.timeout,
      ...(signal && { signal }),
      headers: {
        'user-agent': 'steadyframe',
        accept: 'application/json',
        ...(address.authorization && { authorization: address.authorization }),
        ...(body !== undefined && { 'content-type': type, 'content-length': length }),
      },
    });
    sent.on('timeout', () => sent.destroy(new Error(`no answer within ${address.timeout / 1000} s`)));
    // A slow trickle of bytes does not time out as idle, so the whole answer has a time limit too.
    let deadline: NodeJS.Timeout | undefined;
    sent.on('finish', () => {
      const late = new Error(`no whole answer within ${address.timeout / 1000} s`);
      deadline = setTimeout(() => sent.destroy(late), address.timeout);
    });
    try {
      const answer = new Promise<{ response: http.IncomingMessage; text: string }>((resolve, reject) => {
        sent.on('error', reject);
        sent.on('response', (response) => {
          let text = '';
          response.setEncoding('utf8');
          response.on('data', (piece: string) => {
            text += piece;
            if (text.length > LONGEST_ANSWER)
              sent.destroy(new Error(`its answer is longer than ${LONGEST_ANSWER / 2 ** 20} MB`));
          });
          response.on('end', () => (response.complete ? resolve({ response, text }) : reject(new Error('cut off'))));
          response.on('error', reject);
        });
      });
      // An aborted body shows in the answer, which may be an early refusal.
      const sending = send(sent, body, onMove).catch((error: Error) => {
        sent.destroy(error);
      });
      const { response, text } = await answer;
      const { statusCode: status = 0 } = response;
      if (status >= 200 && status < 300) {
        await sending;
        onMove?.();
        return text;
      }
      sent.destroy();
      throw refusal(address, status, response.headers, text);
    } catch (error) {
      sent.destroy();
      if (error instanceof ServerTrouble) throw error;
      if (signal?.aborted) throw signal.reason;
      const { code, message } = error as NodeJS.ErrnoException;
      const lasting = /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ERR_TLS|EPROTO/.test(code ?? '');
      const hint = lasting ? '; see MLFLOW_TRACKING_SERVER_CERT_PATH and MLFLOW_TRACKING_INSECURE_TLS' : '';
      throw new ServerTrouble(
        `MLflow at ${address.uri} cannot be reached (${address.redact(code ?? message)}${hint})`,
        {
          again: !lasting,
        },
      );
    } finally {
      clearTimeout(deadline);
    }
  };
}

function lengthOf(body: Exclude<Body, string>): number {
  return 'file' in body ? body.bytes : body.byteLength;
}

async function send(sent: http.ClientRequest, body: Body | undefined, onMove?: () => void): Promise<void> {
  if (body === undefined || typeof body === 'string' || body instanceof Uint8Array) {
    sent.end(body);
    return;
  }
  const { file, bytes } = body as { file: string; bytes: number };
  if (bytes === 0) {
    sent.end();
    return;
  }
  const stream = createReadStream(file, { end: bytes - 1, highWaterMark: 1 << 18 });
  if (onMove) stream.on('data', onMove);
  await pipeline(stream, sent);
}

const errorSchema = z.object({
  error_code: z.string().max(100).optional().catch(undefined),
  message: z.string().optional().catch(undefined),
});

function refusal(
  address: ServerAddress,
  status: number,
  headers: http.IncomingHttpHeaders,
  text: string,
): ServerTrouble {
  let code: string | undefined;
  let message = '';
  try {
    const answer = errorSchema.parse(JSON.parse(text));
    code = answer.error_code;
    message = answer.message ?? '';
  } catch {
    message = text.startsWith('<') ? '' : text;
  }
  const retryAfter = readRetryAfter(headers['retry-after']);
  // Redacted before it is cut, because half a secret is also secret.
  const said = address.redact([code, message].filter(Boolean).join(': ')).replace(/\s+/g, ' ').slice(0, 300);
  return new ServerTrouble(
    `MLflow at ${address.uri} answered ${status}${said && ` (${said})`}${remedy(status, code)}`,
    {
      again: TRANSIENT.has(status),
      status,
      ...(code !== undefined && { code }),
      ...(retryAfter !== undefined && { retryAfter }),
    },
  );
}

function remedy(status: number, code: string | undefined): string {
  if (status === 404 && code === undefined) return '; check that the address is that of an MLflow server';
  if (status === 401 || status === 403) {
    return '; set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN';
  }
  return status >= 300 && status < 400 ? '; give the address that it redirects to' : '';
}

/** Milliseconds from now, given in seconds or as a date; at most five minutes. */
export function readRetryAfter(header: string | undefined, now: number = Date.now()): number | undefined {
  if (header === undefined) return undefined;
  const wait = /^\d+$/.test(header.trim()) ? Number(header) * 1000 : Date.parse(header) - now;
  return Number.isNaN(wait) ? undefined : Math.min(Math.max(wait, 0), 300_000);
}
