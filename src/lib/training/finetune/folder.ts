// The folder of a finetuning: its settings, all its checkpoints and its previews. Each of them is complete or absent.

import { mkdir, rename, rm, rmdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { isTemporaryName, temporaryName, writeError } from '../../base/atomic-file.js';
import { makeFolder } from '../../base/atomic-folder.js';
import { DamageError, UsageError } from '../../base/errors.js';
import { LOCK, lockFolder } from '../../base/folder-lock.js';
import { namesIn, refuseOtherFiles } from '../../base/results-folder.js';
import { type FileHashes, hashFiles, readSealedJson, writeSealedJson } from '../../base/sealed-json.js';
import { assertSameSettings, type Settings } from '../../base/settings.js';
import { stopPoint } from '../../base/stop-point.js';
import { loadTrainingState, STATE, saveTrainingState, type TrainingState } from '../loop/checkpoint.js';

/** The course of a training up to a checkpoint, one number per iteration. */
export interface TrainingRecord {
  readonly losses: number[];
  readonly gradientNorms: number[];
  /** Total seconds of work, including earlier processes. */
  seconds: number;
  readonly forgetting: { iteration: number; value: number }[];
  /** Set if the training was stopped between two planned checkpoints. */
  interrupted?: boolean;
}

const SETTINGS = 'settings.json';
const RECORD = 'record.json';

/** The folder name of an iteration: `000400`. */
export function iterationName(iteration: number): string {
  return String(iteration).padStart(6, '0');
}

/** The locked folder of a finetuning. */
export interface FinetuneFolder {
  readonly out: string;
  /** Releases the lock, and removes the folder if it is empty. */
  close(): Promise<void>;
}

/**
 * Creates the folder of a finetuning, or opens it to continue. Files of a training that ended before its first checkpoint
 * are replaced.
 *
 * @throws UsageError when it has other contents, other settings, or a training and `resume` is not set, or when another
 *   process writes into it
 */
export async function openFinetuneFolder(out: string, settings: Settings, resume: boolean): Promise<FinetuneFolder> {
  const folder = resolve(out);
  const present = await namesIn(folder);
  if (!present.includes(SETTINGS)) refuseOtherFiles(out, present, [LOCK]);
  await makeFolder(folder);
  const unlock = await lockFolder(folder, out);
  const close = async (): Promise<void> => {
    await unlock();
    await rmdir(folder).catch(() => {}); // only if it is empty
  };
  try {
    if ((await storedIterations(folder)).length > 0) {
      if (!resume) throw new UsageError(`${out}: holds a training already; resume it, or choose another folder`);
      const { value } = await readSealedJson<Settings>(join(folder, SETTINGS));
      assertSameSettings(out, value, settings);
      await removeTemporary(folder);
    } else {
      await removeTemporary(folder);
      await rm(join(folder, 'previews'), { recursive: true, force: true });
      await writeSealedJson(join(folder, SETTINGS), settings);
    }
  } catch (error) {
    await close();
    throw error;
  }
  return { out: folder, close };
}

/** Iterations with a stored checkpoint, in order. */
export async function storedIterations(out: string): Promise<number[]> {
  const names = await namesIn(join(resolve(out), 'checkpoints'));
  return names
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .sort((a, b) => a - b);
}

/** Options of finding a checkpoint. */
export interface NearestCheckpointOptions {
  readonly iterations: number;
  /** Names of the trained weights. */
  readonly names: readonly string[];
  readonly settings: Settings;
  /** Called with a message about damage. */
  readonly onWarning?: (message: string) => void;
}

/**
 * The latest stored state up to `iterations`, with the record up to it; null if there is none. A damaged checkpoint is
 * deleted: the training computes it again from the previous one.
 */
export async function nearestCheckpoint(
  out: string,
  { iterations, names, settings, onWarning }: NearestCheckpointOptions,
): Promise<{ state: TrainingState; record: TrainingRecord } | null> {
  for (const iteration of (await storedIterations(out)).filter((stored) => stored <= iterations).reverse()) {
    const folder = checkpointFolder(out, iteration);
    try {
      const state = await loadTrainingState(folder, names, settings);
      if (!state) throw new DamageError(`${folder}: the state is missing`);
      return { state, record: await readRecord(folder) };
    } catch (error) {
      if (!(error instanceof DamageError)) throw error;
      onWarning?.(`${error.message}: the checkpoint is deleted, and made again`);
      await rm(folder, { recursive: true, force: true });
    }
  }
  return null;
}

async function readRecord(folder: string): Promise<TrainingRecord> {
  const { value } = await readSealedJson<TrainingRecord & { files?: FileHashes }>(join(folder, RECORD));
  const { files: _, ...record } = value;
  return record;
}

/** The content of a checkpoint. */
export interface Checkpoint {
  readonly state: TrainingState;
  readonly record: TrainingRecord;
  readonly settings: Settings;
}

/** Stores a state, its record and the files of `writeResult`. Deletes earlier checkpoints of interruptions. */
export async function saveCheckpoint(
  out: string,
  { state, record, settings }: Checkpoint,
  writeResult: (folder: string) => Promise<void>,
): Promise<void> {
  await replaceFolder(checkpointFolder(out, state.iteration), async (folder) => {
    await saveTrainingState(folder, state, settings);
    await writeResult(folder);
    // The state has its own checksum.
    await writeSealedJson(join(folder, RECORD), { ...record, files: await hashFiles(folder, [STATE]) });
  });
  for (const iteration of await storedIterations(out)) {
    const folder = checkpointFolder(out, iteration);
    if (iteration >= state.iteration) continue;
    const { interrupted = false } = await readRecord(folder).catch(() => ({ interrupted: false }));
    if (interrupted) await rm(folder, { recursive: true, force: true });
  }
}

/** The folder of a checkpoint. */
export function checkpointFolder(out: string, iteration: number): string {
  return join(resolve(out), 'checkpoints', iterationName(iteration));
}

/** Fills a temporary folder with `write`, which then replaces `path`. */
export async function replaceFolder<T>(path: string, write: (folder: string) => Promise<T>): Promise<T> {
  const temporary = temporaryName(path);
  try {
    await mkdir(temporary, { recursive: true });
    const result = await write(temporary);
    await stopPoint('writing', path);
    await rm(path, { recursive: true, force: true });
    await rename(temporary, path);
    await stopPoint('written', path);
    return result;
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    throw writeError(path, error);
  }
}

/** Removes incomplete files of killed processes. */
async function removeTemporary(folder: string): Promise<void> {
  for (const where of [folder, join(folder, 'checkpoints'), join(folder, 'previews')]) {
    for (const name of (await namesIn(where)).filter(isTemporaryName)) {
      await rm(join(where, name), { recursive: true, force: true });
    }
  }
}
