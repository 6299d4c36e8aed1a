// What is known of a media file before a frame of it is decoded. @ffmpeg-installer has no ffprobe, so this runs
// `ffmpeg -i`; what that prints is read in describe-input.ts.

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
  /** How its pictures are brought upright; absent where that is left to ffmpeg. */
  readonly orientation?: Orientation;
  /** Container as ffmpeg names it, such as `mov,mp4,m4a,3gp,3g2,mj2`. */
  readonly container: string;
  /** Seconds; absent where the container does not say. */
  readonly duration?: number;
  /** Where the file begins on its own clock, seconds. */
  readonly startTime: number;
  /** Codec of the first sound stream, such as `aac`; absent without sound. */
  readonly audioCodec?: string;
}

/** What a probe is told. */
export interface ProbeOptions {
  readonly maxPixels: number;
  readonly signal?: AbortSignal;
  readonly onWarning?: Warn;
}

/**
 * Describes the video at `path`.
 *
 * @throws UsageError when it is no video, has no picture, or has frames of more than `maxPixels`
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
 * Describes the sound of the file at `path`, or undefined when it has none; it need not have pictures.
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
    allowFailure: true, // it always ends by complaining that no output is named
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
