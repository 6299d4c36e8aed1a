// Writes a report: one page with everything inside, or, for large videos, a page with a folder beside it.

import { writeFileAtomic } from '../base/atomic-file.js';
import type { OnProgress } from '../base/progress.js';
import { renderReport } from './render-report.js';
import type { ReportData } from './report-data.js';
import { embedFile, mediaBytes, mediaFolder, replaceMedia } from './report-media.js';

/** Options of writing a report. */
export interface WriteReportOptions {
  /**
   * Whether videos and pictures are embedded, so that the page is a single file; false copies them into a folder
   * `NAME-files` beside `NAME.html`. By default they are embedded up to 32 MB in total.
   */
  readonly embed?: boolean;
  /** Called after each video or picture that was embedded or copied. */
  readonly onProgress?: OnProgress;
  /** Stops before the next video or picture; the signal's reason is thrown, and no page is written. */
  readonly signal?: AbortSignal;
}

/**
 * The result of writing.
 *
 * @inline
 */
export interface WrittenReport {
  readonly path: string;
  /** Size of the page in bytes. */
  readonly bytes: number;
  /** Paths of the files beside it; none if everything is embedded. */
  readonly files: readonly string[];
}

const EMBED_UP_TO = 32e6;

/**
 * Writes a report whose videos and pictures are given by path. The page is written last and atomically, when all of its
 * files exist.
 *
 * @throws UsageError when the data are inconsistent, or a file is missing or of a type that browsers do not show
 * @throws FailureError when the disk is full
 */
export async function writeReport(
  path: string,
  data: ReportData,
  options: WriteReportOptions = {},
): Promise<WrittenReport> {
  renderReport(data); // reports errors in the data before anything is copied
  const { signal, onProgress } = options;
  let total = 0;
  let bytes = 0;
  await replaceMedia(data, async (file, what) => {
    signal?.throwIfAborted();
    bytes += await mediaBytes(file, what);
    total++;
    return file;
  });
  const { embed = bytes <= EMBED_UP_TO } = options;
  const beside = mediaFolder(path);
  let done = 0;
  const media = await replaceMedia(data, async (file) => {
    signal?.throwIfAborted();
    const url = await (embed ? embedFile(file) : beside.add(file));
    onProgress?.({ done: ++done, total, label: embed ? 'embedding files' : 'copying files' });
    return url;
  });
  const page = renderReport(media);
  await writeFileAtomic(path, page);
  await beside.tidy();
  return { path, bytes: Buffer.byteLength(page), files: beside.files };
}
