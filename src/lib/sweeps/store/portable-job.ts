// Jobs as they travel: without paths of one machine. Folders of results become keys of the store, files that settings name
// become inputs, which are known by their contents.

import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { sha256Json } from '../../base/hash.js';
import type { PointSettings } from '../file/point-settings.js';
import { mapPaths } from '../file/setting-paths.js';
import type { Job } from '../jobs/job.js';
import type { HashedFile } from '../points/content-hash.js';
import { pathOf } from './store.js';

/** A file of an input, by its path from the folder that holds the input. */
export interface InputFile {
  readonly path: string;
  readonly sha256: string;
  readonly size: number;
}

/** Inputs by their hashes: a file with what belongs to it, or the files of a folder. */
export type Inputs = Readonly<Record<string, readonly InputFile[]>>;

/** Jobs with the inputs that they read. */
export interface Packed {
  readonly jobs: readonly Job[];
  readonly inputs: Inputs;
}

/** Before the hash and name of an input, in place of a path. */
const INPUT = 'input:';

/**
 * Jobs without paths.
 *
 * @param out the sweep's folder
 * @param files all files that decide the results
 * @returns also where each content is found on this machine
 */
export function packJobs(
  out: string,
  jobs: readonly Job[],
  files: readonly HashedFile[],
): Packed & { readonly places: ReadonlyMap<string, HashedFile> } {
  const inputs: Record<string, readonly InputFile[]> = {};
  const places = new Map<string, HashedFile>();
  const packed = new Map<string, string>();
  const pack = (path: string): string => {
    const known = packed.get(path);
    if (known !== undefined) return known;
    const found = filesOf(path, files);
    const above = dirname(resolve(path));
    const entries = found.map(({ path: file, sha256, size }) => ({
      path: slashed(relative(above, file)),
      sha256,
      size,
    }));
    for (const file of found) places.set(file.sha256, file);
    const hash = sha256Json(entries);
    // What nothing is read of is looked up where the job is done.
    const name = entries.length === 0 ? path : `${INPUT}${hash}/${basename(path)}`;
    if (entries.length > 0) inputs[hash] = entries;
    packed.set(path, name);
    return name;
  };
  const key = (folder: string): string => slashed(relative(out, folder));
  return {
    jobs: jobs.map((job) => withPlaces(job, key, pack)),
    inputs,
    places,
  };
}

/** A job on this machine: its folders below `out`, its inputs where `place` says. */
export function unpackJob(job: Job, out: string, place: (hash: string) => string): Job {
  return withPlaces(
    job,
    (key) => pathOf(out, key),
    (name) => {
      if (!name.startsWith(INPUT)) return name;
      const [hash, ...rest] = name.slice(INPUT.length).split('/');
      return pathOf(place(hash), rest.join('/'));
    },
  );
}

/** The hashes of the inputs that a packed job reads. */
export function inputsOf({ settings }: Job): string[] {
  const hashes = new Set<string>();
  replaced(settings, (name) => {
    if (name.startsWith(INPUT)) hashes.add(name.slice(INPUT.length).split('/')[0]);
    return name;
  });
  return [...hashes];
}

function withPlaces(job: Job, folder: (path: string) => string, input: (path: string) => string): Job {
  const settings = replaced(job.settings, input);
  if (job.kind === 'source') return { ...job, settings, folder: folder(job.folder) };
  if (job.kind === 'training') return { ...job, settings, folder: folder(job.folder), stage: folder(job.stage) };
  const stage = job.stage === undefined ? {} : { stage: folder(job.stage) };
  return { ...job, settings, folder: folder(job.folder), source: folder(job.source), ...stage };
}

function replaced(settings: PointSettings, map: (path: string) => string): PointSettings {
  const entries = Object.entries(settings).map(([name, value]) => [name, mapPaths(name, value, map)]);
  return Object.fromEntries(entries) as PointSettings;
}

/** The hashed files at or below a path, and what an adapter's file has beside it. */
function filesOf(path: string, files: readonly HashedFile[]): HashedFile[] {
  const whole = resolve(path);
  const beside = join(dirname(whole), 'adapter_config.json');
  return files
    .filter(({ path: file }) => file === whole || file.startsWith(whole + sep) || file === beside)
    .sort((a, b) => (a.path < b.path ? -1 : 1));
}

function slashed(path: string): string {
  return path.split(sep).join('/');
}
