// Adds the sound of one file to the pictures of another: copied if mp4 supports the codec and browsers play it, else AAC.

import { UsageError } from '../../base/errors.js';
import type { Warn } from '../../base/warn.js';
import { DEFAULT_MAX_PIXELS, fileUrl, runFfmpeg, untrustedInput } from '../ffmpeg/ffmpeg.js';
import { probeAudio } from '../probe/probe.js';
import { checkReadable } from '../read/check-paths.js';
import { commentArguments, REPRODUCIBLE } from './encode.js';

/**
 * The sound for the frames.
 *
 * @inline
 */
export interface AudioFrom {
  /** A file with sound, usually the source of the frames. */
  readonly path: string;
  /** Seconds to leave out at the beginning: the `start` of the frames' selection. */
  readonly start?: number;
}

/** A probed file with sound. */
export interface AudioSource {
  readonly path: string;
  /** Seconds to leave out at the beginning. */
  readonly start: number;
  readonly codec: string;
  readonly container: string;
  /** Start of the file on its own clock, in seconds. */
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
 * Probes the file of the sound; undefined if none is given.
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

/** The pictures that get sound: an mp4 written here. */
export interface SilentVideo {
  readonly path: string;
  /** Number of its frames to keep; all by default. */
  readonly frames?: number;
  /** Their duration in seconds. */
  readonly duration: number;
}

/**
 * Writes `video` and its sound, if any, to the mp4 `path`. A copy can begin only between two packets of sound, so sound with
 * a later start is encoded again, to be cut to the sample.
 */
export async function joinAudio(
  video: SilentVideo,
  audio: AudioSource | undefined,
  path: string,
  options: AudioOptions & { readonly name: string; readonly comment?: string },
): Promise<void> {
  const { name, comment, signal, onWarning } = options;
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
        ...[...(sound?.output ?? []), ...REPRODUCIBLE, ...commentArguments(comment), '-map_chapters', '-1'],
        ...['-movflags', '+faststart+write_colr', '-f', 'mp4', fileUrl(path)],
      ];
    },
    { task, signal, onWarning },
  );
}

/** The arguments of the second input, and of the output's sound. Timestamps are the file's own (`-copyts`). */
function soundOf({ start, startTime, codec, container }: AudioSource, opened: string[], duration: number) {
  const copied = COPIED.has(codec) && start < 0.001 && !/^mpeg/.test(container);
  if (copied) {
    const output = ['-map', '1:a:0', '-c:a', 'copy', '-t', duration.toFixed(6)];
    return { input: ['-itsoffset', (-startTime).toFixed(6), ...opened], output };
  }
  const from = start + startTime;
  const cut = `atrim=start=${from.toFixed(6)}:end=${(from + duration).toFixed(6)},asetpts=PTS-${from.toFixed(6)}/TB`;
  // Seeking is for speed with a late start; the cut itself is by time.
  const seek = start > 2 * SEEK_EARLY && /mov|matroska/.test(container);
  const seeking = seek ? ['-noaccurate_seek', '-ss', (start - SEEK_EARLY).toFixed(6)] : [];
  // Adds silence if sound begins later than the pictures, or pauses.
  const filter = `[1:a:0]${cut},aresample=async=1:first_pts=0[sound]`;
  return { input: [...seeking, ...opened], output: ['-filter_complex', filter, '-map', '[sound]', ...AAC] };
}
