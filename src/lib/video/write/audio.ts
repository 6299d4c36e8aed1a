// Sound from one file beside the pictures of another. Copied where mp4 can hold it and browsers play it, else AAC.

import { UsageError } from '../../base/errors.js';
import type { Warn } from '../../base/warn.js';
import { DEFAULT_MAX_PIXELS, fileUrl, runFfmpeg, untrustedInput } from '../ffmpeg/ffmpeg.js';
import { probeAudio } from '../probe/probe.js';
import { checkReadable } from '../read/check-paths.js';
import { REPRODUCIBLE } from './encode.js';

/**
 * Sound to put beside the frames.
 *
 * @inline
 */
export interface AudioFrom {
  /** A file with sound, usually the video that the frames come from. */
  readonly path: string;
  /** Seconds of it to leave out at the beginning: the `start` that the frames were read with. */
  readonly start?: number;
}

/** A file with sound that was looked at. */
export interface AudioSource {
  readonly path: string;
  /** Seconds to leave out at the beginning. */
  readonly start: number;
  readonly codec: string;
  readonly container: string;
  /** Where the file begins on its own clock, seconds. */
  readonly startTime: number;
}

interface AudioOptions {
  readonly signal?: AbortSignal;
  readonly onWarning?: Warn;
}

const COPIED = new Set(['aac', 'mp3']);
const SEEK_EARLY = 5; // seconds
const AAC = ['-c:a', 'aac', '-b:a', '192k'];

/**
 * Looks at the file that sound is to come from; undefined when none is asked for.
 *
 * @throws UsageError when it does not exist or has no sound
 */
export async function audioSource(
  from: string | AudioFrom | undefined,
  options: AudioOptions,
): Promise<AudioSource | undefined> {
  if (from === undefined) return undefined;
  const { path, start = 0 } = typeof from === 'string' ? { path: from } : from;
  if (!Number.isFinite(start) || start < 0) {
    throw new UsageError(`sound cannot start at ${start} s; give seconds from 0 on`);
  }
  await checkReadable(path);
  const { signal, onWarning } = options;
  const probe = await probeAudio(path, { maxPixels: DEFAULT_MAX_PIXELS, signal, onWarning });
  if (!probe) throw new UsageError(`'${path}' has no sound to take; leave out the sound`);
  return { path, start, ...probe };
}

/** Pictures that sound is to be put beside: an mp4 of our own. */
export interface SilentVideo {
  readonly path: string;
  /** How many of its frames are taken; all unless said. */
  readonly frames?: number;
  /** Seconds that these are shown. */
  readonly duration: number;
}

/**
 * Puts `video` and the sound that belongs to it, if any, into the mp4 `path`. A copy can only begin between two packets of
 * sound, so that sound which begins later is encoded again, to be cut to the sample.
 */
export async function joinAudio(
  video: SilentVideo,
  audio: AudioSource | undefined,
  path: string,
  options: AudioOptions & { readonly name: string },
): Promise<void> {
  const { name, signal, onWarning } = options;
  const task = audio ? `adding the sound of '${audio.path}' to '${name}'` : `writing '${name}'`;
  await runFfmpeg(
    (ffmpeg) => {
      const sound = audio && soundOf(audio, untrustedInput(ffmpeg, audio.path, DEFAULT_MAX_PIXELS), video.duration);
      return [
        ...['-loglevel', 'error', '-y', '-copyts', '-i', fileUrl(video.path), ...(sound?.input ?? [])],
        ...[
          '-map',
          '0:v:0',
          '-c:v',
          'copy',
          ...(video.frames === undefined ? [] : ['-frames:v', String(video.frames)]),
        ],
        ...[...(sound?.output ?? []), ...REPRODUCIBLE, '-map_chapters', '-1'],
        ...['-movflags', '+faststart+write_colr', '-f', 'mp4', fileUrl(path)],
      ];
    },
    { task, signal, onWarning },
  );
}

/** The second input, and how the output's sound comes from it. Timestamps are the file's own (`-copyts`). */
function soundOf({ start, startTime, codec, container }: AudioSource, opened: string[], duration: number) {
  const copied = COPIED.has(codec) && start < 0.001 && !/^mpeg/.test(container);
  if (copied) {
    const output = ['-map', '1:a:0', '-c:a', 'copy', '-t', duration.toFixed(6)];
    return { input: ['-itsoffset', (-startTime).toFixed(6), ...opened], output };
  }
  const from = start + startTime;
  const cut = `atrim=start=${from.toFixed(6)}:end=${(from + duration).toFixed(6)},asetpts=PTS-${from.toFixed(6)}/TB`;
  // To be quick where that is late; the cut itself is by time.
  const seek = start > 2 * SEEK_EARLY && /mov|matroska/.test(container);
  const seeking = seek ? ['-noaccurate_seek', '-ss', (start - SEEK_EARLY).toFixed(6)] : [];
  // Silence where sound begins later than the pictures, or pauses.
  const filter = `[1:a:0]${cut},aresample=async=1:first_pts=0[sound]`;
  return { input: [...seeking, ...opened], output: ['-filter_complex', filter, '-map', '[sound]', ...AAC] };
}
