// The requests to the Hugging Face Hub that a download needs: `@huggingface/hub` with our settings, and its errors as
// sentences.

import { createRequire } from 'node:module';
import { type Environment, variable } from '../../base/environment.js';
import { FailureError, UsageError } from '../../base/errors.js';
import { onAbort } from '../../base/on-abort.js';
import { COMMIT } from './hub-cache.js';
import { type HubName, hubNameText } from './hub-name.js';

/** A file of a repository. */
export interface HubFile {
  readonly path: string;
  readonly size: number;
  /** Hash of its content: SHA-256 for large files (`lfs`), Git's blob hash for others. */
  readonly etag: string;
  readonly isLfs: boolean;
}

/** The server, the account and the limits of requests. */
export interface HubSettings {
  /** The hub's address: `HF_ENDPOINT`, else https://huggingface.co. */
  readonly endpoint: string;
  readonly token?: string;
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds without a byte after which a connection counts as lost. */
  readonly patience?: number;
}

/** A repository at a commit, and how it is requested. */
export interface HubSource {
  readonly name: HubName;
  readonly commit: string;
  readonly settings: HubSettings;
}

/** The parts of `@huggingface/hub` in use. It is loaded when first needed. */
interface Hub {
  modelInfo(
    params: Common & { name: string; revision: string; additionalFields: ['sha'] },
  ): Promise<{ sha?: string; gated?: unknown }>;
  listFiles(params: Common & { repo: string; revision: string; recursive: true }): AsyncGenerator<ListedFile>;
}

interface Common {
  hubUrl: string;
  accessToken?: string;
  fetch: typeof fetch;
}

interface ListedFile {
  type: string;
  path: string;
  size: number;
  oid?: string;
  lfs?: { oid: string; size: number };
}

/** Most entries of a listing: far more than any model has, so that a server cannot continue for ever. */
const MOST_FILES = 20_000;
const DEFAULT_PATIENCE = 60_000;

/** Settings from the environment. @throws UsageError when HF_ENDPOINT or HF_TOKEN is malformed */
export function hubSettings(env?: Environment): HubSettings {
  const endpoint = (variable('HF_ENDPOINT', env) ?? 'https://huggingface.co').replace(/\/+$/, '');
  if (!/^https?:\/\//.test(endpoint) || !URL.canParse(endpoint)) {
    throw new UsageError(`HF_ENDPOINT is '${endpoint}'; expected an address such as https://huggingface.co`);
  }
  const token = variable('HF_TOKEN', env)?.trim() || undefined;
  if (token !== undefined && !/^hf_[\w-]+$/.test(token)) {
    throw new UsageError(
      'HF_TOKEN is no access token of the Hugging Face Hub: those begin with hf_; set it, or unset it',
    );
  }
  return { endpoint, ...(token !== undefined && { token }) };
}

/** The current commit of a name's revision. */
export async function resolveCommit(name: HubName, settings: HubSettings): Promise<string> {
  const { repo, revision = 'main' } = name;
  const sha = await asked(name, settings, async () => {
    const info = await hub().modelInfo({ ...common(settings), name: repo, revision, additionalFields: ['sha'] });
    return info.sha;
  });
  if (sha !== undefined && COMMIT.test(sha)) return sha;
  throw new FailureError(`${settings.endpoint} answered without a commit for ${hubNameText(name)}; is it a model hub?`);
}

/** All files of a repository at a commit. */
export async function listHubFiles({ name, commit, settings }: HubSource): Promise<HubFile[]> {
  return asked(name, settings, async () => {
    const files: HubFile[] = [];
    const listing = hub().listFiles({ ...common(settings), repo: name.repo, revision: commit, recursive: true });
    for await (const { type, path, size, oid, lfs } of listing) {
      const etag = lfs?.oid ?? oid;
      if (type !== 'file' || !etag || !/^[0-9a-f]{40}([0-9a-f]{24})?$/.test(etag)) continue;
      files.push({ path, size: lfs?.size ?? size, etag, isLfs: lfs !== undefined });
      if (files.length > MOST_FILES) throw new FailureError(`${name.repo} lists more than ${MOST_FILES} files`);
    }
    return files;
  });
}

