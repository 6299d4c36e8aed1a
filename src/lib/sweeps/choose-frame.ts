// One frame of a video by its number, so that what is made of it can be paired with it again. By time alone see edit-frame.ts.

import { UsageError } from '../base/errors.js';
import { given } from '../base/given.js';
import type { Frame } from '../tensor/frame.js';
import { type OpenVideoOptions, openVideo } from '../video/open-video.js';

/** Which frame, and how it is read. */
export interface FrameRequest
  extends Pick<OpenVideoOptions, 'size' | 'crop' | 'start' | 'duration' | 'every' | 'signal' | 'onWarning'> {
  /** Number of the frame within what is taken of the video, counted from 0. */
  readonly frame?: number;
  /** Seconds from the beginning of that part, in place of `frame`. Without either it is the frame in the middle. */
  readonly at?: number;
}

/** A frame that was chosen. */
export interface ChosenFrame {
  readonly frame: number;
  /** Seconds at which it appears, by the video's frame rate. */
  readonly at: number;
  readonly picture: Frame;
}

/**
 * The number of the frame that is asked for: the one shown at `at` is floor(at * frame rate).
 *
 * @throws UsageError for a bad video, number or time
 */
export async function frameNumber(path: string, request: FrameRequest): Promise<number> {
  return (await locate(path, request)).frame;
}

/**
 * The frame that is asked for. Frames before it are decoded too: only counting gives numbers that hold for any video.
 *
 * @throws UsageError for a bad video, or a frame that is not in it
 */
export async function chooseFrame(path: string, request: FrameRequest): Promise<ChosenFrame> {
  const { frame, frameRate, duration, options } = await locate(path, request);
  const video = await openVideo(path, { ...options, frames: frame + 1 });
  let count = 0;
  for await (const picture of video.frames()) {
    if (count++ === frame) return { frame, at: frame / frameRate, picture };
  }
  if (request.at !== undefined) throw noFrameAt(path, request.at, duration ?? count / frameRate);
  throw new UsageError(
    `${path}: there is no frame ${frame}, its frames are 0 to ${count - 1}; choose one of these, or another video`,
  );
}

async function locate(path: string, request: FrameRequest) {
  const { frame, at, size, crop, start, every, signal, onWarning } = request;
  if (frame !== undefined && at !== undefined) {
    throw new UsageError('a frame is chosen by its number or by its time; give one of the two');
  }
  const part = { start, duration: request.duration, every };
  const options: OpenVideoOptions = given({ size, crop, ...part, signal, onWarning });
  const { frameRate, duration: whole, expectedFrames = 1 } = await openVideo(path, options);
  const rest = whole === undefined ? undefined : whole - (start ?? 0);
  const duration = request.duration === undefined ? rest : Math.min(request.duration, rest ?? Infinity);
  if (at !== undefined) {
    if (!(at >= 0)) throw new UsageError(`${path}: there is no frame at ${at} s; give seconds from 0 on`);
    if (duration !== undefined && at > duration + 1e-3) throw noFrameAt(path, at, duration);
    return { frame: Math.floor(at * frameRate + 1e-4), frameRate, duration, options };
  }
  const number = frame ?? Math.floor(expectedFrames / 2);
  if (!Number.isSafeInteger(number) || number < 0) {
    throw new UsageError(`${path}: there is no frame ${number}; give a whole number from 0 on`);
  }
  return { frame: number, frameRate, duration, options };
}

function noFrameAt(path: string, at: number, duration: number): UsageError {
  const lasts = Math.round(duration * 1000) / 1000;
  return new UsageError(`${path}: there is no frame at ${at} s, it lasts ${lasts} s; choose an earlier time`);
}
