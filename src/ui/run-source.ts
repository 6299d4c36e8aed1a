// The runs that the dashboard shows: those of the index whose real paths are below the root. Cached for a moment.

import { existsSync } from 'node:fs';
import { basename, dirname, relative, sep } from 'node:path';
import { isReallyBelow } from '../lib/base/below.js';
import { openRunIndex, type RunIndex } from '../lib/tracking/stored/run-index.js';
import { type RunProgress, readProgress } from '../lib/tracking/stored/run-stages.js';
import type { RunSummary } from '../lib/tracking/stored/run-summary.js';

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
    const judged = inside.get(path) ?? isReallyBelow(root, path);
    if (judged || existsSync(path)) inside.set(path, judged); // else it was removed meanwhile
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
        .filter(({ folder: path }) => !existsSync(path) || isReallyBelow(root, path))
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
        const ended = (isRead: boolean): void => {
          readAt = performance.now();
          if (!isRead) state = undefined;
        };
        reading.then(
          () => ended(true),
          () => ended(false),
        );
      }
      return state;
    },
  };
}

/** The last two folders of a run's path. */
export function placeOf(folder: string): string {
  return `${basename(dirname(folder))}/${basename(folder)}`;
}