/** The bytes of a file from `offset` to its end. */
export async function* readHubFile(
  { name, commit, settings }: HubSource,
  file: HubFile,
  offset: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  const { endpoint, token, signal, patience = DEFAULT_PATIENCE } = settings;
  const place = file.path.split('/').map(encodeURIComponent).join('/');
  const url = `${endpoint}/${name.repo}/resolve/${commit}/${place}`;
  // `@huggingface/hub` returns a file as a Blob, whose stream does not report a broken connection: so the request is made
  // here.
  const headers = {
    ...(token !== undefined && { authorization: `Bearer ${token}` }),
    ...(offset > 0 && { range: `bytes=${offset}-` }),
  };
  const response = await asked(name, settings, () => common(settings).fetch(url, { headers }));
  if (!response.ok || !response.body) throw hubError(name, settings, { statusCode: response.status });
  const reader = response.body.getReader();
  try {
    for (;;) {
      signal?.throwIfAborted();
      const { done, value } = await asked(name, settings, () => within(reader.read(), patience, signal));
      if (done) return;
      yield value;
    }
  } finally {
    void reader.cancel().catch(() => {});
  }
}

let client: Hub | undefined;

function hub(): Hub {
  client ??= createRequire(import.meta.url)('@huggingface/hub') as Hub;
  return client;
}

function common({ endpoint, token, signal, patience = DEFAULT_PATIENCE }: HubSettings): Common {
  const { origin } = new URL(endpoint);
  return {
    hubUrl: endpoint,
    ...(token !== undefined && { accessToken: token }),
    async fetch(input, init) {
      const url = new URL(input instanceof Request ? input.url : input);
      const headers = new Headers(init?.headers);
      // A listing gives the address of its next page, which may be on another server: that must not get the token.
      if (url.origin !== origin) headers.delete('authorization');
      const calling = new AbortController();
      onAbort(signal, () => calling.abort(signal?.reason));
      try {
        return await within(fetch(url, { ...init, headers, signal: calling.signal }), patience, signal);
      } catch (error) {
        calling.abort();
        throw error instanceof LostConnection ? error : lostConnection(error);
      }
    },
  };
}

/** Settles as `promise` does, and rejects when that takes too long or the signal aborts. */
async function within<T>(promise: Promise<T>, patience: number, signal: AbortSignal | undefined): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  let forget: (() => void) | undefined;
  const end = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new LostConnection(`nothing came for ${patience / 1000} s`)), patience);
    forget = onAbort(signal, () => reject(signal?.reason));
  });
  try {
    return await Promise.race([promise, end]);
  } finally {
    clearTimeout(timer);
    forget?.();
  }
}

/** Codes of failures before a connection is open. */
const OFFLINE: ReadonlySet<string> = new Set(['ENOTFOUND', 'ECONNREFUSED', 'EAI_AGAIN', 'ENETUNREACH']);

/** The connection broke or could not be opened. What was fetched is kept, and a repeat continues there. */
export class LostConnection extends Error {
  /** Whether the server could not be reached at all. */
  readonly isOffline: boolean;

  /** @param code the system's code of the failure, such as ECONNRESET */
  constructor(message: string, code?: string) {
    super(message);
    this.isOffline = code !== undefined && OFFLINE.has(code);
  }
}

function lostConnection(error: unknown): LostConnection {
  const { cause, message } = error as Partial<HubFailure>;
  return new LostConnection(cause?.code ?? message ?? String(error), cause?.code);
}

interface HubFailure {
  statusCode: number;
  message: string;
  cause: { code?: string };
}

/** Makes a request, and turns its error into a sentence. */
async function asked<T>(name: HubName, settings: HubSettings, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (settings.signal?.aborted) throw settings.signal.reason;
    throw hubError(name, settings, error);
  }
}

function hubError(name: HubName, { endpoint, token }: HubSettings, error: unknown): unknown {
  if (error instanceof FailureError || error instanceof UsageError || error instanceof LostConnection) return error;
  const wanted = hubNameText(name);
  const page = `${endpoint}/${name.repo}`;
  const { statusCode: status = 0 } = error as Partial<HubFailure>;
  switch (status) {
    case 401:
      return new UsageError(
        token === undefined
          ? `${wanted}: there is no such model on ${endpoint}, or it asks who you are; check the name, or set HF_TOKEN to an access token`
          : `${wanted}: ${endpoint} does not accept the token in HF_TOKEN; make a new one, or unset it for public models`,
      );
    case 403:
      return new UsageError(
        `${wanted}: access is not granted; accept the model's terms at ${page}, and set HF_TOKEN to a token of that account`,
      );
    case 404:
      return new UsageError(`${wanted}: there is no such model or revision on ${endpoint}; check the name`);
    case 429:
      return new FailureError(`${endpoint} asks for a pause (too many requests); wait some minutes and run it again`);
  }
  if (status >= 400)
    return new FailureError(`${endpoint} answered with an error (${status}); run the command again later`);
  if (error instanceof SyntaxError) return new FailureError(`${endpoint} does not answer as a model hub does`);
  return lostConnection(error);
}
