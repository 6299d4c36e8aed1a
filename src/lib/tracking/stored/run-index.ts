// All runs below a root, read once and later only where files changed; a copy on the disk saves the next process the
// reading.

import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { isTemporaryName, writeFileAtomic } from '../../base/atomic-file.js';
import { readError, readRegularSync } from '../../base/regular-file.js';
import { VERSION } from '../../base/version.js';
import { recordProblem } from './check-record.js';
import { followMetrics, type MetricsFollower } from './follow-metrics.js';
import { RUN_FILES, readRecordFile, runsRoot } from './run-record.js';
import { type RunSummary, type SummaryStamp, stampOf, summarize, withStatus } from './run-summary.js';

/**
 * The runs below a root.
 *
 * @inline
 */
export interface RunIndex {
  readonly root: string;
  /**
   * The current state of every run, unordered. Unreadable runs are reported and do not affect others.
   *
   * @throws FailureError when the root itself cannot be read
   */
  read(): Promise<RunIndexState>;
}

/** The result of reading the index. */
export interface RunIndexState {
  readonly runs: readonly RunSummary[];
  readonly damaged: readonly DamagedRun[];
}

/** A run or an experiment that cannot be read. */
export interface DamagedRun {
  /** The run's folder, or that of an experiment. */
  readonly folder: string;
  /** The reason, naming the file. */
  readonly reason: string;
}

interface Entry {
  readonly stamp: SummaryStamp;
  /** The state in its files; the status of a running run is determined at each call. */
  readonly summary: RunSummary;
  /** Summarises the points of a run whose record has no summaries; not stored. */
  readonly follower?: MetricsFollower;
}

const FILE = '.index.json';
const MOST_BYTES = 1 << 29;
/** The copy is written again when that saves reading this many records, or as many points; at most one in twenty runs. */
const WORTH_STORING = 50;
const POINT_BYTES_PER_RECORD = 50_000;
/** Milliseconds after which other work gets a turn. */
const TURN = 20;

/** Opens the index of a root, which need not exist yet. */
export function openRunIndex(root: string = runsRoot()): RunIndex {
  const path = resolve(root);
  let entries: Map<string, Entry> | undefined;
  let unstored = 0;
  return {
    root: path,
    async read() {
      entries ??= readStored(path);
      const now = new Map<string, Entry>();
      const runs: RunSummary[] = [];
      const { folders, damaged } = runFolders(path);
      let turn = performance.now();
      for (const [place, folder] of folders) {
        if (performance.now() - turn > TURN) {
          await new Promise((next) => setImmediate(next));
          turn = performance.now();
        }
        try {
          const before = entries.get(place);
          const entry = before && isCurrent(folder, before.stamp) ? before : await readEntry(folder, before?.follower);
          if (entry === undefined) continue;
          runs.push(withStatus(entry.summary));
          now.set(place, entry);
          if (entry !== before) unstored += 1 + (entry.follower?.bytes ?? 0) / POINT_BYTES_PER_RECORD;
        } catch (error) {
          damaged.push({ folder, reason: reasonOf(folder, error) });
        }
      }
      entries = now;
      if (unstored >= Math.max(WORTH_STORING, now.size / 20)) {
        await store(path, now);
        unstored = 0;
      }
      return { runs, damaged };
    },
  };
}

/** Folders two levels below the root by their relative path, and folders of experiments that cannot be read. */
function runFolders(root: string): { folders: [place: string, folder: string][]; damaged: DamagedRun[] } {
  const folders: [string, string][] = [];
  const damaged: DamagedRun[] = [];
  for (const experiment of foldersIn(root)) {
    const parent = join(root, experiment);
    try {
      for (const run of foldersIn(parent)) folders.push([`${experiment}/${run}`, join(parent, run)]);
    } catch (error) {
      damaged.push({ folder: parent, reason: reasonOf(parent, error) });
    }
  }
  return { folders, damaged };
}

function foldersIn(folder: string): string[] {
  try {
    const entries = readdirSync(folder, { withFileTypes: true });
    return entries.flatMap((entry) => {
      const leads = entry.isDirectory() || entry.isSymbolicLink();
      return leads && !isTemporaryName(entry.name) ? [entry.name] : [];
    });
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return [];
    throw readError(folder, error);
  }
}

function reasonOf(folder: string, error: unknown): string {
  const told = readError(folder, error);
  return told instanceof Error ? told.message : String(told);
}

function isCurrent(folder: string, stamp: SummaryStamp): boolean {
  if (stampOf(join(folder, RUN_FILES.record)) !== stamp.record) return false;
  return stamp.metrics === undefined || stampOf(join(folder, RUN_FILES.metrics)) === stamp.metrics;
}

/** Stamps are taken before the files are read, so that changes in between are read at the next call. */
async function readEntry(folder: string, before?: MetricsFollower): Promise<Entry | undefined> {
  const path = join(folder, RUN_FILES.record);
  const record = stampOf(path);
  if (record === undefined) return undefined;
  const metrics = stampOf(join(folder, RUN_FILES.metrics));
  const parsed = readRecordFile(path);
  const follower = parsed.metrics === undefined ? (before ?? followMetrics(folder)) : undefined;
  const { status: _, end: __, ...summary } = await summarize(folder, parsed, follower);
  return {
    stamp: { record, ...(parsed.metrics === undefined && metrics !== undefined && { metrics }) },
    summary: { ...summary, status: parsed.status, ...(parsed.end !== undefined && { end: parsed.end }) },
    ...(follower && { follower }),
  };
}

interface Stored {
  readonly version: string;
  readonly entries: readonly (readonly [place: string, entry: Entry])[];
}

/** The valid entries of the stored copy; none if there is no copy, or it is of another version or folder. */
function readStored(root: string): Map<string, Entry> {
  const found = new Map<string, Entry>();
  try {
    const { version, entries } = JSON.parse(readRegularSync(join(root, FILE), MOST_BYTES).toString('utf8')) as Stored;
    if (version !== VERSION) return found;
    for (const [place, { stamp, summary }] of entries) {
      if (typeof stamp?.record !== 'string' || recordProblem(summary) !== undefined) continue;
      // Folders may have been moved, so their path is built from their place below the root.
      found.set(place, { stamp, summary: { ...summary, folder: join(root, place) } });
    }
  } catch {
    // None, or damaged: the runs themselves are read.
  }
  return found;
}

/** Writes the copy if possible; otherwise the next process reads the runs themselves. */
async function store(root: string, entries: ReadonlyMap<string, Entry>): Promise<void> {
  const stored: Stored = {
    version: VERSION,
    entries: [...entries].map(([place, { stamp, summary }]) => [place, { stamp, summary }]),
  };
  await writeFileAtomic(join(root, FILE), JSON.stringify(stored)).catch(() => {});
}
