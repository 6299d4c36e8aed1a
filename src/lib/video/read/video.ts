// What a video is to everything that reads one: a path, an opened video, or frames in memory.

import { resolve } from 'node:path';
import type { Frame } from '../../tensor/frame.js';
import type { Region } from '../geometry.js';
import type { FrameTimes } from '../times/frame-times.js';
import type { RatedProbe } from '../times/source-times.js';

/** A video: the path of a file or of a folder of pictures, an opened video, or frames. Frames in memory have 10 a second. */
export type VideoInput = string | Video | AsyncIterable<Frame> | Iterable<Frame>;

/** A video that can be read as often as needed. */
export type RepeatableVideo = string | Video;

/** An opened video. Nothing is decoded until `frames` is called, and nothing has to be closed. */
export interface Video {
  /** Where it lies; `frames` for frames in memory. */
  readonly path: string;
  /** Whether it lies at `path`: not where frames were given. */
  readonly isStored: boolean;
  /** Sides of the frames that `frames` gives. */
  readonly width: number;
  readonly height: number;
  /** Frames per second of what `frames` gives; the average of the source where it varies. See `times`. */
  readonly frameRate: number;
  /** Where the rate is known from: asked for or told by the file, its frames' times, or nowhere, so that 10 is taken. */
  readonly rateFrom: 'request' | RatedProbe['rateFrom'] | 'default';
  /** The part of the stored picture, upright, that frames show. */
  readonly region: Region;
  /** Sides of the stored picture, upright. */
  readonly sourceWidth: number;
  readonly sourceHeight: number;
  /** Frames per second as stored; the average where it varies. */
  readonly sourceFrameRate: number;
  /** Seconds that the whole source lasts; absent where its container does not say. */
  readonly duration?: number;
  /** How many frames `frames` will give: exact for pictures, an estimate for videos, absent where it cannot be known. */
  readonly expectedFrames?: number;
  readonly hasAudio: boolean;
  /**
   * When each frame that `frames` gives is shown. Read from the frames' timestamps, for which a video file is decoded once; the
   * answer is kept.
   */
  times(): Promise<FrameTimes>;
  /** Decodes from the beginning of the selection. Each call is a decoding of its own; leaving the loop early ends it. */
  frames(): AsyncGenerator<Frame, void, undefined>;
}

/** Whether a value is an opened video. */
export function isVideo(value: unknown): value is Video {
  return typeof value === 'object' && value !== null && 'frameRate' in value && 'times' in value;
}

/** Where a video lies, absolute; `frames` for frames in memory. */
export function locationOf(video: RepeatableVideo): string {
  return isStored(video) ? resolve(pathOf(video)) : pathOf(video);
}

/** Whether a video lies at its path. */
export function isStored(video: RepeatableVideo): boolean {
  return typeof video === 'string' || video.isStored;
}

/** What messages call a video: its path, or `frames`. */
export function pathOf(video: RepeatableVideo): string {
  return typeof video === 'string' ? video : video.path;
}
