// Converts a video input to frames, to a video that can be read repeatedly, or to its hash.

import { createHash } from 'node:crypto';
import { sha256Path } from '../../base/hash.js';
import type { Frame, Frames } from '../../tensor/frame.js';
import { type OpenVideoOptions, openVideo } from './open-video.js';
import { isVideo, type RepeatableVideo, type VideoInput } from './video.js';

/**
 * A video that can be opened as often as needed; frames that can be read only once are kept in memory.
 *
 * @throws UsageError when frames differ in size, or there are none
 */
export async function repeatable(input: VideoInput): Promise<RepeatableVideo> {
  return typeof input === 'string' || isVideo(input) ? input : openVideo(input, { exact: true });
}

/** The frames of a video: those of a path at the size at which players show them, those of an opened video as opened. */
export function framesOf(input: VideoInput, options: Pick<OpenVideoOptions, 'signal' | 'onWarning'> = {}): Frames {
  if (typeof input === 'string') return framesAt(input, options);
  return isVideo(input) ? input.frames() : input;
}

async function* framesAt(path: string, options: OpenVideoOptions): AsyncGenerator<Frame, void, undefined> {
  yield* (await openVideo(path, { exact: true, ...options })).frames();
}

/**
 * The identity of a video's content: SHA-256 of the file or folder at a path, or of an opened video's frames and times.
 *
 * @throws UsageError when it cannot be read
 */
export async function hashVideo(video: RepeatableVideo): Promise<string> {
  if (typeof video === 'string') return sha256Path(video);
  const { times, duration } = await video.times();
  const hash = createHash('sha256').update(`${video.width}x${video.height} ${JSON.stringify([times, duration])}`);
  for await (const { data } of video.frames()) hash.update(data);
  return hash.digest('hex');
}
