// A source and a video that was made from it, opened so that frame by frame they show the same.

import { given } from '../base/given.js';
import { warnOnStderr } from '../base/warn.js';
import { fitVideo } from '../video/read/fit-video.js';
import { type OpenVideoOptions, openVideo } from '../video/read/open-video.js';
import type { Video } from '../video/read/video.js';

/** How a pair is opened; `crop` and `frameRate` are the output's. */
export interface PairOptions extends Pick<OpenVideoOptions, 'crop' | 'frameRate' | 'signal' | 'onWarning'> {
  /** The part of the source that belongs to the video. */
  readonly sourceCrop?: OpenVideoOptions['crop'];
  /** Seconds into the source at which the video begins. */
  readonly sourceStart?: number;
}

/**
 * Opens a source and the video that was made from it. Where the source has other sides or another frame rate, it is brought to those of the video: cut
 * and scaled as renderings are, every n-th frame of it, or the frames that are shown at the video's times.
 *
 * @throws UsageError when one cannot be opened, or their shapes have too little in common
 */
export async function openPair(
  source: string,
  output: string,
  { crop, frameRate, sourceCrop, sourceStart, signal, onWarning = warnOnStderr }: PairOptions = {},
): Promise<{ source: Video; output: Video }> {
  const hooks = given({ signal, onWarning });
  const video = await openVideo(output, { exact: true, ...hooks, ...given({ crop, frameRate }) });
  const part = { exact: true, ...hooks, ...given({ crop: sourceCrop, start: sourceStart, frameRate }) };
  const stored = await openVideo(source, part);
  const time = timing(stored, video);
  if (Object.keys(time).length > 0) {
    const taken = 'every' in time ? `every ${ordinal(time.every)} frame` : 'the frame of each time';
    onWarning(`'${source}' has ${rate(stored)} frames a second, '${output}' ${rate(video)}: ${taken} is compared`);
  }
  const options = { ...part, ...time };
  const timed = Object.keys(time).length > 0 ? await openVideo(source, options) : stored;
  return { source: await fitVideo({ source, video: timed }, video, options), output: video };
}

/** How the source's frames are chosen to go with the video's. Pictures that have no rate of their own go one by one. */
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
