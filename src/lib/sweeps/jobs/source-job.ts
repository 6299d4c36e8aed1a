// Reads and encodes the frames of a video once for all its points, and measures the autoencoder's round trip.

import { constants, existsSync } from 'node:fs';
import { copyFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { removeLeftovers, writeError, writeFileAtomic } from '../../base/atomic-file.js';
import { makeFolder } from '../../base/atomic-folder.js';
import { waitForLock } from '../../base/folder-lock.js';
import { sha256File } from '../../base/hash.js';
import { checksumsPath } from '../../base/record-journal.js';
import { writeSealedJson } from '../../base/sealed-json.js';
import type { Measurement } from '../../metrics/measurement.js';
import { openSource } from '../../renderings/comparison-plan.js';
import { ENCODED_JOURNALS, SOURCE_JOURNAL } from '../../renderings/journal-names.js';
import { openRenderedVideo } from '../../renderings/rendered-video.js';
import { sayTiming } from '../../video/times/timing-note.js';
import { modelOptions, sourceOptions } from '../points/point-options.js';
import type { JobHooks, OpenModel } from './executor.js';
import { ENCODED, isEncoded } from './finished.js';
import type { SourceJob } from './job.js';

/** The content of `sources/ID/result.json`. */
export interface SourceResult {
  readonly frames: number;
  readonly frameRate: number;
  readonly width: number;
  readonly height: number;
  /** Metrics of the source itself: the floor of every consistency metric. */
  readonly source: Measurement['means'];
  /** Metrics of the source after a VAE round trip: the floor of any edit by this model. */
  readonly roundTrip: Measurement['means'];
}

const RESULT = 'result.json';

/** Copies the encoded frames into a point's work folder, unless it has them. */
export async function takeEncoded(folder: string, work: string): Promise<void> {
  for (const name of ENCODED_JOURNALS) {
    if (existsSync(join(work, name))) continue;
    // Checksums are copied first, so the point detects and completes a partial copy. With a hard link, it could change the
    // original.
    for (const file of [checksumsPath(name), name]) {
      const from = join(folder, ENCODED, file);
      if (!existsSync(from)) continue;
      await copyFile(from, join(work, file), constants.COPYFILE_FICLONE).catch((error) => {
        throw writeError(join(work, file), error);
      });
    }
  }
}

/**
 * Encodes the frames of a source, continuing where an earlier process stopped.
 *
 * @throws UsageError for a video that cannot be opened or does not fit the model; FailureError when the disk is full
 */
export async function encodeSource(job: SourceJob, openModel: OpenModel, hooks: JobHooks): Promise<void> {
  const { folder, settings } = job;
  const { signal, onWarning } = hooks;
  const work = join(folder, ENCODED);
  await makeFolder(work);
  const unlock = await waitForLock(folder, folder, { signal });
  try {
    if (isEncoded(folder)) return;
    await removeLeftovers(folder);
    const model = await openModel(settings.model, { ...modelOptions(settings), onWarning });
    const video = await openSource(model, settings.video, { ...sourceOptions(settings), signal, onWarning });
    const rendered = await openRenderedVideo(model, video, { work, expected: 0 }, hooks);
    try {
      const { source, outputs } = await rendered.judge({ roundTrip: rendered.roundTrip });
      const { width, height } = video;
      const timing = await rendered.write(folder, { 'round-trip.mp4': rendered.roundTrip });
      sayTiming(video, timing, onWarning);
      const { frameRate } = timing;
      const result: SourceResult = {
        ...{ frames: rendered.frames, frameRate, width, height },
        source: source.means,
        roundTrip: outputs.roundTrip.means,
      };
      const files = { 'round-trip.mp4': await sha256File(join(folder, 'round-trip.mp4')) };
      await writeSealedJson(join(folder, RESULT), { ...result, files });
    } finally {
      await rendered.close();
    }
    // Points read the frames themselves.
    for (const file of [SOURCE_JOURNAL, checksumsPath(SOURCE_JOURNAL)]) await rm(join(work, file), { force: true });
    await writeFileAtomic(join(work, 'whole'), '');
  } finally {
    await unlock();
  }
}
