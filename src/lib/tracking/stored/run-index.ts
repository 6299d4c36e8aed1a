// All runs below a root, read once and again only where files changed; a copy on disk spares the next process the reading.

import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { isTemporaryName, writeFileAtomic } from '../../base/atomic-file.js';
import { readError, readRegularSync } from '../../base/regular-file.js';
import { VERSION } from '../../base/version.js';
import { recordProblem } from './check-record.js';
import { followMetrics, type MetricsFollower } from './follow-metrics.js';
import { RUN_FILES, readRecordFile, runsRoot } from './run-record.js';
import { type RunSummary, type SummaryStamp, stampOf, summarize, withStatus } from './run-summary.js';

/** The runs below a root. */
export interface RunIndex {
  readonly root: string;
  /**
   * Every run as it is now, in no order. What cannot be read is named, and takes none of the others down.
   *
   * @throws FailureError when the root itself cannot be read
   */
  read(): Promise<RunIndexState>;
}

/** What a reading of the index gave. */
export interface RunIndexState {
  readonly runs: readonly RunSummary[];
  readonly damaged: readonly DamagedRun[];
}

/** What lies where a run is expected and cannot be read. */
export interface DamagedRun {
  /** The run's folder, or that of an experiment. */
  readonly folder: string;
  /** Why, naming the file. */
  readonly reason: string;
}

interface Entry {
  readonly stamp: SummaryStamp;
  /** As its files say; the status of a running one is looked up each time. */
  readonly summary: RunSummary;
  /** Counts the points of a run that its record does not sum up; not stored. */
  readonly follower?: MetricsFollower;
}

const FILE = '.index.json';
const MOST_BYTES = 1 << 29;
/**
 * The copy is written again when it spares reading so many records, or their worth in points; at most one in twenty runs.
 */
const WORTH_STORING = 50;
const POINT_BYTES_PER_RECORD = 50_000;
/** After so many milliseconds other work gets its turn. */
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

/** Folders two levels below the root, by their path from there, and those of experiments that cannot be read. */
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

/** Stamps are taken before the files are read: what changes in between is read again next time. */
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

/**
 * The stored copy; an empty one where there is none, or it is of another version or place. Of its entries those that can be
 * runs.
 */
function readStored(root: string): Map<string, Entry> {
  const found = new Map<string, Entry>();
  try {
    const { version, entries } = JSON.parse(readRegularSync(join(root, FILE), MOST_BYTES).toString('utf8')) as Stored;
    if (version !== VERSION) return found;
    for (const [place, { stamp, summary }] of entries) {
      if (typeof stamp?.record !== 'string' || recordProblem(summary) !== undefined) continue;
      // Folders may have been moved: their place below the root says where they are.
      found.set(place, { stamp, summary: { ...summary, folder: join(root, place) } });
    }
  } catch {
    // None yet, or damaged: the runs themselves are read.
  }
  return found;
}

/** Written at best: where it cannot be, the next process reads the runs themselves. */
async function store(root: string, entries: ReadonlyMap<string, Entry>): Promise<void> {
  const stored: Stored = {
    version: VERSION,
    entries: [...entries].map(([place, { stamp, summary }]) => [place, { stamp, summary }]),
  };
  await writeFileAtomic(join(root, FILE), JSON.stringify(stored)).catch(() => {});
}
