// Writes a comparison of runs as a folder: the dashboard's page, and the files it shows.

import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { checkNewFolder, createFolderAtomically } from '../lib/base/atomic-folder.js';
import { FailureError, UsageError } from '../lib/base/errors.js';
import type { OnProgress } from '../lib/base/progress.js';
import { folderName } from '../lib/tracking/log/names.js';
import { type Curve, openCurves } from '../lib/tracking/query/curves.js';
import { listRuns, locateRuns } from '../lib/tracking/query/list-runs.js';
import { artifactFile } from '../lib/tracking/stored/artifact-file.js';
import { collectComparison } from './comparison.js';
import { comparisonPage } from './comparison-page.js';
import { type FileUrl, kindOf } from './run-media.js';
import { type PlacedRun, placeOf } from './run-source.js';

/** Options of the report. */
export interface RunReportOptions {
  /** Folders, `experiment/name`, or ids. */
  readonly names?: readonly string[];
  /** A filter; the runs that match it are added to those named. */
  readonly filter?: string | undefined;
  readonly title?: string | undefined;
  /** The folder of all runs; `STEADYFRAME_RUNS` or `runs` by default. */
  readonly root?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: OnProgress | undefined;
  readonly onWarning?: ((message: string) => void) | undefined;
}

/** The result of writing. */
export interface WrittenRunReport {
  /** Path of the page. */
  readonly path: string;
  readonly runs: number;
  /** Number of files beside the page, and the bytes of all files. */
  readonly files: number;
  readonly bytes: number;
}

/** The most points per curve in the page. */
const POINTS = 600;
/** Larger files other than pictures and videos are listed, but not copied. */
const MOST_OTHER_BYTES = 5e6;

/**
 * Writes a folder with `index.html` and the files of the runs that it shows.
 *
 * @throws UsageError when a run does not exist, none is named, or the folder is not empty
 * @throws FailureError when the disk is full
 */
export async function writeRunReport(out: string, options: RunReportOptions): Promise<WrittenRunReport> {
  const { title, signal, onProgress, onWarning } = options;
  await checkNewFolder(out);
  const runs = await findRuns(options);
  return createFolderAtomically(out, async (folder) => {
    const copies = copiesInto(folder, options);
    const shown = new Set(runs.map(({ folder: own }) => own));
    const comparison = await collectComparison(
      { runs, damaged: [] },
      runs.map(({ place }) => place),
      copies.urlOf,
    );
    const curves: Curve[] = [];
    for (const [done, run] of runs.entries()) {
      signal?.throwIfAborted();
      onProgress?.({ done, total: runs.length, label: 'reading metrics' });
      const keys = Object.keys(run.metrics).filter((key) => run.metrics[key].count > 1);
      curves.push(...(await openCurves(join(run.folder, '../..'), onWarning).read(run, { keys, points: POINTS })));
    }
    onProgress?.({ done: runs.length, total: runs.length, label: 'reading metrics' });
    const running = runs.filter(({ status }) => status === 'running').length;
    if (running > 0)
      onWarning?.(`${running} of ${shown.size} runs are still running: the page shows them as they are now`);
    const page = comparisonPage(comparison, { curves, title });
    await writeFile(join(folder, 'index.html'), page);
    const { files, bytes } = copies;
    return { path: join(out, 'index.html'), runs: runs.length, files, bytes: bytes + Buffer.byteLength(page) };
  });
}

async function findRuns({ names = [], filter, root, onWarning }: RunReportOptions): Promise<PlacedRun[]> {
  if (names.length === 0 && filter === undefined) {
    throw new UsageError('report needs runs; name some, as steadyframe runs lists them, or give a filter');
  }
  const found = new Map<string, PlacedRun>();
  const named = await locateRuns(names, root);
  for (const run of named.found) found.set(run.folder, { ...run, place: placeOf(run.folder) });
  for (const { reason } of named.damaged) onWarning?.(reason);
  if (filter !== undefined) {
    for (const run of await listRuns({ root, filter, onWarning })) {
      if (!found.has(run.folder)) found.set(run.folder, { ...run, place: placeOf(run.folder) });
    }
  }
  if (found.size === 0 && named.damaged.length > 0) throw new FailureError(named.damaged[0].reason);
  if (found.size === 0) throw new UsageError(`report: the filter "${filter}" admits none of the runs; change it`);
  return [...found.values()];
}

/** Copies files into the report when their address is requested. */
function copiesInto(
  folder: string,
  { signal, onWarning }: RunReportOptions,
): { urlOf: FileUrl; readonly files: number; readonly bytes: number } {
  const copied = new Map<string, string>();
  const taken = new Set<string>();
  let bytes = 0;
  return {
    get files() {
      return copied.size;
    },
    get bytes() {
      return bytes;
    },
    async urlOf(_, run, artifact) {
      signal?.throwIfAborted();
      const file = await artifactFile(run, artifact);
      if ('problem' in file) {
        onWarning?.(`${run.folder}: ${artifact.name} is not copied: it ${file.problem} (${file.path})`);
        return { problem: `${file.problem}, and was not copied` };
      }
      const { path, bytes: size } = file;
      const before = copied.get(path);
      if (before !== undefined) return { url: before };
      if (kindOf(path) === 'other' && size > MOST_OTHER_BYTES) return { problem: 'is large and was not copied' };
      const name = freeName(run.folder, path, taken);
      const url = `files/${encodeURIComponent(name)}`;
      copied.set(path, url);
      bytes += size;
      await mkdir(join(folder, 'files'), { recursive: true });
      await copyFile(path, join(folder, 'files', name));
      return { url };
    },
  };
}

/** A file name that contains the run's name: `run-strength-0.45.mp4`. */
function freeName(folder: string, path: string, taken: Set<string>): string {
  const extension = extname(path)
    .toLowerCase()
    .replace(/[^.a-z0-9]/g, '');
  const stem = folderName(`${basename(folder)}-${basename(path, extname(path))}`).slice(0, 80);
  for (let n = 1; ; n++) {
    const name = `${stem}${n === 1 ? '' : `-${n}`}${extension}`;
    if (taken.has(name)) continue;
    taken.add(name);
    return name;
  }
}
