// The unfinished work of `steady`, in a folder beside the video that it writes: the steadied frames, and what their method
// continues from. A later process continues it to the same bits.

import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { removeLeftovers } from '../base/atomic-file.js';
import { makeFolder } from '../base/atomic-folder.js';
import { DamageError, UsageError } from '../base/errors.js';
import { LOCK, lockFolder } from '../base/folder-lock.js';
import { checksumsPath, openJournal, type RecordJournal } from '../base/record-journal.js';
import { namesIn, refuseOtherFiles } from '../base/results-folder.js';
import { readSealedJson, writeSealedJson } from '../base/sealed-json.js';
import { assertSameSettings, type Settings } from '../base/settings.js';
import type { Warn } from '../base/warn.js';
import { STATE } from '../training/loop/checkpoint.js';

/** Unfinished work that this process holds. */
export interface SteadyWork {
  readonly folder: string;
  /** Whether an earlier process began it. */
  readonly isContinued: boolean;
  /** The steadied frames that are done. */
  readonly frames: RecordJournal;
  readonly onWarning: Warn;
  /** Opens a journal of a method's own, which is closed with the work. */
  journal(name: string, recordBytes: number): Promise<RecordJournal>;
  /** Releases it, and removes it unless it is to be kept and there is something to continue. */
  close(keep: boolean): Promise<void>;
}

const SETTINGS = 'settings.json';
const FRAMES = 'frames.rgb';

/** The folder of a video's unfinished work. */
export function workFolder(out: string): string {
  return `${out}.partial`;
}

/** Whether there is unfinished work of a video. */
export function hasSteadyWork(out: string): boolean {
  return existsSync(join(workFolder(out), SETTINGS));
}

/**
 * Creates the unfinished work of the video `out`, or opens it to continue.
 *
 * @throws UsageError when there is some and `resume` is not set, it has other settings, another process has it, or the folder
 *   holds other files
 */
export async function openSteadyWork(
  out: string,
  settings: Settings,
  {
    resume,
    frameBytes,
    onWarning,
  }: { readonly resume: boolean; readonly frameBytes: number; readonly onWarning: Warn },
): Promise<SteadyWork> {
  const folder = workFolder(out);
  const isContinued = hasSteadyWork(out);
  if (isContinued && !resume) {
    throw new UsageError(`${out}: its unfinished work is in ${folder}; resume it, or delete that folder`);
  }
  if (!isContinued) refuseOtherFiles(folder, await namesIn(folder), [LOCK]);
  await makeFolder(folder);
  const unlock = await lockFolder(folder, out);
  const journals: RecordJournal[] = [];
  const release = async (): Promise<void> => {
    for (const journal of journals) await journal.close();
    await unlock();
  };
  const journal = async (name: string, recordBytes: number): Promise<RecordJournal> => {
    const opened = await openJournal(join(folder, name), recordBytes, { onWarning });
    journals.push(opened);
    return opened;
  };
  try {
    await checkSettings(folder, settings, onWarning);
    await removeLeftovers(dirname(out), basename(out));
    const frames = await journal(FRAMES, frameBytes);
    return {
      ...{ folder, isContinued, frames, onWarning, journal },
      async close(keep) {
        const isWorth = frames.count > 0 || existsSync(join(folder, STATE));
        await release();
        if (!keep || !isWorth) await rm(folder, { recursive: true, force: true });
      },
    };
  } catch (error) {
    await release();
    throw error;
  }
}

/** Compares the settings with those stored, or stores them. Without settings nothing is known of the frames. */
async function checkSettings(folder: string, settings: Settings, onWarning: Warn): Promise<void> {
  const path = join(folder, SETTINGS);
  try {
    const { value } = await readSealedJson<{ settings?: Settings }>(path);
    assertSameSettings(folder, value.settings ?? {}, settings);
  } catch (error) {
    if (!(error instanceof DamageError)) throw error;
    if (existsSync(path)) onWarning(`${error.message}: the video is steadied again`);
    for (const name of [FRAMES, checksumsPath(FRAMES), STATE]) await rm(join(folder, name), { force: true });
    await writeSealedJson(path, { settings });
  }
}
