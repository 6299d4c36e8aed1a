// A report on disk: one page with everything inside, or, for large videos, a page and a folder beside it.

import { writeFileAtomic } from '../base/atomic-file.js';
import type { OnProgress } from '../base/progress.js';
import { renderReport } from './render-report.js';
import type { ReportData } from './report-data.js';
import { embedFile, mediaBytes, mediaFolder, replaceMedia } from './report-media.js';

/** How a report is written. */
export interface WriteReportOptions {
  /**
   * Whether videos and pictures are put into the page, so that it is one file to send; false writes them into a folder
   * `NAME-files` beside `NAME.html`. By default they are put in while they are at most 32 MB together.
   */
  readonly embed?: boolean;
  /** Called after each video or picture that was put in or copied. */
  readonly onProgress?: OnProgress;
  /** Stops before the next video or picture; the signal's reason is thrown, and no page is written. */
  readonly signal?: AbortSignal;
}

/** What was written. */
export interface WrittenReport {
  readonly path: string;
  /** Size of the page in bytes. */
  readonly bytes: number;
  /** Paths of the files beside it; none where everything is inside. */
  readonly files: readonly string[];
}

const EMBED_UP_TO = 32e6;

/**
 * Writes a report whose videos and pictures are named by their paths. The page appears under its name only when it is whole,
 * and all that it shows is there before it.
 *
 * @throws UsageError when the data do not fit together, or a file is missing or of a kind that browsers don't show
 * @throws FailureError when the disk is full
 */
export async function writeReport(
  path: string,
  data: ReportData,
  options: WriteReportOptions = {},
): Promise<WrittenReport> {
  renderReport(data); // a mistake in the data shows before anything is copied
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
