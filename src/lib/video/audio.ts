// Sound from one file beside the pictures of another. Copied where mp4 can hold it and browsers play it, else AAC.

import { rm } from 'node:fs/promises';
import { temporaryName } from '../base/atomic-file.js';
import { UsageError } from '../base/errors.js';
import { checkReadable } from './check-paths.js';
import { REPRODUCIBLE } from './encode.js';
import { DEFAULT_MAX_PIXELS, fileUrl, runFfmpeg, untrustedInput } from './ffmpeg.js';
import type { Warn } from './find-ffmpeg.js';
import { probeAudio } from './probe.js';

/** Sound to put beside the frames. */
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
}

interface AudioOptions {
  readonly signal?: AbortSignal;
  readonly onWarning?: Warn;
}

const COPIED = new Set(['aac', 'mp3']);
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
  const codec = await probeAudio(path, { maxPixels: DEFAULT_MAX_PIXELS, signal, onWarning });
  if (!codec) throw new UsageError(`'${path}' has no sound to take; leave out the sound`);
  return { path, start, codec };
}

/** Joins the pictures of `pictures` (an mp4 of our own) with `duration` seconds of sound into the mp4 `path`. */
export async function addAudio(
  pictures: string,
  audio: AudioSource,
  duration: number,
  path: string,
  options: AudioOptions & { readonly name: string },
): Promise<void> {
  const task = `adding the sound of '${audio.path}' to '${options.name}'`;
  const run = { task, signal: options.signal, onWarning: options.onWarning };
  const sound = temporaryName(path);
  const [start, length] = [
    ['-ss', audio.start.toFixed(6)],
    ['-t', duration.toFixed(6)],
  ];
  const copied = COPIED.has(audio.codec);
  const shape = [...REPRODUCIBLE, '-map_chapters', '-1', '-f', 'mp4'];
  try {
    await runFfmpeg((ffmpeg) => {
      const input = untrustedInput(ffmpeg, audio.path, DEFAULT_MAX_PIXELS);
      // A copy is cut while writing: a seek goes to the last key picture, and all sound since then would be hidden in the file.
      const cut = copied ? [...input, ...start, ...length, '-c:a', 'copy'] : [...start, ...length, ...input, ...AAC];
      return ['-loglevel', 'error', '-y', ...cut, '-map', '0:a:0', '-vn', ...shape, fileUrl(sound)];
    }, run);
    await runFfmpeg(
      () => [
        ...[
          '-loglevel',
          'error',
          '-y',
          '-i',
          fileUrl(pictures),
          '-i',
          fileUrl(sound),
          '-map',
          '0:v:0',
          '-map',
          '1:a:0',
        ],
        ...['-c', 'copy', ...length, ...shape, '-movflags', '+faststart+write_colr', fileUrl(path)],
      ],
      run,
    );
  } finally {
    await rm(sound, { force: true });
  }
}
