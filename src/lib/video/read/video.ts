// The types of videos for all readers: a path, an opened video, or frames in memory.

import { resolve } from 'node:path';
import type { Frame } from '../../tensor/frame.js';
import type { Region } from '../geometry.js';
import type { FrameTimes } from '../times/frame-times.js';
import type { RatedProbe } from '../times/source-times.js';

/** A video: the path of a file or of a folder of pictures, an opened video, or frames (10 per second). */
export type VideoInput = string | Video | AsyncIterable<Frame> | Iterable<Frame>;

/** A video that can be read as often as needed. */
export type RepeatableVideo = string | Video;

/** An opened video. Nothing is decoded before `frames` is called, and nothing has to be closed. */
export interface Video {
  /** Its path; `frames` for frames in memory. */
  readonly path: string;
  /** Whether it is stored at `path`, which frames in memory are not. */
  readonly isStored: boolean;
  /** Sides of the frames of `frames`. */
  readonly width: number;
  readonly height: number;
  /** Frames per second of `frames`; the average of the source if it varies. See `times`. */
  readonly frameRate: number;
  /** Origin of the rate: the options, the container, the frames' times, or none, so that it is 10. */
  readonly rateFrom: 'request' | RatedProbe['rateFrom'] | 'default';
  /** The used part of the stored picture, upright. */
  readonly region: Region;
  /** Sides of the stored picture, upright. */
  readonly sourceWidth: number;
  readonly sourceHeight: number;
  /** Frames per second as stored; the average if it varies. */
  readonly sourceFrameRate: number;
  /** Duration of the whole source in seconds; absent if its container does not state it. */
  readonly duration?: number;
  /** Number of frames of `frames`: exact for pictures, an estimate for videos, absent if unknown. */
  readonly expectedFrames?: number;
  readonly hasAudio: boolean;
  /**
   * The times of the frames of `frames`, from their timestamps, for which a video file is decoded once; the result is
   * cached.
   */
  times(): Promise<FrameTimes>;
  /** Decodes from the beginning of the selection. Each call decodes again; leaving the loop early stops it. */
  frames(): AsyncGenerator<Frame, void, undefined>;
}

/** Whether a value is an opened video. */
export function isVideo(value: unknown): value is Video {
  return typeof value === 'object' && value !== null && 'frameRate' in value && 'times' in value;
}

/** The absolute path of a video; `frames` for frames in memory. */
export function locationOf(video: RepeatableVideo): string {
  return isStored(video) ? resolve(pathOf(video)) : pathOf(video);
}

/** Whether a video is stored at its path. */
export function isStored(video: RepeatableVideo): boolean {
  return typeof video === 'string' || video.isStored;
}

/** The name of a video in messages: its path, or `frames`. */
export function pathOf(video: RepeatableVideo): string {
  return typeof video === 'string' ? video : video.path;
}
