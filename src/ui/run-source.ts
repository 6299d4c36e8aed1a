// The runs that the dashboard shows: those of the index whose real paths are below the root. Cached for a moment.

import { realpathSync } from 'node:fs';
import { basename, dirname, relative, sep } from 'node:path';
import { openRunIndex, type RunIndex } from '../lib/tracking/stored/run-index.js';
import { type RunProgress, readProgress } from '../lib/tracking/stored/run-stages.js';
import type { RunSummary } from '../lib/tracking/stored/run-summary.js';
import { isBelow } from './run-files.js';

/** A run with its place, by which pages identify it. */
export interface PlacedRun extends RunSummary {
  /** `experiment/folder`, which is unique, unlike a name. */
  readonly place: string;
  /** How far it is, while it runs. */
  readonly progress?: RunProgress | undefined;
}

/** All runs at one moment. */
export interface RunsState {
  readonly runs: readonly PlacedRun[];
  readonly damaged: readonly { readonly place: string; readonly reason: string }[];
}

/** A source of runs. */
export interface RunSource {
  readonly root: string;
  /** The runs, at most `FRESH` milliseconds old. */
  read(): Promise<RunsState>;
}

/** Milliseconds for which a state is reused: scrolling through a table requests often. */
const FRESH = 800;

/** Opens the runs below a folder, which need not exist yet. */
export function openRunSource(folder?: string): RunSource {
  const index: RunIndex = openRunIndex(folder);
  const { root } = index;
  /** Folders that were checked. Files are checked each time they are sent. */
  const inside = new Map<string, boolean>();
  let state: Promise<RunsState> | undefined;
  let readAt = -Infinity;

  const isInside = (path: string): boolean => {
    const known = inside.get(path);
    if (known !== undefined) return known;
    let judged = false;
    try {
      judged = isBelow(realpathSync(root), realpathSync(path));
    } catch {
      return false; // removed meanwhile
    }
    inside.set(path, judged);
    return judged;
  };
  const read = async (): Promise<RunsState> => {
    const { runs, damaged } = await index.read();
    return {
      runs: runs
        .filter((run) => isInside(run.folder))
        .map((run) => ({
          ...run,
          place: placeOf(run.folder),
          ...(run.status === 'running' && { progress: readProgress(run.folder) }),
        })),
      damaged: damaged
        .filter(({ folder: path }) => !leadsOut(root, path))
        .map(({ folder: path, reason }) => ({ place: relative(root, path).split(sep).join('/'), reason })),
    };
  };
  return {
    root,
    read() {
      if (state === undefined || performance.now() - readAt > FRESH) {
        readAt = performance.now();
        const reading = read();
        state = reading;
        reading.then(
          () => {
            readAt = performance.now();
          },
          () => {
            state = undefined;
          },
        );
      }
      return state;
    },
  };
}

/** Whether a path exists, and its real path is outside the root. */
function leadsOut(root: string, path: string): boolean {
  try {
    return !isBelow(realpathSync(root), realpathSync(path));
  } catch {
    return false;
  }
}

/** The last two folders of a run's path. */
export function placeOf(folder: string): string {
  return `${basename(dirname(folder))}/${basename(folder)}`;
}
