// The folder of a comparison: its name, its stored settings, and whether it can be continued.

import { existsSync } from 'node:fs';
import { rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { removeLeftovers } from '../base/atomic-file.js';
import { makeFolder } from '../base/atomic-folder.js';
import { DamageError, UsageError } from '../base/errors.js';
import { lockFolder } from '../base/folder-lock.js';
import { namesIn, refuseOtherFiles } from '../base/results-folder.js';
import { damageOf, type FileHashes, hashFiles, readSealedJson, writeSealedJson } from '../base/sealed-json.js';
import { assertSameSettings, type Settings } from '../base/settings.js';
import { hasRendered } from './rendered-video.js';

/** The folder of the results, and whether to continue the comparison in it. */
export interface FolderOptions {
  /** The folder to write into; that of the run's artifacts by default. */
  out?: string;
  /** Continue an interrupted comparison with the same settings, if there is one. */
  resume?: boolean;
}

/** An open comparison folder; `work` has the unfinished work until the comparison is finished. */
export interface ComparisonFolder {
  readonly out: string;
  readonly work: string;
  /** The stored result if a resumed comparison is already finished. */
  readonly finished: object | null;
  /** Finishes the comparison: stores the result with the hashes of all files and removes the unfinished work. */
  finish(result: object): Promise<void>;
  /** Releases the folder's lock; removes the folder if there is nothing to keep. */
  close(): Promise<void>;
}

const RESULT = 'result.json';
const WORK = '.partial';
const SETTINGS = 'settings.json';

/** Whether a folder has a comparison that can be continued. */
export function hasUnfinishedWork(folder: string): boolean {
  return existsSync(join(folder, WORK));
}

/**
 * Creates the folder, or opens an existing one to continue.
 *
 * A finished comparison with a damaged or missing file is rendered again.
 *
 * @param onWarning called with a message about damaged files
 * @throws UsageError when the folder has other contents, other settings, or a comparison and `resume` is not set, or when
 *   another process writes into it; FailureError when the stored settings are damaged
 */
export async function openComparisonFolder(
  folder: string,
  settings: Settings,
  resume: boolean,
  onWarning?: (message: string) => void,
): Promise<ComparisonFolder> {
  await checkComparisonFolder(folder, resume);
  const work = join(folder, WORK);
  const result = join(folder, RESULT);
  await makeFolder(work);
  const unlock = await lockFolder(work, folder);
  const opened = async (): Promise<ComparisonFolder> => {
    const finished = await readFinished(folder, settings, onWarning);
    if (finished === null) {
      const asked = join(work, SETTINGS);
      if (existsSync(asked)) {
        const { value } = await readSealedJson<{ settings?: Settings }>(asked);
        assertSameSettings(folder, value.settings ?? {}, settings);
      } else await writeSealedJson(asked, { settings });
    }
    await removeLeftovers(folder);
    return {
      out: folder,
      work,
      finished,
      async finish(value) {
        await writeSealedJson(result, { ...value, files: await hashFiles(folder, [RESULT]) });
        await rm(work, { recursive: true, force: true });
      },
      async close() {
        const keep = await hasRendered(work);
        await unlock();
        const done = existsSync(result);
        if (done || !keep) await rm(work, { recursive: true, force: true });
        if (!done && !keep) await rmdir(folder).catch(() => {});
      },
    };
  };
  return opened().catch(async (error) => {
    await unlock();
    await rmdir(work).catch(() => {}); // only if it is empty
    throw error;
  });
}

/** The stored result of a finished comparison; null if there is none, or if it must be rendered again. */
async function readFinished(
  folder: string,
  settings: Settings,
  onWarning?: (message: string) => void,
): Promise<object | null> {
  const path = join(folder, RESULT);
  if (!existsSync(path)) return null;
  const damage: string[] = [];
  try {
    const { value } = await readSealedJson<{ settings?: Settings; files?: FileHashes }>(path);
    const { files, ...result } = value;
    assertSameSettings(folder, value.settings ?? {}, settings);
    damage.push(...(await damageOf(folder, files)));
    if (damage.length === 0) return result;
  } catch (error) {
    if (!(error instanceof DamageError)) throw error;
    damage.push(error.message);
  }
  onWarning?.(`${damage.join('; ')}: the comparison is made again`);
  await rm(path); // the comparison counts as finished as long as this file exists
  return null;
}

/**
 * Checks that results can be written into a folder, without changing it.
 *
 * @throws UsageError when it is a file, or has other contents, or a comparison and `resume` is not set
 */
export async function checkComparisonFolder(folder: string, resume: boolean): Promise<void> {
  const present = await namesIn(folder);
  const holdsComparison = present.includes(RESULT) || existsSync(join(folder, WORK, SETTINGS));
  if (holdsComparison && !resume) {
    throw new UsageError(`${folder}: holds a comparison already; resume it, or choose another folder`);
  }
  if (!holdsComparison) refuseOtherFiles(folder, present);
}
