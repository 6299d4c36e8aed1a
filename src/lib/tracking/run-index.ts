// All runs below a root, read once and again only where files changed; a copy on disk spares the next process the reading.

import { readdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { isTemporaryName, writeFileAtomic } from '../base/atomic-file.js';
import { FailureError } from '../base/errors.js';
import { VERSION } from '../base/version.js';
import { followMetrics, type MetricsFollower } from './follow-metrics.js';
import { parseRunRecord, RUN_FILES, runsRoot } from './run-record.js';
import { type RunSummary, type SummaryStamp, stampOf, summarize, withStatus } from './run-summary.js';

/** The runs below a root. */
export interface RunIndex {
  readonly root: string;
  /** Every run as it is now, in no order. */
  read(): Promise<RunIndexState>;
}

/** What a reading of the index gave. */
export interface RunIndexState {
  readonly runs: readonly RunSummary[];
  /** Folders whose run.json cannot be read, and why. */
  readonly damaged: readonly { readonly folder: string; readonly reason: string }[];
}

interface Entry {
  readonly stamp: SummaryStamp;
  /** As its files say; the status of a running one is looked up each time. */
  readonly summary: RunSummary;
  /** Counts the points of a run that its record does not sum up; not stored. */
  readonly follower?: MetricsFollower;
}

const FILE = '.index.json';
/** The copy is written again when it spares reading so many records, or their worth in points; at most one in twenty runs. */
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
      entries ??= await readStored(path);
      const now = new Map<string, Entry>();
      const damaged: { folder: string; reason: string }[] = [];
      let turn = performance.now();
      for (const [place, folder] of runFolders(path)) {
        if (performance.now() - turn > TURN) {
          await new Promise((next) => setImmediate(next));
          turn = performance.now();
        }
        try {
          const before = entries.get(place);
          const entry = before && isCurrent(folder, before.stamp) ? before : await readEntry(folder, before?.follower);
          if (entry === undefined) continue;
          now.set(place, entry);
          if (entry !== before) unstored += 1 + (entry.follower?.bytes ?? 0) / POINT_BYTES_PER_RECORD;
        } catch (error) {
          if (!(error instanceof FailureError)) throw error;
          damaged.push({ folder, reason: error.message });
        }
      }
      entries = now;
      if (unstored >= Math.max(WORTH_STORING, now.size / 20)) {
        await store(path, now);
        unstored = 0;
      }
      return { runs: [...now.values()].map(({ summary }) => withStatus(summary)), damaged };
    },
  };
}

/** Folders two levels below the root, by their path from there. */
function* runFolders(root: string): Generator<[place: string, folder: string]> {
  for (const experiment of foldersIn(root)) {
    for (const run of foldersIn(join(root, experiment))) yield [`${experiment}/${run}`, join(root, experiment, run)];
  }
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
    throw error;
  }
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
  const parsed = parseRunRecord(path, readFileSync(path, 'utf8'));
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

/** The stored copy; an empty one where there is none, or it is of another version or place. */
async function readStored(root: string): Promise<Map<string, Entry>> {
  try {
    const { version, entries } = JSON.parse(await readFile(join(root, FILE), 'utf8')) as Stored;
    if (version !== VERSION) return new Map();
    // Folders may have been moved: their place below the root says where they are.
    return new Map(
      entries.map(([place, { stamp, summary }]) => [
        place,
        { stamp, summary: { ...summary, folder: join(root, place) } },
      ]),
    );
  } catch {
    return new Map();
  }
}

/** Written at best: where it cannot be, the next process reads the runs themselves. */
async function store(root: string, entries: ReadonlyMap<string, Entry>): Promise<void> {
  const stored: Stored = {
    version: VERSION,
    entries: [...entries].map(([place, { stamp, summary }]) => [place, { stamp, summary }]),
  };
  await writeFileAtomic(join(root, FILE), JSON.stringify(stored)).catch(() => {});
}
