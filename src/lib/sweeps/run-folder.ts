// Where results go when nobody says: folders under `runs/`, named after what was done and to what.

import { existsSync } from 'node:fs';
import { basename, extname, resolve } from 'node:path';

/** The name of a video's file without folder and extension, fit for a folder's name. */
export function shotName(video: string): string {
  return basename(video, extname(video)).replace(/[^\w.-]+/g, '-') || 'video';
}

/**
 * The folder `runs/KIND/NAME` (`STEADYFRAME_RUNS` in place of `runs`), or NAME-2, NAME-3, ... where that exists.
 *
 * @param reuse gives the last one that exists, if any
 */
export function runFolder(kind: string, name: string, { reuse = false }: { reuse?: boolean } = {}): string {
  const root = process.env.STEADYFRAME_RUNS || 'runs';
  let latest: string | undefined;
  for (let n = 1; ; n++) {
    const folder = resolve(root, kind, n === 1 ? name : `${name}-${n}`);
    if (!existsSync(folder)) return reuse ? (latest ?? folder) : folder;
    latest = folder;
  }
}
