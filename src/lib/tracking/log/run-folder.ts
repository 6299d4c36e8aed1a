// Creates the folder of a new run: complete under its name or not at all, and never the folder of another process.

import { mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { isTemporaryName, temporaryName, writeError, writeFileAtomic } from '../../base/atomic-file.js';
import { makeFolder } from '../../base/atomic-folder.js';
import { RUN_FILES, type RunRecord } from '../stored/run-record.js';
import { type Claim, firstClaim, holderOf, keepClaim } from './claim.js';
import { folderName } from './names.js';

/** The kind of claim of the process that writes a run. */
export const OWNER = 'owner';

/** The text of a `run.json`. */
export function recordText(record: RunRecord): string {
  return `${JSON.stringify(record, null, 1)}\n`;
}

/**
 * Creates `ROOT/EXPERIMENT/NAME`, or NAME-2, NAME-3, ... if that exists, claimed by this process.
 *
 * @returns its absolute path, and the claim
 * @throws UsageError when the root cannot be written; FailureError when the disk is full
 */
export async function createRunFolder(root: string, record: RunRecord): Promise<{ folder: string; claim: Claim }> {
  const experiment = join(root, record.experiment);
  const name = folderName(record.name);
  const temporary = temporaryName(join(experiment, name));
  try {
    await makeFolder(experiment);
    await removeDeadLeftovers(experiment);
    await mkdir(temporary);
    const owner = firstClaim(OWNER);
    await writeFile(join(temporary, owner.name), owner.text);
    await mkdir(join(temporary, RUN_FILES.artifacts));
    await writeFile(join(temporary, RUN_FILES.metrics), '');
    await writeFileAtomic(join(temporary, RUN_FILES.record), recordText(record));
    const folder = await giveName(temporary, experiment, name);
    return { folder, claim: keepClaim(folder, owner) };
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    throw writeError(join(experiment, name), error);
  }
}

/** Renames a folder to the first free name; an existing folder with content is never replaced. */
async function giveName(temporary: string, experiment: string, name: string): Promise<string> {
  const taken = new Set(await readdir(experiment));
  for (let n = 1; ; n++) {
    const candidate = n === 1 ? name : `${name}-${n}`;
    if (taken.has(candidate)) continue;
    try {
      await rename(temporary, join(experiment, candidate));
      return join(experiment, candidate);
    } catch (error) {
      // Another process took the name meanwhile.
      const { code = '' } = error as NodeJS.ErrnoException;
      if (!['EEXIST', 'ENOTEMPTY', 'ENOTDIR', 'EPERM'].includes(code) || n > 100_000) throw error;
      if (!(await readdir(experiment)).includes(candidate)) throw error;
    }
  }
}

/** Milliseconds after which an unclaimed folder counts as left behind by a process that died before its claim. */
const CLAIMED_WITHIN = 60_000;

/** Removes folders of runs whose process died before the rename. */
async function removeDeadLeftovers(experiment: string): Promise<void> {
  for (const name of await readdir(experiment)) {
    if (!isTemporaryName(basename(name))) continue;
    const leftover = join(experiment, name);
    // A folder that cannot be read or removed does not stop the run.
    const isDead = await stat(leftover)
      .then(({ mtimeMs }) => !(holderOf(leftover, OWNER)?.alive ?? Date.now() - mtimeMs < CLAIMED_WITHIN))
      .catch(() => false);
    if (isDead) await rm(leftover, { recursive: true, force: true }).catch(() => {});
  }
}
