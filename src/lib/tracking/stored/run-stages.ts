// How far a run is, as its folder records it: stages with the time each took, and the last report. Read like all of a run's
// folder, which nothing is believed of.

import { join } from 'node:path';
import { readRegularSync } from '../../base/regular-file.js';
import { RUN_FILES } from './run-record.js';

/**
 * A stage of a run's work; times are milliseconds since 1970.
 *
 * @inline
 */
export interface RunStage {
  readonly name: string;
  readonly start: number;
  /** When it was left for the last time; absent while it is the current one. */
  readonly end?: number;
  /** Seconds in it, without those in other stages and those in which nobody worked. */
  readonly seconds: number;
}

/** The content of `progress.json`. */
export interface RunProgress {
  readonly stages: readonly RunStage[];
  /** The last report; absent when the run has ended. */
  readonly now?: {
    readonly label: string;
    readonly done: number;
    readonly total: number;
    readonly time: number;
    /** Seconds until `done` reaches `total`. */
    readonly left?: number;
    readonly detail?: string;
    /** The last frame or preview, as the `data:` URI of a JPEG. */
    readonly picture?: string;
  };
}

const MOST_BYTES = 1e6;
const PICTURE = /^data:image\/jpeg;base64,[A-Za-z0-9+/]+=*$/;

/** Whether a value is a small JPEG as a `data:` URI. */
export function isPreview(picture: unknown): picture is string {
  return typeof picture === 'string' && PICTURE.test(picture);
}

/** The progress that a run's folder records; undefined where there is none that can be read. */
export function readProgress(folder: string): RunProgress | undefined {
  try {
    const value: unknown = JSON.parse(readRegularSync(join(folder, RUN_FILES.progress), MOST_BYTES).toString('utf8'));
    return isProgress(value) ? value : undefined;
  } catch {
    return undefined; // none, or damaged: it decides nothing
  }
}

function isProgress(value: unknown): value is RunProgress {
  const { stages, now } = (value ?? {}) as Partial<RunProgress>;
  if (!Array.isArray(stages) || !stages.every(isStage)) return false;
  if (now === undefined) return true;
  const { label, done, total, time, left, detail, picture } = now ?? {};
  return (
    [label, detail ?? ''].every((text) => typeof text === 'string') &&
    [done, total, time, left ?? 0].every(Number.isFinite) &&
    (picture === undefined || isPreview(picture))
  );
}

function isStage(value: unknown): value is RunStage {
  const { name, start, end, seconds } = (value ?? {}) as Partial<RunStage>;
  return typeof name === 'string' && [start, end ?? 0, seconds].every(Number.isFinite);
}
