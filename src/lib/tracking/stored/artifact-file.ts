// The file of an artifact, for copying and sending. A record of artifacts.jsonl may be forged: paths are accepted within the
// run's folder, elsewhere only in folders that run.json lists, and only while the file is the recorded one.

import { realpath, stat } from 'node:fs/promises';
import { dirname, relative, resolve, sep } from 'node:path';
import { sha256File } from '../../base/hash.js';
import { notAFile } from '../../base/regular-file.js';
import { type Artifact, artifactPath, leadsOut } from './artifact-records.js';
import type { RunRecord } from './run-record.js';

/** The parts of a run that its files depend on. */
export interface ArtifactOwner extends Pick<RunRecord, 'tags' | 'outside'> {
  /** Absolute path of the run's folder. */
  readonly folder: string;
}

/** A file that may be copied, or the problem: it is not the recorded one, or its path is not allowed. */
export type ArtifactFile =
  | { readonly path: string; readonly bytes: number }
  | { readonly path: string; readonly problem: string; readonly state: 'gone' | 'changed' | 'refused' };

/** The problem of a missing file. */
export const GONE = 'was deleted or moved';

/**
 * Finds the file of an artifact.
 *
 * @param hashFile hashes a file; `sha256File` by default
 * @returns its real path, without links; or the recorded path with the problem
 */
export async function artifactFile(
  run: ArtifactOwner,
  artifact: Artifact,
  hashFile = sha256File,
): Promise<ArtifactFile> {
  const recorded = artifactPath(run.folder, artifact);
  const about = await stat(recorded).catch(() => undefined);
  const path = about && (await realpath(recorded).catch(() => undefined));
  if (about === undefined || path === undefined) return { path: recorded, problem: GONE, state: 'gone' };
  const refused = (problem: string): ArtifactFile => ({ path: recorded, problem, state: 'refused' });
  if (!about.isFile()) return refused(notAFile(about) ?? 'is no file');
  const folder = await realpath(run.folder).catch(() => run.folder);
  const inside = relative(folder, path);
  if (!leadsOut(inside)) {
    return isHidden(inside) ? refused('is hidden') : { path, bytes: about.size };
  }
  // Beside the run below the root, as runs of several parts do; or in a folder that the record lists.
  const root = resolve(folder, '../..');
  const places = await Promise.all(
    [run.tags.out, ...(run.outside ?? [])].map((place) => place && realpath(place).catch(() => undefined)),
  );
  const isKnown =
    isShownBelow(root, path) || places.some((place) => place && place !== dirname(place) && isShownBelow(place, path));
  if (!isKnown) return refused('lies where this run has not written');
  const hash = about.size === artifact.bytes ? await hashFile(path).catch(() => undefined) : '';
  if (hash === undefined) return refused('cannot be read');
  if (hash === artifact.sha256) return { path, bytes: about.size };
  return { path: recorded, problem: 'has changed since it was recorded', state: 'changed' };
}

function isShownBelow(folder: string, path: string): boolean {
  const inside = relative(folder, path);
  return !leadsOut(inside) && !isHidden(inside);
}

function isHidden(path: string): boolean {
  return path.split(sep).some((part) => part.startsWith('.'));
}
