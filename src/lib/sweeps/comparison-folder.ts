// The folder that a comparison writes into: its name, what it was asked for, and whether it may be continued.

import { existsSync } from 'node:fs';
import { readdir, readFile, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { removeLeftovers, writeError, writeFileAtomic } from '../base/atomic-file.js';
import { makeFolder } from '../base/atomic-folder.js';
import { UsageError } from '../base/errors.js';
import { lockFolder } from '../base/folder-lock.js';
import { assertSameSettings, type Settings } from '../base/settings.js';
import { hasRendered } from './render-cells.js';

/** Where results go, and whether to continue what is there. */
export interface FolderOptions {
  /** The folder to write into; that of the run's artifacts by default. */
  out?: string;
  /** Continue an interrupted comparison with the same settings, if there is one. */
  resume?: boolean;
}

/** An open comparison folder; unfinished work lies in `work` until all is done. */
export interface ComparisonFolder {
  readonly out: string;
  readonly work: string;
  /** The stored result, where a resumed comparison turns out to be finished. */
  readonly finished: string | null;
  /** Stores the result, which ends the comparison, and removes the unfinished work. */
  finish(result: object): Promise<void>;
  /** Gives the folder free for other processes; removes it again where there is nothing to keep. */
  close(): Promise<void>;
}

const RESULT = 'result.json';
const WORK = '.partial';
const SETTINGS = 'settings.json';

/**
 * Creates the folder, or opens it again to continue.
 *
 * @throws UsageError when the folder holds something else, other settings, a comparison that was not asked to be continued,
 *   or when another process writes into it
 */
export async function openComparisonFolder(
  folder: string,
  settings: Settings,
  resume: boolean,
): Promise<ComparisonFolder> {
  await checkComparisonFolder(folder, resume);
  const work = join(folder, WORK);
  const result = join(folder, RESULT);
  await makeFolder(work);
  const unlock = await lockFolder(work, folder);
  const opened = async (): Promise<ComparisonFolder> => {
    const stored = [result, join(work, SETTINGS)].find((path) => existsSync(path));
    if (stored !== undefined) {
      const { settings: before = {} } = JSON.parse(await readFile(stored, 'utf8')) as { settings?: Settings };
      assertSameSettings(folder, before, settings);
      await removeLeftovers(folder);
    } else await writeFileAtomic(join(work, SETTINGS), `${JSON.stringify({ settings }, null, 1)}\n`);
    return {
      out: folder,
      work,
      finished: stored === result ? await readFile(result, 'utf8') : null,
      async finish(value) {
        await writeFileAtomic(result, `${JSON.stringify(value, null, 1)}\n`);
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
    await rmdir(work).catch(() => {}); // where it held nothing else
    throw error;
  });
}

/**
 * Checks that results may be written into a folder, without touching it.
 *
 * @throws UsageError when it is a file, or holds something else or a comparison that was not asked to be continued
 */
export async function checkComparisonFolder(folder: string, resume: boolean): Promise<void> {
  const present = await namesIn(folder);
  const holdsComparison = present.includes(RESULT) || existsSync(join(folder, WORK, SETTINGS));
  if (holdsComparison && !resume) {
    throw new UsageError(`${folder}: holds a comparison already; resume it, or choose another folder`);
  }
  const foreign = present.filter((name) => !name.startsWith('.'));
  if (!holdsComparison && foreign.length > 0) {
    throw new UsageError(
      `${folder}: holds other files (${foreign.slice(0, 3).join(', ')}); choose an empty or new folder`,
    );
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
