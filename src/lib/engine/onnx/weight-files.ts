// Passes weights to ONNX Runtime: mapped through a hard link in our cache if one can be created, as bytes otherwise.

import { randomUUID } from 'node:crypto';
import { link, mkdir, readdir, realpath, rm, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { variable } from '../../base/environment.js';
import { FailureError } from '../../base/errors.js';
import { readTensor, type TensorEntry } from '../../tensor/safetensors.js';
import type { WeightAccess } from '../program.js';
import type { WeightPlace } from './lower.js';

/** External files for one session; `folder` has the links and may be removed once the session exists. */
export interface WeightFiles {
  readonly folder: string | null;
  readonly access: WeightAccess;
  readonly places: ReadonlyMap<string, WeightPlace>;
  readonly externalData: readonly { path: string; data: Uint8Array }[];
  release(): Promise<void>;
}

/** Bytes of one in-memory file, about: Node's Buffers are limited to 4 GiB, and ONNX Runtime copies each. */
const COPY_CHUNK_BYTES = 2 ** 29;
const STALE_MILLISECONDS = 3_600_000;

/** The folder for hard links and other temporary files: `STEADYFRAME_CACHE`, else the system's cache. */
export function cacheFolder(): string {
  return variable('STEADYFRAME_CACHE') ?? join(variable('XDG_CACHE_HOME') ?? join(homedir(), '.cache'), 'steadyframe');
}

/**
 * The place of each weight for ONNX Runtime, which maps only files in the model's own folder and refuses symbolic links.
 *
 * A hard link in the cache puts the safetensors file there without changing the user's folder. On another file system, or
 * for another owner's file, the bytes of the needed weights are read instead.
 */
export async function placeWeights(entries: ReadonlyMap<string, TensorEntry>): Promise<WeightFiles> {
  if (entries.size === 0)
    return { folder: null, access: { mapped: true }, places: new Map(), externalData: [], release };
  const files = [...new Set([...entries.values()].map((entry) => entry.file))];
  const folder = join(cacheFolder(), 'links', randomUUID());
  const reason = await linkAll(files, folder);
  if (reason !== null) {
    await removeFolder(folder);
    return { folder: null, access: { mapped: false, reason }, ...(await copyWeights(entries)), release };
  }
  const places = new Map<string, WeightPlace>();
  for (const [name, entry] of entries) {
    const location = linkName(files.indexOf(entry.file));
    const { dtype, offset, length } = floatEntry(name, entry);
    places.set(name, { kind: 'external', dtype, location, offset, length });
  }
  return { folder, access: { mapped: true }, places, externalData: [], release: () => removeFolder(folder) };
}

/** Whether a weights file can be mapped from our cache, or the reason why not. */
export async function weightAccess(file: string): Promise<WeightAccess> {
  const folder = join(cacheFolder(), 'links', randomUUID());
  const reason = await linkAll([file], folder);
  await removeFolder(folder);
  return reason === null ? { mapped: true } : { mapped: false, reason };
}

async function release(): Promise<void> {}

/** Removes a folder if it exists; failures are ignored. */
async function removeFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true }).catch(() => {});
}

const linkName = (index: number): string => `weights-${index}.safetensors`;

async function linkAll(files: readonly string[], folder: string): Promise<string | null> {
  try {
    await mkdir(folder, { recursive: true });
    await removeStaleLinks(dirname(folder));
    // A hard link to a symbolic link is a symbolic link too, and model caches consist of those.
    for (const [index, file] of files.entries()) await link(await realpath(file), join(folder, linkName(index)));
    return null;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EXDEV')
      return 'the file lies on another file system than the cache; set STEADYFRAME_CACHE to a folder beside it';
    if (code === 'ENOSPC')
      throw new FailureError(
        `no space left for the cache folder ${cacheFolder()}; free some, or set STEADYFRAME_CACHE`,
      );
    return `no hard link can be made in ${cacheFolder()} (${code ?? String(error)})`;
  }
}

/** Links are needed for seconds. Older ones are of killed processes and would keep the space of deleted files. */
async function removeStaleLinks(parent: string): Promise<void> {
  for (const name of await readdir(parent)) {
    const folder = join(parent, name);
    const about = await stat(folder).catch(() => null);
    if (about && Date.now() - about.mtimeMs > STALE_MILLISECONDS) await rm(folder, { recursive: true, force: true });
  }
}

async function copyWeights(
  entries: ReadonlyMap<string, TensorEntry>,
): Promise<Pick<WeightFiles, 'places' | 'externalData'>> {
  const places = new Map<string, WeightPlace>();
  const externalData: { path: string; data: Uint8Array }[] = [];
  let group: [string, TensorEntry][] = [];
  let bytes = 0;
  const flush = async (): Promise<void> => {
    const location = `bytes-${externalData.length}`;
    const data = new Uint8Array(bytes);
    let offset = 0;
    for (const [name, entry] of group) {
      const { data: values } = await readTensor(entry);
      data.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), offset);
      places.set(name, {
        kind: 'external',
        dtype: floatEntry(name, entry).dtype,
        location,
        offset,
        length: entry.length,
      });
      offset += align(entry.length);
    }
    externalData.push({ path: location, data });
    group = [];
    bytes = 0;
  };
  for (const [name, entry] of entries) {
    if (bytes > 0 && bytes + entry.length > COPY_CHUNK_BYTES) await flush();
    group.push([name, entry]);
    bytes += align(entry.length);
  }
  await flush();
  return { places, externalData };
}

const align = (length: number): number => Math.ceil(length / 64) * 64;

function floatEntry(name: string, entry: TensorEntry): TensorEntry & { dtype: 'float32' | 'float16' | 'bfloat16' } {
  const { dtype } = entry;
  if (dtype === 'float32' || dtype === 'float16' || dtype === 'bfloat16') return { ...entry, dtype };
  throw new FailureError(
    `${entry.file}: tensor '${name}' holds ${dtype}, but weights must be float32, float16 or bfloat16; convert the file`,
  );
}
