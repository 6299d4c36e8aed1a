// Writes frames as an mp4 for browsers, an animated WebP or GIF, or a folder of PNG, chosen by the name.

import { extname, resolve } from 'node:path';
import { replaceAtomically } from '../../base/atomic-file.js';
import { checkNewFolder, createFolderAtomically } from '../../base/atomic-folder.js';
import { UsageError } from '../../base/errors.js';
import type { FrameHooks } from '../../base/frame-progress.js';
import { given } from '../../base/given.js';
import type { Warn } from '../../base/warn.js';
import type { Frames } from '../../tensor/frame.js';
import { oneSize } from '../one-size.js';
import { checkWritable } from '../read/check-paths.js';
import { openVideo, PICTURE_RATE } from '../read/open-video.js';
import { isVideo, type VideoInput } from '../read/video.js';
import { framesOf } from '../read/video-input.js';
import { checkFrameRate } from '../times/frame-rate.js';
import type { FrameTimes } from '../times/frame-times.js';
import { type AudioFrom, audioSource } from './audio.js';
import { writeGif } from './gif.js';
import { writeMp4 } from './mp4.js';
import { writePngFolder } from './png-folder.js';
import { writeAnimatedWebp } from './webp.js';

/** Options of writing frames. After an abort, no file remains. */
export interface WriteVideoOptions extends FrameHooks {
  /** Frames per second; by default the video's rate, or 10 for frames in memory. A folder of PNG does not store it. */
  readonly frameRate?: number;
  /**
   * Times of the frames from `video.times()`, in place of `frameRate` if the rate is not constant. An mp4 has a resolution
   * of 1/90000 s, a WebP of 1 ms, a GIF of 10 ms.
   */
  readonly timing?: FrameTimes;
  /** mp4 only: adds the sound of this file, for the duration of the frames. */
  readonly audioFrom?: string | AudioFrom;
  /** mp4 only: x264's constant rate factor, 0 (lossless) to 51; 18 by default, visually almost lossless. */
  readonly crf?: number;
  /** WebP only: 1 to 100, or 'lossless'; 90 by default. */
  readonly quality?: number | 'lossless';
  /** A text for the file's metadata, in ASCII, such as how it was made. */
  readonly comment?: string;
  /** Called with warnings, such as about an old ffmpeg; standard error by default. */
  readonly onWarning?: Warn;
}

/**
 * Writes a video or frames to `path`: `.mp4` (H.264, 4:2:0, sides made even by repeating the last row and column), `.webp`,
 * `.gif`, or, for a name without extension or with a final slash, a folder of PNG files 00001.png, 00002.png, ... Frames are
 * pulled one at a time, at the speed of writing. The same frames give the same bytes with the same ffmpeg. An existing file
 * is replaced atomically after the last frame; a folder must be new or empty.
 *
 * @throws UsageError for an invalid name or option, no frames, or frames of different sizes
 * @throws FailureError when the disk is full or ffmpeg fails; no file remains
 */
export async function writeVideo(
  path: string,
  video: VideoInput,
  asked: WriteVideoOptions = {},
): Promise<{ frames: number }> {
  const kind = kindOf(path);
  const { frames, times } = await sourceOf(video, asked);
  const { frameRate = PICTURE_RATE } = times ?? asked;
  const options = { ...asked, frameRate, timing: times?.variable ? times : undefined };
  checkOptions(options, kind, path);
  options.signal?.throwIfAborted();
  if (kind === 'folder') {
    await checkNewFolder(path);
    return createFolderAtomically(path, (temporary) =>
      writePngFolder(temporary, oneSize(path, frames, options), options),
    );
  }
  await checkWritable(path);
  const audio = await audioSource(options.audioFrom, options);
  // ffmpeg treats a name with a leading '/' always as a file
  return replaceAtomically(resolve(path), (temporary) => {
    const checked = oneSize(path, frames, options);
    if (kind === 'mp4') return writeMp4(temporary, checked, { ...options, name: path, audio });
    if (kind === 'gif') return writeGif(temporary, checked, { ...options, name: path });
    return writeAnimatedWebp(temporary, checked, { ...options, name: path });
  });
}

type Kind = 'mp4' | 'webp' | 'gif' | 'folder';

function kindOf(path: string): Kind {
  const extension = extname(path).toLowerCase();
  if (/[\\/]$/.test(path) || extension === '') return 'folder';
  if (extension === '.mp4' || extension === '.webp' || extension === '.gif') return extension.slice(1) as Kind;
  throw new UsageError(
    `'${path}' does not say what to write; end the name in .mp4, .webp or .gif, or in '/' for a folder of PNG`,
  );
}

/** The frames of a video, and their times: as given, else its own. */
async function sourceOf(
  input: VideoInput,
  { timing, frameRate, signal, onWarning }: WriteVideoOptions,
): Promise<{ frames: Frames; times: FrameTimes | undefined }> {
  const video = typeof input === 'string' ? await openVideo(input, given({ exact: true, signal, onWarning })) : input;
  const own = isVideo(video) && timing === undefined && frameRate === undefined ? await video.times() : undefined;
  return { frames: framesOf(video), times: timing ?? own };
}

function checkOptions(options: WriteVideoOptions & { readonly frameRate: number }, kind: Kind, path: string): void {
  const { frameRate, crf, quality, audioFrom } = options;
  checkFrameRate(frameRate);
  if (kind === 'gif' && frameRate > 50) {
    throw new UsageError(
      `a GIF shows at most 50 frames per second, not ${frameRate}; write '${path}' as .mp4 or .webp`,
    );
  }
  if (audioFrom !== undefined && kind !== 'mp4') {
    throw new UsageError(`'${path}' cannot hold sound; write an .mp4, or leave the sound out`);
  }
  if (crf !== undefined && !(crf >= 0 && crf <= 51)) {
    throw new UsageError(`a crf of ${crf} is not possible; give 0 (lossless) to 51`);
  }
  if (
    quality !== undefined &&
    quality !== 'lossless' &&
    !(Number.isInteger(quality) && quality >= 1 && quality <= 100)
  ) {
    throw new UsageError(`a quality of ${quality} is not possible; give 1 to 100 or 'lossless'`);
  }
}
