// The filters and decoders of an ffmpeg build. Queried once per program, and only when an uncommon one is needed.

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Ffmpeg } from './find-ffmpeg.js';

const run = promisify(execFile);
const listings = new Map<string, Promise<ReadonlySet<string>>>();

/** Whether an ffmpeg has all of these filters or decoders. */
export async function ffmpegHas(
  { path }: Pick<Ffmpeg, 'path'>,
  kind: 'filters' | 'decoders',
  names: readonly string[],
): Promise<boolean> {
  const key = `${kind} ${path}`;
  const listing = listings.get(key) ?? list(path, kind);
  listings.set(key, listing);
  const there = await listing;
  return names.every((name) => there.has(name));
}

async function list(path: string, kind: string): Promise<ReadonlySet<string>> {
  const { stdout } = await run(path, ['-hide_banner', `-${kind}`], { maxBuffer: 1 << 22 }).catch(() => ({
    stdout: '',
  }));
  return new Set([...stdout.matchAll(/^ [A-Z.]{3,6} +(\S+) /gm)].map(([, name]) => name));
}
