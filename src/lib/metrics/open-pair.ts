// Opens a source and a video restyled from it, so that their frames correspond.

import { given } from '../base/given.js';
import { warnOnStderr } from '../base/warn.js';
import { fitVideo } from '../video/read/fit-video.js';
import { type OpenVideoOptions, openVideo } from '../video/read/open-video.js';
import type { Video, VideoInput } from '../video/read/video.js';
import { repeatable } from '../video/read/video-input.js';

/** Options of opening a pair; `crop` and `frameRate` are the output's. */
export interface PairOptions extends Pick<OpenVideoOptions, 'crop' | 'frameRate' | 'signal' | 'onWarning'> {
  /** The part of the source that corresponds to the video. */
  readonly sourceCrop?: OpenVideoOptions['crop'];
  /** Seconds into the source at which the video begins. */
  readonly sourceStart?: number;
}

/**
 * Opens a source and the video restyled from it. If the source has another size or frame rate, it is brought to the video's:
 * cropped and scaled as for renderings, with every n-th of its frames or the frames that are shown at the video's times.
 *
 * @throws UsageError when one cannot be opened, or their aspect ratios differ too much
 */
export async function openPair(
  sourceInput: VideoInput,
  outputInput: VideoInput,
  { crop, frameRate, sourceCrop, sourceStart, signal, onWarning = warnOnStderr }: PairOptions = {},
): Promise<{ source: Video; output: Video }> {
  const [source, output] = [await repeatable(sourceInput), await repeatable(outputInput)];
  const hooks = given({ signal, onWarning });
  const video = await openVideo(output, { exact: true, ...hooks, ...given({ crop, frameRate }) });
  const part = { exact: true, ...hooks, ...given({ crop: sourceCrop, start: sourceStart, frameRate }) };
  const stored = await openVideo(source, part);
  const time = timing(stored, video);
  if (Object.keys(time).length > 0) {
    const taken = 'every' in time ? `every ${ordinal(time.every)} frame` : 'the frame of each time';
    onWarning(
      `'${stored.path}' has ${rate(stored)} frames a second, '${video.path}' ${rate(video)}: ${taken} is compared`,
    );
  }
  const options = { ...part, ...time };
  const timed = Object.keys(time).length > 0 ? await openVideo(source, options) : stored;
  return { source: await fitVideo({ source, video: timed }, video, options), output: video };
}

/** The selection of the source's frames that matches the video's. Pictures without a rate are paired by index. */
function timing(source: Video, video: Video): { every: number } | { frameRate: number } | Record<string, never> {
  if (source.rateFrom === 'default' || video.rateFrom === 'default') return {};
  const ratio = source.frameRate / video.frameRate;
  const whole = Math.round(ratio);
  if (whole >= 1 && Math.abs(ratio - whole) < 2e-3 * whole) return whole === 1 ? {} : { every: whole };
  return { frameRate: video.frameRate };
}

function ordinal(n: number): string {
  return n === 2 ? 'second' : n === 3 ? 'third' : `${n}th`;
}

function rate({ frameRate }: Video): number {
  return Math.round(frameRate * 1000) / 1000;
}
