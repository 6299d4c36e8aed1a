// Reads all stored files of runs and compares them with their stored hashes and checksums, like restic's `check
// --read-data`. Reports damage and changes nothing; resumed work repairs damage where it reads.

import { lstat, readdir, readFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { UsageError } from '../base/errors.js';
import { sha256 } from '../base/hash.js';
import type { OnProgress } from '../base/progress.js';
import { verifyJournal } from '../base/record-journal.js';
import { type FileHashes, fileDamage, readSealedJson } from '../base/sealed-json.js';
import { locateRun } from '../tracking/query/list-runs.js';
import { type ArtifactOwner, artifactFile } from '../tracking/stored/artifact-file.js';
import { artifactPath, readArtifactRecords } from '../tracking/stored/artifact-records.js';
import { readJsonLines } from '../tracking/stored/json-lines.js';
import { openRunIndex } from '../tracking/stored/run-index.js';
import { RUN_FILES, readRunRecord, runsRoot } from '../tracking/stored/run-record.js';
import { statusOf } from '../tracking/stored/run-summary.js';
import { STATE, verifyTrainingState } from '../training/loop/checkpoint.js';
import { readPicture } from '../video/still.js';

/**
 * Options of verification.
 *
 * @inline
 */
export interface VerifyOptions {
  /** The folder of all runs; `STEADYFRAME_RUNS` or `runs` by default. */
  readonly root?: string | undefined;
  /** Called before each run or folder, and at the end. */
  readonly onProgress?: OnProgress;
  /** Stops reading; its reason is thrown. */
  readonly signal?: AbortSignal;
}

/**
 * The result of verification.
 *
 * @inline
 */
export interface Verified {
  /** Number of files read, including damaged ones. */
  readonly files: number;
  /** Damaged or missing files, each with a message about what was expected. */
  readonly damaged: readonly { readonly path: string; readonly reason: string }[];
  /** Files of earlier versions without a checksum. */
  readonly unchecked: readonly string[];
  /** Folders of runs in progress, which were skipped. */
  readonly running: readonly string[];
}

/** JSON files with a checksum, which may list hashes of other files. */
const SEALED = new Set(['result.json', 'settings.json', 'record.json', 'preview.json', 'inputs.json']);

/** Hidden folders of unfinished work. */
const UNFINISHED = /^\.(partial$|unfinished-edits-)/;

/**
 * Verifies runs and folders.
 *
 * @param names runs as for `openRun`, or folders of results; all runs if empty
 * @throws UsageError when a name is neither
 */
export async function verify(names: readonly string[], options: VerifyOptions = {}): Promise<Verified> {
  const { root = runsRoot(), signal, onProgress } = options;
  const look = createLook(signal);
  const folders: string[] = [];
  if (names.length === 0) {
    const { runs, damaged } = await openRunIndex(root).read();
    for (const { folder, reason } of damaged) look.name(folder, reason);
    folders.push(...runs.map(({ folder }) => folder));
  }
  for (const name of names) folders.push(await folderOf(name, root));
  for (const [done, folder] of folders.entries()) {
    onProgress?.({ done, total: folders.length, label: 'reading back' });
    if (await isFile(join(folder, RUN_FILES.record))) await verifyRun(folder, look);
    else await verifyFolder(folder, look);
  }
  onProgress?.({ done: folders.length, total: folders.length, label: 'reading back' });
  return look.result();
}

async function folderOf(name: string, root: string): Promise<string> {
  const path = resolve(name);
  const about = await lstat(path).catch(() => undefined);
  if (about?.isDirectory()) return path;
  if (about) throw new UsageError(`${name}: is a file; name a run, or a folder that a command wrote into`);
  return (await locateRun(name, root)).folder;
}

type Look = ReturnType<typeof createLook>;

/** Collects the findings; each file is read once. */
function createLook(signal: AbortSignal | undefined) {
  const seen = new Map<string, string | undefined>();
  const folders = new Set<string>();
  const damaged = new Map<string, string>();
  const unchecked = new Set<string>();
  const running = new Set<string>();
  const name = (path: string, reason: string): void => {
    damaged.set(path, reason.startsWith(path) ? reason : `${path}: ${reason}`);
  };
  return {
    name,
    running,
    unchecked,
    /** Whether a folder was not visited before. */
    enter(folder: string): boolean {
      signal?.throwIfAborted();
      const isNew = !folders.has(folder);
      folders.add(folder);
      return isNew;
    },
    /** Checks one file; an error is its damage. */
    async check(path: string, work: () => Promise<string | undefined>): Promise<void> {
      signal?.throwIfAborted();
      seen.set(path, undefined);
      try {
        const reason = await work();
        if (reason !== undefined) name(path, reason);
      } catch (error) {
        name(path, (error as Error).message);
      }
    },
    /** Compares a file with a hash; a FIFO or a device is not opened. */
    async hash(path: string, expected: string): Promise<void> {
      if (seen.get(path) === expected) return;
      await this.check(path, () => fileDamage(path, expected));
      seen.set(path, expected);
    },
    result: (): Verified => ({
      files: seen.size,
      damaged: [...damaged].map(([path, reason]) => ({ path, reason })),
      unchecked: [...unchecked],
      running: [...running],
    }),
  };
}

async function verifyRun(folder: string, look: Look): Promise<void> {
  const path = join(folder, RUN_FILES.record);
  let owner: ArtifactOwner = { folder, tags: {} };
  try {
    const record = await readRunRecord(folder);
    if (statusOf(folder, record).status === 'running') {
      look.running.add(folder);
      return;
    }
    owner = { ...record, folder };
    await look.check(path, async () => undefined);
  } catch (error) {
    look.name(path, (error as Error).message);
  }
  for (const name of [RUN_FILES.metrics, RUN_FILES.artifactRecords]) {
    await look.check(join(folder, name), async () => {
      const { damaged } = await readJsonLines(join(folder, name));
      return damaged > 0 ? `is damaged (${damaged} of its lines cannot be read)` : undefined;
    });
  }
  const records = await readArtifactRecords(folder).catch(() => ({ artifacts: [], refused: [] }));
  for (const problem of records.refused) look.name(join(folder, RUN_FILES.artifactRecords), `is damaged (${problem})`);
  for (const artifact of records.artifacts) {
    const file = await artifactFile(owner, artifact);
    if (!('problem' in file) || file.state !== 'refused') {
      await look.hash(artifactPath(folder, artifact), artifact.sha256);
    } else look.name(file.path, file.problem);
  }
  await verifyFolder(join(folder, RUN_FILES.artifacts), look);
  if (owner.tags.out !== undefined) await verifyFolder(owner.tags.out, look);
}

/** Verifies every file below a folder that has a checksum, or should have one. */
async function verifyFolder(folder: string, look: Look): Promise<void> {
  if (!look.enter(folder)) return;
  let entries: Awaited<ReturnType<typeof entriesOf>>;
  try {
    entries = await entriesOf(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT') look.name(folder, `cannot be read (${code})`);
    return;
  }
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      if (!entry.name.startsWith('.') || UNFINISHED.test(entry.name)) await verifyFolder(path, look);
    } else if (entry.isFile()) await verifyFile(path, look);
  }
}

