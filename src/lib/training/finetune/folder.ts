// The folder of a finetuning: its settings, its checkpoints, all of which are kept, and its previews. Each of them is whole or absent.

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

/** The course of a training up to a checkpoint, one number an iteration. */
export interface TrainingRecord {
  readonly losses: number[];
  readonly gradientNorms: number[];
  /** Seconds of work in all, those of earlier processes included. */
  seconds: number;
  readonly forgetting: { iteration: number; value: number }[];
  /** Set where the training was stopped between two planned checkpoints. */
  interrupted?: boolean;
}

const SETTINGS = 'settings.json';
const RECORD = 'record.json';

/** The folder's name of an iteration: `000400`. */
export function iterationName(iteration: number): string {
  return String(iteration).padStart(6, '0');
}

/** The folder of a finetuning, held against other processes. */
export interface FinetuneFolder {
  readonly out: string;
  /** Releases the lock, and removes the folder where it is empty. */
  close(): Promise<void>;
}

/**
 * Creates the folder of a finetuning, or opens it to continue. Files of a training that ended before its first checkpoint are
 * replaced.
 *
 * @throws UsageError when it holds something else, other settings, a training that was not asked to be continued, or when another
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
    await rmdir(folder).catch(() => {}); // where it holds nothing
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

/** Iterations of which a checkpoint is stored, in order. */
export async function storedIterations(out: string): Promise<number[]> {
  const names = await namesIn(join(resolve(out), 'checkpoints'));
  return names
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .sort((a, b) => a - b);
}

/** Which checkpoint is looked for. */
export interface NearestCheckpointOptions {
  readonly iterations: number;
  /** Names of the trained weights. */
  readonly names: readonly string[];
  readonly settings: Settings;
  /** Called with what is damaged. */
  readonly onWarning?: (message: string) => void;
}

/**
 * The last stored state that is not past `iterations`, with the record up to it; null where there is none. A damaged checkpoint is
 * deleted: the training makes it again, from the one before.
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

/** What a checkpoint holds. */
export interface Checkpoint {
  readonly state: TrainingState;
  readonly record: TrainingRecord;
  readonly settings: Settings;
}

/** Stores a state with its record and what `writeResult` puts beside it. Checkpoints of interruptions before it are dropped. */
export async function saveCheckpoint(
  out: string,
  { state, record, settings }: Checkpoint,
  writeResult: (folder: string) => Promise<void>,
): Promise<void> {
  await replaceFolder(checkpointFolder(out, state.iteration), async (folder) => {
    await saveTrainingState(folder, state, settings);
    await writeResult(folder);
    // The state carries a checksum of its own.
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

/** Lets `write` fill a temporary folder, which then takes the place of `path`, whatever was there. */
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

/** Removes half-written files of killed processes. */
async function removeTemporary(folder: string): Promise<void> {
  for (const where of [folder, join(folder, 'checkpoints'), join(folder, 'previews')]) {
    for (const name of (await namesIn(where)).filter(isTemporaryName)) {
      await rm(join(where, name), { recursive: true, force: true });
    }
  }
}
