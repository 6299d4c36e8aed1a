// Uploads runs while they are running. Runs write only to their folders; uploads follow at the pace of the server. After a
// time limit at the end, whatever the server lacks stays on the disk for `steadyframe sync`.

import { dirname } from 'node:path';
import type { RunListener } from '../log/run.js';
import { openRunIndex } from '../stored/run-index.js';
import { readRunRecord } from '../stored/run-record.js';
import { createClient } from './client.js';
import type { UploadContext } from './ensure-run.js';
import { ServerTrouble } from './http.js';
import { backoff } from './retry.js';
import { serverAddress } from './server-address.js';
import { uploadRun } from './upload-run.js';

/** The uploads of one process to one server. */
export interface LiveUploads {
  /** Uploads a run now and whenever it changes. */
  follow(folder: string): RunListener;
  /** Resolves when everything is uploaded, or was given up after the end of the last run. */
  settled(): Promise<void>;
}

/** Timing of uploads, in milliseconds. */
export interface LiveTiming {
  /** From a change to its upload, which includes further changes in that time. */
  readonly delay?: number;
  /** Limit after the end of the last run in which a server makes no progress. */
  readonly grace?: number;
  /** Longest pause between attempts while runs are running. */
  readonly longest?: number;
}

const all = new Map<string, LiveUploads>();

/**
 * The uploads to a server, shared by the whole process.
 *
 * @throws UsageError for an invalid address
 */
export function liveUploads(uri: string, onWarning: (message: string) => void, timing?: LiveTiming): LiveUploads {
  const known = all.get(uri);
  if (known) return known;
  const uploads = startUploads(uri, onWarning, timing);
  all.set(uri, uploads);
  return uploads;
}

/** Resolves when all uploads of this process are done or given up. */
export async function uploadsSettled(): Promise<void> {
  await Promise.all([...all.values()].map((uploads) => uploads.settled()));
}

interface Followed {
  changed: boolean;
  ended: boolean;
}

function startUploads(
  uri: string,
  warn: (message: string) => void,
  { delay = 2000, grace = 1500, longest = 60_000 }: LiveTiming = {},
): LiveUploads {
  const address = serverAddress(uri);
  /** An error in a listener does not stop uploads. */
  const onWarning = (message: string): void => {
    try {
      warn(message);
    } catch {
      // it has been told
    }
  };
  const runs = new Map<string, Followed>();
  const folders = new Map<string, string>(); // by id
  let controller = new AbortController();
  let movedAt = 0;
  let failures = 0;
  let warned = false;
  let timer: NodeJS.Timeout | undefined;
  let watch: NodeJS.Timeout | undefined;
  let working: Promise<void> | undefined;
  const waiting = new Set<() => void>();

  const onMove = (): void => {
    movedAt = performance.now();
  };
  const contextOf = (): UploadContext => ({
    client: createClient(address, { attempts: 1, signal: controller.signal, onMove }),
    parents: new Map(),
    async folderOf(id) {
      const folder = folders.get(id);
      if (folder !== undefined) return folder;
      // Started by another process: search beside the known runs.
      for (const root of new Set([...runs.keys()].map((run) => dirname(dirname(run))))) {
        const found = (await openRunIndex(root).read()).runs.find((run) => run.id === id);
        if (found) folders.set(id, found.folder);
      }
      return folders.get(id);
    },
  });
  let context = contextOf();

  const isEnding = (): boolean => [...runs.values()].every(({ ended }) => ended);
  const schedule = (wait: number): void => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      timer = undefined;
      working ??= pass().finally(() => {
        working = undefined;
        settle();
      });
    }, wait);
    // The work keeps the process alive; after it, only uploads that make progress do.
    if (!isEnding()) timer.unref();
  };
  const settle = (): void => {
    if (runs.size > 0) return;
    clearTimeout(timer);
    clearInterval(watch);
    watch = undefined;
    for (const resolve of waiting) resolve();
    waiting.clear();
  };
  const pass = async (): Promise<void> => {
    const { signal } = controller;
    for (const [folder, run] of runs) {
      if (!run.changed && !run.ended) continue;
      const { ended } = run;
      run.changed = false;
      try {
        folders.set((await readRunRecord(folder)).id, folder);
        const { missing } = await uploadRun(folder, context);
        [failures, warned] = [0, false];
        for (const sentence of missing) if (ended) onWarning(`MLflow: ${sentence}`);
        if (ended && !run.changed) runs.delete(folder);
      } catch (error) {
        if (signal.aborted) return;
        if (!(error instanceof ServerTrouble) || !error.details.again) {
          onWarning(`${(error as Error).message}; ${folder} is complete on disk, but is not uploaded any further`);
          runs.delete(folder);
          continue;
        }
        run.changed = true;
        failures++;
        if (!warned) onWarning(`${error.message}; runs go on, and are uploaded when it can be reached`);
        warned = true;
        schedule(backoff(failures, error.details.retryAfter, { base: 1000, longest: isEnding() ? 2000 : longest }));
        return;
      }
    }
    if ([...runs.values()].some(({ changed, ended }) => changed || ended)) schedule(isEnding() ? 0 : delay);
  };
  const giveUp = (): void => {
    const count = runs.size;
    controller.abort();
    runs.clear();
    onWarning(
      `MLflow at ${address.uri} did not take everything of ${count === 1 ? 'a run' : `${count} runs`}; upload the rest with: steadyframe sync --mlflow ${address.uri}`,
    );
    controller = new AbortController();
    context = contextOf();
    settle();
  };

  return {
    follow(folder) {
      const run: Followed = { changed: true, ended: false };
      runs.set(folder, run);
      clearInterval(watch);
      watch = undefined;
      schedule(0);
      return {
        changed() {
          if (!runs.has(folder)) return;
          run.changed = true;
          if (timer === undefined && !working) schedule(delay);
        },
        ended() {
          if (!runs.has(folder)) return;
          run.changed = true;
          run.ended = true;
          if (!working) schedule(failures > 0 ? Math.min(delay, 500) : 0);
          if (!isEnding() || watch) return;
          onMove();
          watch = setInterval(
            () => {
              if (performance.now() - movedAt > grace) giveUp();
            },
            Math.min(200, grace),
          );
        },
      };
    },
    settled: () => (runs.size === 0 ? Promise.resolve() : new Promise((resolve) => waiting.add(resolve))),
  };
}
