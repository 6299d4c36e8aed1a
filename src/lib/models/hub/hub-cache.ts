// The folder of models of the Hugging Face Hub on this machine: the cache shared with the Python tools.
//
//   models--OWNER--NAME/refs/main             the commit of a branch or tag
//   models--OWNER--NAME/snapshots/COMMIT/...  the files by their names, as links to
//   models--OWNER--NAME/blobs/ETAG            their content

import { readdirSync, readFileSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { type Environment, variable } from '../../base/environment.js';
import type { HubName } from './hub-name.js';

/** A full commit, a revision that needs no look-up. */
export const COMMIT: RegExp = /^[0-9a-f]{40}$/;

/** The cache's folder: `HF_HUB_CACHE`, `HUGGINGFACE_HUB_CACHE`, `hub` in `HF_HOME`, else in the user's cache. */
export function hubCache(env?: Environment): string {
  const own = variable('HF_HUB_CACHE', env) ?? variable('HUGGINGFACE_HUB_CACHE', env);
  if (own) return expand(own);
  const home =
    variable('HF_HOME', env) ?? join(variable('XDG_CACHE_HOME', env) ?? join(homedir(), '.cache'), 'huggingface');
  return join(expand(home), 'hub');
}

const expand = (path: string): string => path.replace(/^~(?=$|[\\/])/, homedir());

/** The folder of a repository, which may not exist. */
export function repoFolder(repo: string, cache: string = hubCache()): string {
  return join(cache, `models--${repo.replaceAll('/', '--')}`);
}

/**
 * The folder with a model's files at its revision. The default is `main`, or the only snapshot if `main` was never fetched.
 *
 * @returns undefined if the cache does not have it
 */
export function findSnapshot({ repo, revision }: HubName, cache: string = hubCache()): string | undefined {
  const folder = repoFolder(repo, cache);
  const snapshots = join(folder, 'snapshots');
  const named = revision !== undefined && COMMIT.test(revision) ? revision : readRef(folder, revision ?? 'main');
  const commit = named ?? (revision === undefined ? onlyFolder(snapshots) : undefined);
  if (commit === undefined) return undefined;
  const found = join(snapshots, commit);
  return statSync(found, { throwIfNoEntry: false })?.isDirectory() ? found : undefined;
}

function readRef(folder: string, revision: string): string | undefined {
  try {
    const commit = readFileSync(join(folder, 'refs', revision), 'utf8').trim();
    return /^[\w.-]+$/.test(commit) && !/^\.+$/.test(commit) ? commit : undefined;
  } catch {
    return undefined; // never fetched by that name
  }
}

function onlyFolder(parent: string): string | undefined {
  try {
    const names = readdirSync(parent, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    return names.length === 1 ? names[0].name : undefined;
  } catch {
    return undefined;
  }
}
