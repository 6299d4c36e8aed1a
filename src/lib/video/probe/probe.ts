// Properties of a media file before its frames are decoded. @ffmpeg-installer has no ffprobe, so this runs `ffmpeg -i`;
// describe-input.ts parses its output.

import { resolve } from 'node:path';
import { UsageError } from '../../base/errors.js';
import { given } from '../../base/given.js';
import type { Warn } from '../../base/warn.js';
import { reasonOf, runFfmpeg, untrustedInput } from '../ffmpeg/ffmpeg.js';
import { describeInput, type InputDescription, type PictureStream } from './describe-input.js';
import { type Orientation, readOrientation } from './display-matrix.js';
import { seenIn, shownStream } from './look-closer.js';

/** The picture stream of a video, its container, and the sound beside it. */
export interface Probe extends PictureStream {
  /** Rotation and mirroring of its pictures; absent if ffmpeg applies it. */
  readonly orientation?: Orientation;
  /** Container as ffmpeg names it, such as `mov,mp4,m4a,3gp,3g2,mj2`. */
  readonly container: string;
  /** Seconds; absent if the container does not state it. */
  readonly duration?: number;
  /** Start of the file on its own clock, in seconds. */
  readonly startTime: number;
  /** Codec of the first sound stream, such as `aac`; absent without sound. */
  readonly audioCodec?: string;
}

/** Options of a probe. */
export interface ProbeOptions {
  readonly maxPixels: number;
  readonly signal?: AbortSignal;
  readonly onWarning?: Warn;
}

/**
 * Describes the video at `path`.
 *
 * @throws UsageError when it is not a video, has no picture, or has frames of more than `maxPixels`
 */
export async function probeVideo(path: string, options: ProbeOptions): Promise<Probe> {
  const { container, duration, startTime, audioCodec, shown: picture } = await describe(path, options);
  if (!picture) throw new UsageError(`'${path}' has no video stream${audioCodec ? ', only sound' : ''}; give a video`);
  const seen = await seenIn(path, { container, picture }, options.maxPixels, options);
  const orientation = container.split(',').includes('mov') ? await readOrientation(path, picture.stream) : undefined;
  return { ...picture, container, duration, startTime, audioCodec, ...seen, ...given({ orientation }) };
}

/** A file with sound. */
export interface AudioProbe extends Pick<Probe, 'container' | 'startTime'> {
  /** Codec of the first sound stream. */
  readonly codec: string;
}

/**
 * Describes the sound of the file at `path`, or returns undefined if it has none; it need not have pictures.
 *
 * @throws UsageError when ffmpeg cannot read it
 */
export async function probeAudio(path: string, options: ProbeOptions): Promise<AudioProbe | undefined> {
  const { audioCodec: codec, container, startTime } = await describe(path, options);
  return codec === undefined ? undefined : { codec, container, startTime };
}

async function describe(
  path: string,
  options: ProbeOptions,
): Promise<InputDescription & { readonly shown?: PictureStream }> {
  const { maxPixels, signal, onWarning } = options;
  const said = await runFfmpeg((ffmpeg) => untrustedInput(ffmpeg, path, maxPixels), {
    task: `opening '${path}'`,
    signal,
    onWarning,
    allowFailure: true, // it always ends with an error because no output is given
  });
  const refused = /\[(\S+) @ \S+\] Format not on whitelist/.exec(said);
  if (refused) {
    throw new UsageError(
      `'${path}' is not a video but ${refused[1]}, a kind of text or list that can name other files; give the video itself`,
    );
  }
  const described = describeInput(said);
  const reason = reasonOf(said.replace(/^At least one output file.*$/m, '')).replaceAll(`${resolve(path)}: `, '');
  if (!described) {
    throw new UsageError(`'${path}' is not a video that ffmpeg can read${reason ? `: ${reason}` : ''}; give a video`);
  }
  const size = await shownStream(path, described.pictures, maxPixels, { signal, onWarning });
  if (described.exceeded || (size && size.width * size.height > maxPixels)) {
    const [width, height] = described.exceeded ?? [size!.width, size!.height];
    throw new UsageError(
      `frames of '${path}' are ${width}x${height}, more than the limit of ${maxPixels} pixels; ` +
        'set maxPixels higher if you trust the file',
    );
  }
  if (size && size.width * size.height === 0) {
    throw new UsageError(
      `'${path}' has a video stream of unknown size${reason ? `: ${reason}` : ''}; give a whole video`,
    );
  }
  return { ...described, ...(size && { shown: size }) };
}
