// Whether shared work is done, by the files that it leaves; without what does it, so that a worker that looks for jobs starts fast.

import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ENCODED_JOURNALS } from '../../renderings/journal-names.js';

/** Folder of the journals that points copy. */
export const ENCODED = 'encoded';

/** The record of what was made; the last file of a stage. */
const RESULT = 'result.json';

/** Whether a folder has the encoded frames of a source. */
export function isEncoded(folder: string): boolean {
  return [RESULT, ...ENCODED_JOURNALS.map((name) => join(ENCODED, name)), join(ENCODED, 'whole')].every((name) =>
    existsSync(join(folder, name)),
  );
}

/** Deletes the encoded frames of a source that no point needs any more; its measurements are kept. */
export async function dropEncoded(folder: string): Promise<void> {
  await rm(join(folder, ENCODED), { recursive: true, force: true });
}

/** Whether the weights of a training's stage exist. */
export function hasStage(stage: string): boolean {
  return existsSync(join(stage, RESULT));
}
