// The names of this machine, which its servers accept. This excludes names that other sites point here (DNS rebinding).

import { hostname, networkInterfaces } from 'node:os';

const LOOPBACK: readonly string[] = ['127.0.0.1', 'localhost', '::1'];
const ANY: readonly string[] = ['0.0.0.0', '::'];

/** Whether a host is a loopback address, reached from this machine only. */
export function isLoopback(host: string): boolean {
  return LOOPBACK.includes(bare(host)) || /^127\.\d+\.\d+\.\d+$/.test(host);
}

/** Whether a host stands for every network interface of the machine. */
export function isAny(host: string): boolean {
  return ANY.includes(bare(host));
}

/**
 * Whether the text of a Host header names a server.
 *
 * @param host the address it listens on. A loopback address accepts loopback names, `0.0.0.0` also the machine's name and
 * addresses, any other address itself and the machine's name.
 */
export function isOwnName(asked: string, host: string): boolean {
  const [, name] = /^(\[[0-9a-f:.]+\]|[^:[\]]+)(?::\d+)?$/i.exec(asked) ?? [];
  if (name === undefined) return false;
  const wanted = bare(name);
  if (LOOPBACK.includes(wanted) || wanted === bare(host)) return true;
  if (isLoopback(host)) return false;
  return (
    wanted === hostname().toLowerCase() || (isAny(host) && interfaces().some(({ address }) => bare(address) === wanted))
  );
}

/** The name by which other machines reach this one: a network address, else the host name. */
export function outsideName(): string {
  const outside = interfaces().filter(({ internal, address }) => !internal && !/^(169\.254\.|fe80:)/i.test(address));
  return (outside.find(({ family }) => family === 'IPv4') ?? outside[0])?.address ?? hostname();
}

/** The machine's addresses. Not cached: they change with the network. */
function interfaces() {
  return Object.values(networkInterfaces()).flatMap((each) => each ?? []);
}

/** A normalised name, without brackets and zone. */
function bare(name: string): string {
  const plain = name
    .toLowerCase()
    .replace(/^\[|\]$/g, '')
    .replace(/%.*$/, '');
  if (!plain.includes(':')) return plain;
  try {
    return new URL(`http://[${plain}]`).hostname.slice(1, -1);
  } catch {
    return plain;
  }
}