function entriesOf(folder: string) {
  return readdir(folder, { withFileTypes: true });
}

async function verifyFile(path: string, look: Look): Promise<void> {
  const name = basename(path);
  if (SEALED.has(name)) {
    await look.check(path, async () => {
      const { value, isChecked } = await readSealedJson<{ files?: FileHashes }>(path);
      if (!isChecked) look.unchecked.add(path);
      for (const [file, expected] of Object.entries(value.files ?? {})) {
        await look.hash(join(dirname(path), ...file.split('/')), expected);
      }
      return undefined;
    });
  } else if (name === STATE) {
    await look.check(path, async () => {
      if (!(await verifyTrainingState(path))) look.unchecked.add(path);
      return undefined;
    });
  } else if (name.endsWith('.rgb') || name.endsWith('.f32')) {
    await look.check(path, async () => {
      const found = await verifyJournal(path);
      if (found === undefined) look.unchecked.add(path);
      if (!found || found.damaged.length === 0) return undefined;
      const numbers = found.damaged.slice(0, 5).join(', ');
      return `is damaged (${found.damaged.length} of ${found.count} records have another checksum: ${numbers}${found.damaged.length > 5 ? ', ...' : ''})`;
    });
  } else if (name.endsWith('.png.sha256')) {
    const picture = path.slice(0, -'.sha256'.length);
    if (!(await isFile(picture))) return; // it was not yet written
    await look.check(picture, async () => {
      const [expected, { data }] = [(await readFile(path, 'utf8')).trim(), await readPicture(picture)];
      return sha256(data) === expected ? undefined : 'is damaged (the SHA-256 of its pixels is another)';
    });
  }
}

async function isFile(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => undefined))?.isFile() ?? false;
}
