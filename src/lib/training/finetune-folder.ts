// The folder of a finetuning: its settings, its checkpoints, all of which are kept, and its previews. Each of them is whole or absent.

import { mkdir, readdir, readFile, rename, rm, rmdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { isTemporaryName, temporaryName, writeError, writeFileAtomic } from '../base/atomic-file.js';
import { makeFolder } from '../base/atomic-folder.js';
import { UsageError } from '../base/errors.js';
import { LOCK, lockFolder } from '../base/folder-lock.js';
import { assertSameSettings, type Settings } from '../base/settings.js';
import { loadTrainingState, saveTrainingState, type TrainingState } from './training-checkpoint.js';

/** What has happened up to a checkpoint, one number an iteration. */
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
  /** Gives it free; removes it again where it holds nothing. */
  close(): Promise<void>;
}

/**
 * Creates the folder of a finetuning, or opens it again to continue. What a training left that ended before its first checkpoint
 * is no obstacle.
 *
 * @throws UsageError when it holds something else, other settings, a training that was not asked to be continued, or when another
 *   process writes into it
 */
export async function openFinetuneFolder(out: string, settings: Settings, resume: boolean): Promise<FinetuneFolder> {
  const folder = resolve(out);
  const present = (await namesIn(folder)).filter((name) => name !== LOCK && !name.startsWith('.'));
  const isOurs = present.includes(SETTINGS);
  if (!isOurs && present.length > 0) {
    throw new UsageError(
      `${out}: holds other files (${present.slice(0, 3).join(', ')}); choose an empty or new folder`,
    );
  }
  await makeFolder(folder);
  const unlock = await lockFolder(folder, out);
  const close = async (): Promise<void> => {
    await unlock();
    await rmdir(folder).catch(() => {}); // where it holds nothing
  };
  try {
    if ((await storedIterations(folder)).length > 0) {
      if (!resume) throw new UsageError(`${out}: holds a training already; resume it, or choose another folder`);
      assertSameSettings(out, JSON.parse(await readFile(join(folder, SETTINGS), 'utf8')), settings);
      await removeTemporary(folder);
    } else {
      await removeTemporary(folder);
      await rm(join(folder, 'previews'), { recursive: true, force: true });
      await writeFileAtomic(join(folder, SETTINGS), `${JSON.stringify(settings, null, 1)}\n`);
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

/** The last stored state that is not past `iterations`, with the record up to it; null where there is none. */
export async function nearestCheckpoint(
  out: string,
  iterations: number,
  names: readonly string[],
  settings: Settings,
): Promise<{ state: TrainingState; record: TrainingRecord } | null> {
  const iteration = (await storedIterations(out)).filter((stored) => stored <= iterations).at(-1);
  if (iteration === undefined) return null;
  const folder = checkpointFolder(out, iteration);
  const state = await loadTrainingState(folder, names, settings);
  if (!state) throw new UsageError(`${folder}: the state is missing; delete this folder to go on from an earlier one`);
  return { state, record: JSON.parse(await readFile(join(folder, RECORD), 'utf8')) };
}

/** Stores a state with its record and what `writeResult` puts beside it. Checkpoints of interruptions before it are dropped. */
export async function saveCheckpoint(
  out: string,
  state: TrainingState,
  record: TrainingRecord,
  settings: Settings,
  writeResult: (folder: string) => Promise<void>,
): Promise<void> {
  await replaceFolder(checkpointFolder(out, state.iteration), async (folder) => {
    await saveTrainingState(folder, state, settings);
    await writeResult(folder);
    await writeFileAtomic(join(folder, RECORD), `${JSON.stringify(record)}\n`);
  });
  for (const iteration of await storedIterations(out)) {
    const folder = checkpointFolder(out, iteration);
    if (iteration >= state.iteration) continue;
    const { interrupted = false }: TrainingRecord = JSON.parse(await readFile(join(folder, RECORD), 'utf8'));
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
    await rm(path, { recursive: true, force: true });
    await rename(temporary, path);
    return result;
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    throw writeError(path, error);
  }
}

/** What killed processes left half-written. */
async function removeTemporary(folder: string): Promise<void> {
  for (const where of [folder, join(folder, 'checkpoints'), join(folder, 'previews')]) {
    for (const name of (await namesIn(where)).filter(isTemporaryName)) {
      await rm(join(where, name), { recursive: true, force: true });
    }
  }
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return [];
    if (code === 'ENOTDIR') throw new UsageError(`${folder}: is a file; name a folder to write into`);
    throw writeError(folder, error);
  }
}
