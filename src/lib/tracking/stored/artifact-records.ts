// The artifacts of a run: one line of artifacts.jsonl per file, with its hash. Files are in the run's artifacts/, or
// elsewhere. artifact-file.ts decides whether a path elsewhere is accepted.

import { readdir, stat } from 'node:fs/promises';
import { basename, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { FailureError, UsageError } from '../../base/errors.js';
import { sha256File } from '../../base/hash.js';
import { notAFile } from '../../base/regular-file.js';
import { assertKey } from '../log/names.js';
import { readJsonLines } from './json-lines.js';
import { RUN_FILES } from './run-record.js';

/**
 * A file of a run's results.
 *
 * @inline
 */
export interface Artifact {
  /** Its name in the run, with forward slashes: `grid.mp4`, `frames/0001.png`. */
  readonly name: string;
  /** Its path: relative to the run's folder if it is below the runs' root, else absolute. */
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
  /** Time of the record, in milliseconds since 1970. */
  readonly time: number;
  /** The series and the step of a picture in a series. */
  readonly image?: { readonly key: string; readonly step: number };
}

/**
 * Describes a file, or every file of a folder.
 *
 * @param folder the run's folder
 * @param path the file or folder; relative ones from the current folder
 * @param name its name in the run; by default its path within `artifacts/`, or its own name if it is elsewhere
 * @throws UsageError when it does not exist, is neither file nor folder or has an invalid name; FailureError when it cannot
 *   be read
 */
export async function describeArtifacts(folder: string, path: string, name?: string): Promise<Artifact[]> {
  const absolute = resolve(path);
  const about = await stat(absolute).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') throw new UsageError(`logArtifact: there is no file ${path}; write it first`);
    throw new FailureError(`logArtifact: ${path} cannot be read (${error.code})`, { cause: error });
  });
  const inside = relative(join(folder, RUN_FILES.artifacts), absolute);
  const isInside = !leadsOut(inside);
  const called = name ?? (isInside ? inside.split(sep).join('/') : basename(absolute));
  const problem = about.isDirectory() ? undefined : notAFile(about);
  if (problem !== undefined) throw new UsageError(`logArtifact: ${path} ${problem}`);
  if (!about.isDirectory()) return [await describe(folder, absolute, called, about)];
  const found: Artifact[] = [];
  for (const entry of (await readdir(absolute, { withFileTypes: true })).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    // Hidden files are being written, or belong to other programs.
    if (entry.name.startsWith('.')) continue;
    const below = called === '' ? entry.name : `${called}/${entry.name}`;
    const place = join(absolute, entry.name);
    if (entry.isDirectory()) found.push(...(await describeArtifacts(folder, place, below)));
    else if (entry.isFile()) found.push(await describe(folder, place, below, await stat(place)));
  }
  return found;
}

async function describe(folder: string, absolute: string, name: string, { size }: { size: number }): Promise<Artifact> {
  assertKey('artifact', name);
  const fromRun = relative(folder, absolute);
  // Two levels up is the runs' root: files below it move together with the run.
  const moves = !leadsOut(relative(resolve(folder, '../..'), absolute));
  const path = moves ? fromRun.split(sep).join('/') : absolute;
  return { name, path, bytes: size, sha256: await sha256File(absolute), time: Date.now() };
}

/** Whether a path that is relative to a folder leads out of it. */
export function leadsOut(path: string): boolean {
  return path === '..' || path.startsWith(`..${sep}`) || isAbsolute(path);
}

/** The content of artifacts.jsonl. */
export interface ArtifactRecords {
  /** The last record of each name. */
  readonly artifacts: readonly Artifact[];
  /** Invalid records, as sentences. */
  readonly refused: readonly string[];
}

/**
 * The artifacts of a run. A record whose name is no key is refused: pages, addresses and folders are made of names.
 *
 * @throws FailureError when the file cannot be read
 */
export async function readArtifactRecords(folder: string): Promise<ArtifactRecords> {
  const { values } = await readJsonLines(join(folder, RUN_FILES.artifactRecords));
  const byName = new Map<string, Artifact>();
  const refused = new Set<string>();
  for (const value of values) {
    const problem = recordProblem(value);
    if (problem === undefined) byName.set((value as Artifact).name, value as Artifact);
    else refused.add(problem);
  }
  return { artifacts: [...byName.values()], refused: [...refused] };
}

/** The artifacts of a run, the last record of each name, without invalid ones. */
export async function readArtifacts(folder: string): Promise<Artifact[]> {
  return [...(await readArtifactRecords(folder)).artifacts];
}

/** The reason why a line is no record of an artifact. */
function recordProblem(value: unknown): string | undefined {
  const { name, path, bytes, sha256, time, image } = (value ?? {}) as Partial<Record<keyof Artifact, unknown>>;
  const isRecord =
    typeof name === 'string' &&
    typeof path === 'string' &&
    typeof sha256 === 'string' &&
    Number.isSafeInteger(bytes) &&
    typeof time === 'number';
  if (!isRecord) return 'a line is no record of an artifact';
  if (path === '' || path.includes('\0')) return `the artifact '${name.slice(0, 80)}' has a path that cannot be`;
  try {
    assertKey('artifact', name);
    if (image === undefined) return undefined;
    const { key, step } = (image ?? {}) as { key?: unknown; step?: unknown };
    if (typeof key !== 'string' || !Number.isSafeInteger(step))
      return `the artifact '${name}' is of no series of pictures`;
    assertKey('series', key);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

/** The absolute path that an artifact's record names. */
export function artifactPath(folder: string, { path }: Pick<Artifact, 'path'>): string {
  return resolve(folder, path);
}
