// The folder that a comparison writes into: its name, what it was asked for, and whether it may be continued.

import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, stat } from 'node:fs/promises';
import { basename, extname, join, resolve } from 'node:path';
import { removeLeftovers, writeError, writeFileAtomic } from '../base/atomic-file.js';
import { UsageError } from '../base/errors.js';
import { canonicalJson, sha256File, sha256Json } from '../base/hash.js';

/** Everything that decides what a comparison renders; equal settings render equal bits. */
export type Settings = Readonly<Record<string, unknown>>;

/** Where results go, and whether to continue what is there. */
export interface FolderOptions {
  /** The folder to write into; one under `runs/` (or `STEADYFRAME_RUNS`) by default. */
  out?: string;
  /** Continue an interrupted comparison with the same settings. */
  resume?: boolean;
}

/** An open comparison folder; unfinished work lies in `work` until all is done. */
export interface ComparisonFolder {
  readonly out: string;
  readonly work: string;
  /** The result, where a resumed comparison turns out to be finished. */
  readonly finished: string | null;
}

const RESULT = 'result.json';
const WORK = '.partial';
const SETTINGS = 'settings.json';

/**
 * Creates the folder, or opens it again to continue.
 *
 * @throws UsageError when the folder holds something else, other settings, or a comparison that was not asked to be continued
 */
export async function openComparisonFolder(
  kind: string,
  video: string,
  settings: Settings,
  { out, resume = false }: FolderOptions,
): Promise<ComparisonFolder> {
  const folder = out === undefined ? defaultFolder(kind, video, settings, resume) : resolve(out);
  const work = join(folder, WORK);
  const present = await namesIn(folder);
  const resultPath = join(folder, RESULT);
  const known = [join(work, SETTINGS), resultPath].find((path) => existsSync(path));
  if (known !== undefined) {
    if (!resume) {
      throw new UsageError(
        `${folder}: holds a comparison already; pass resume to continue it, or choose another folder`,
      );
    }
    refuseOtherSettings(folder, settings, JSON.parse(await readFile(known, 'utf8')));
    await removeLeftovers(folder);
    return { out: folder, work, finished: known === resultPath ? resultPath : null };
  }
  const foreign = present.filter((name) => name !== WORK);
  if (foreign.length > 0) {
    throw new UsageError(
      `${folder}: holds other files (${foreign.slice(0, 3).join(', ')}); choose an empty or new folder`,
    );
  }
  try {
    await mkdir(work, { recursive: true });
  } catch (error) {
    throw writeError(work, error);
  }
  await writeFileAtomic(join(work, SETTINGS), `${JSON.stringify({ settings }, null, 1)}\n`);
  return { out: folder, work, finished: null };
}

/** A name that says what was rendered and changes with the settings, so that resuming finds it again. */
function defaultFolder(kind: string, video: string, settings: Settings, resume: boolean): string {
  const root = process.env.STEADYFRAME_RUNS || 'runs';
  const shot = basename(video, extname(video)).replace(/[^\w.-]+/g, '-') || 'video';
  const name = `${shot}-${sha256Json(settings).slice(0, 8)}`;
  for (let n = 1; ; n++) {
    const folder = resolve(root, kind, n === 1 ? name : `${name}-${n}`);
    if (!existsSync(folder)) return resume && n > 1 ? resolve(root, kind, n === 2 ? name : `${name}-${n - 1}`) : folder;
  }
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return [];
    if (code === 'ENOTDIR') throw new UsageError(`${folder}: is a file; name a folder to write results into`);
    throw writeError(folder, error);
  }
}

function refuseOtherSettings(folder: string, wanted: Settings, stored: { settings?: Settings }): void {
  const before = stored.settings ?? {};
  const keys = [...new Set([...Object.keys(before), ...Object.keys(wanted)])].sort();
  const text = (value: unknown): string => (value === undefined ? 'nothing' : canonicalJson(value));
  const differences = keys
    .filter((key) => text(before[key]) !== text(wanted[key]))
    .map((key) => `${key}: ${text(before[key])} before, ${text(wanted[key])} now`);
  if (differences.length > 0) {
    throw new UsageError(
      `${folder}: cannot be continued with other settings (${differences.join('; ')}); use the same ones, or another folder`,
    );
  }
}

/** A hash of a video's bytes: of the file, or of all files of a folder of pictures. */
export async function hashVideo(path: string): Promise<string> {
  if (!(await stat(path)).isDirectory()) return sha256File(path);
  const names = (await readdir(path)).sort();
  return sha256Json(await Promise.all(names.map(async (name) => [name, await sha256File(join(path, name))])));
}
