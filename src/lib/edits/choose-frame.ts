// Selects one frame of a video by its index or time. The index identifies it among the frames that finetuning reads.

import { UsageError } from '../base/errors.js';
import { given } from '../base/given.js';
import { type SeenFrame, seenFrames, shownFiles } from '../diffusion/seen-frames.js';
import type { Model } from '../models/model.js';
import { givenSettings } from '../settings/defaults.js';
import type { OptionsOf } from '../settings/setting.js';
import { type MASKED, SELECTION } from '../settings/table.js';
import type { Frame } from '../tensor/frame.js';
import { type OpenVideoOptions, openVideo } from '../video/read/open-video.js';
import { pathOf, type RepeatableVideo, type Video } from '../video/read/video.js';
import { frameAt, pickInOrder, TIME_SLACK } from '../video/times/frame-times.js';

const { frames: _frames, ...rest } = SELECTION;
/** The settings that select the part of the video in which frames are counted, and their size. */
export const FRAME_SELECTION = rest;

/** The requested frame, and options of reading it. */
export interface FrameRequest
  extends OptionsOf<typeof FRAME_SELECTION>,
    OptionsOf<typeof MASKED>,
    Pick<OpenVideoOptions, 'crop' | 'signal' | 'onWarning'> {
  /** Index of the frame in the selected part of the video, from 0. */
  readonly frame?: number;
  /** Seconds from the beginning of that part, in place of `frame`; without either, the middle frame. */
  readonly at?: number;
}

/** The chosen frame. */
export interface ChosenFrame {
  readonly frame: number;
  /** Seconds at which it appears. */
  readonly at: number;
  readonly picture: Frame;
  /** What the model's controls see of it. */
  readonly seen: SeenFrame;
}

/**
 * The index of the requested frame.
 *
 * @throws UsageError for a bad video, index or time
 */
export async function frameNumber(video: RepeatableVideo, request: FrameRequest): Promise<number> {
  const { size: _, ...rest } = request; // has no effect here, but could cause a warning
  return (await locate(video, { ...rest, exact: true })).frame;
}

/**
 * The requested frame. Frames before it are decoded too: only counting gives reliable indices for every video.
 *
 * @param model by whose controls the frame is seen; none by default
 * @throws UsageError for a bad video, a frame that does not exist, or a map that does not fit the video
 */
export async function chooseFrame(
  input: RepeatableVideo,
  request: FrameRequest,
  model: Pick<Model, 'controls'> = { controls: [] },
): Promise<ChosenFrame> {
  const { video, frame, at } = await locate(input, request);
  const { signal, onWarning } = request;
  const frames = seenFrames(shownFiles(model, request), video, given({ signal, onWarning }));
  for await (const seen of pickInOrder(frames, [frame])) return { frame, at, picture: seen.frame, seen };
  throw new UsageError(
    `${pathOf(input)}: its frames end before frame ${frame}; choose an earlier one, or mend the video`,
  );
}

/**
 * The index, in the selected part of a video, of the frame shown `at` seconds after `start`.
 *
 * @param start the `start` with which the video was opened
 * @throws UsageError when the video ends before
 */
export async function frameShownAt(
  { path, times }: Pick<Video, 'path' | 'times'>,
  at: number,
  start: number = 0,
): Promise<number> {
  if (!(at >= 0)) throw new UsageError(`${path}: there is no frame at ${at} s; give seconds from 0 on`);
  const shown = await times();
  // Pictures may begin later than the file, and at a constant rate up to a frame before `start`.
  const time = at + start - shown.start;
  if (time < shown.duration + TIME_SLACK) return frameAt(shown.times, time);
  const lasts = Math.round((shown.start + shown.duration - start) * 1000) / 1000;
  throw new UsageError(`${path}: there is no frame at ${at} s, it lasts ${lasts} s; choose an earlier time`);
}

async function locate(
  input: RepeatableVideo,
  request: FrameRequest & Pick<OpenVideoOptions, 'exact'>,
): Promise<{ video: Video; frame: number; at: number }> {
  const path = pathOf(input);
  const { frame: number, at, start, crop, exact, signal, onWarning } = request;
  if (number !== undefined && at !== undefined) {
    throw new UsageError('a frame is chosen by its number or by its time; give one of the two');
  }
  if (number !== undefined && !(Number.isSafeInteger(number) && number >= 0)) {
    throw new UsageError(`${path}: there is no frame ${number}; give a whole number from 0 on`);
  }
  const chosen = givenSettings(FRAME_SELECTION, request);
  const video = await openVideo(input, { ...chosen, ...given({ crop, exact, signal, onWarning }) });
  const { times } = await video.times();
  const frame = at === undefined ? (number ?? Math.floor(times.length / 2)) : await frameShownAt(video, at, start);
  if (frame >= times.length) {
    throw new UsageError(
      `${path}: there is no frame ${frame}, its frames are 0 to ${times.length - 1}; choose one of these, or another video`,
    );
  }
  return { video, frame, at: times[frame] };
}
