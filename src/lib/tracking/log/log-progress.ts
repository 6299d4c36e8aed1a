// Logs how far a run is, for those who watch it: its stages, and the last report, at most once a second.

import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createEstimator, type OnProgress, type Progress } from '../../base/progress.js';
import { RUN_FILES } from '../stored/run-record.js';
import { type RunProgress, type RunStage, readProgress } from '../stored/run-stages.js';
import type { Run } from './run.js';

/** Milliseconds between two writes. */
const EVERY = 1000;
/** The most stages that are kept. */
const MOST_STAGES = 200;

/** A log of progress. */
export interface ProgressLog {
  readonly stages: readonly RunStage[];
  report(progress: Progress): void;
  /** Ends the current stage, and writes how long each took. */
  end(): void;
}

/** Opens the log of a run's folder; stages of an earlier process are continued. */
export function openProgressLog(folder: string, clock: () => number = Date.now): ProgressLog {
  const stages = new Map<string, RunStage>();
  let isRead = false;
  let current: { name: string; since: number; before: number } | undefined;
  let estimate = createEstimator(0, clock);
  let now: RunProgress['now'];
  let writtenAt = -Infinity;
  let timer: NodeJS.Timeout | undefined;

  /** The stages of an earlier process, once there is one to add. */
  const readEarlier = (): void => {
    if (isRead) return;
    isRead = true;
    for (const stage of readProgress(folder)?.stages ?? []) stages.set(stage.name, stage);
  };
  const leave = (time: number): void => {
    if (current) stages.set(current.name, { ...stages.get(current.name)!, end: time, seconds: secondsAt(time) });
  };
  const secondsAt = (time: number): number => current!.before + Math.max(0, time - current!.since) / 1000;
  const enter = (name: string, time: number): void => {
    leave(time);
    const known = stages.get(name);
    current = { name, since: time, before: known?.seconds ?? 0 };
    stages.set(name, { name, start: known?.start ?? time, seconds: current.before });
    if (stages.size > MOST_STAGES) stages.delete(stages.keys().next().value!);
  };
  const write = (time: number): void => {
    clearTimeout(timer);
    timer = undefined;
    writtenAt = time;
    const path = join(folder, RUN_FILES.progress);
    const temporary = join(folder, `.${RUN_FILES.progress}`);
    try {
      writeFileSync(temporary, JSON.stringify({ stages: [...stages.values()], ...(now && { now }) }));
      renameSync(temporary, path);
    } catch {
      // It decides nothing: a disk that is full is told of by what does.
    }
  };
  return {
    get stages() {
      return [...stages.values()];
    },
    report({ done, total, label, stage = label, detail, picture = now?.picture, secondsLeft }) {
      const time = clock();
      readEarlier();
      if (current?.name !== stage) enter(stage, time);
      else stages.set(stage, { ...stages.get(stage)!, seconds: secondsAt(time) });
      // Labels of one total are parts of one piece of work, and have one estimate.
      if (total !== now?.total || done < now.done) estimate = createEstimator(total, clock);
      const left = secondsLeft ?? estimate(done);
      now = {
        ...{ label, done, total, time },
        ...(left !== undefined && { left }),
        ...(detail !== undefined && { detail }),
        ...(picture !== undefined && { picture }),
      };
      const wait = EVERY - (time - writtenAt);
      if (wait <= 0) write(time);
      else timer ??= setTimeout(() => write(clock()), wait).unref();
    },
    end() {
      if (current === undefined) return;
      const time = clock();
      leave(time);
      [current, now] = [undefined, undefined];
      write(time);
    },
  };
}

/** Hooks whose progress is logged to a run too. */
export function withProgress<Hooks extends { readonly onProgress?: OnProgress | undefined }>(
  run: Pick<Run, 'logProgress'>,
  hooks: Hooks,
): Hooks & { readonly onProgress: OnProgress } {
  return {
    ...hooks,
    onProgress(progress) {
      run.logProgress(progress);
      hooks.onProgress?.(progress);
    },
  };
}
