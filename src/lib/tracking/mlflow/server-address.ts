// The address of an MLflow server and its credentials. Credentials come from MLflow's environment variables or from the
// address, stay in memory, and appear in no message and no file.

import { readFileSync } from 'node:fs';
import { type Environment, variable } from '../../base/environment.js';
import { UsageError } from '../../base/errors.js';

/** A tracking server. */
export interface ServerAddress {
  /** Without credentials and without a trailing slash: the form for messages and files. */
  readonly uri: string;
  readonly url: URL;
  /** The Authorization header; never printed. */
  readonly authorization?: string;
  /** A text from the server without credentials, however encoded, and without control characters. */
  readonly redact: (text: string) => string;
  /** Accept any certificate: MLFLOW_TRACKING_INSECURE_TLS. */
  readonly insecureTls: boolean;
  /** Certificates to trust: MLFLOW_TRACKING_SERVER_CERT_PATH. */
  readonly certificates?: string;
  /** Milliseconds after which an idle request fails: MLFLOW_HTTP_REQUEST_TIMEOUT (s). */
  readonly timeout: number;
}

/**
 * Reads the address of a tracking server.
 *
 * @throws UsageError when it is no http(s) address, or the file of certificates cannot be read
 */
export function serverAddress(text: string, env?: Environment): ServerAddress {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw new UsageError('the address of the MLflow server cannot be read; give one such as http://127.0.0.1:5000');
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new UsageError(
      `MLflow at ${url.protocol}...: only tracking servers are supported; start one with 'mlflow server' and give its http address`,
    );
  }
  const authorization = authorizationOf(url, env);
  const redact = redactor(secretsOf(url, authorization, env));
  const certificatePath = variable('MLFLOW_TRACKING_SERVER_CERT_PATH', env);
  url.username = '';
  url.password = '';
  url.search = '';
  url.hash = '';
  const seconds = Number(variable('MLFLOW_HTTP_REQUEST_TIMEOUT', env));
  return {
    uri: url.href.replace(/\/+$/, ''),
    url,
    ...(authorization !== undefined && { authorization }),
    redact,
    insecureTls: /^(true|1)$/i.test(variable('MLFLOW_TRACKING_INSECURE_TLS', env) ?? ''),
    ...(certificatePath && { certificates: readCertificates(certificatePath) }),
    timeout: seconds > 0 ? seconds * 1000 : 120_000,
  };
}

function authorizationOf(url: URL, env?: Environment): string | undefined {
  const name = variable('MLFLOW_TRACKING_USERNAME', env);
  const password = variable('MLFLOW_TRACKING_PASSWORD', env);
  const token = variable('MLFLOW_TRACKING_TOKEN', env);
  if (name && password) return basic(name, password);
  if (token) return `Bearer ${token}`;
  if (url.username) return basic(decoded(url.username), decoded(url.password));
  return undefined;
}

/** Shorter secrets occur in ordinary words. */
const SHORTEST_SECRET = 3;

/** All texts that would reveal a credential. */
function secretsOf(url: URL, authorization: string | undefined, env?: Environment): string[] {
  const password = variable('MLFLOW_TRACKING_PASSWORD', env) ?? '';
  const token = variable('MLFLOW_TRACKING_TOKEN', env) ?? '';
  const header = authorization?.replace(/^\w+ /, '') ?? '';
  const plain = [password, token, url.password, decoded(url.password), ...url.searchParams.values(), header];
  const all = plain.flatMap((text) => [
    text,
    encodeURIComponent(text),
    JSON.stringify(text).slice(1, -1),
    Buffer.from(text).toString('base64'),
    Buffer.from(text).toString('base64url'),
  ]);
  return [...new Set(all)].filter((text) => text.length >= SHORTEST_SECRET).sort((a, b) => b.length - a.length);
}

function redactor(secrets: readonly string[]): ServerAddress['redact'] {
  return (text) => secrets.reduce((left, secret) => left.replaceAll(secret, '***'), text).replace(/\p{Cc}+/gu, ' ');
}

/** A decoded part of an address; unchanged if it is not correctly encoded. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function basic(name: string, password: string): string {
  return `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`;
}

function readCertificates(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new UsageError(
      `MLFLOW_TRACKING_SERVER_CERT_PATH: ${path} cannot be read (${(error as NodeJS.ErrnoException).code})`,
    );
  }
}
