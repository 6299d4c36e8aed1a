// Reads several videos in lockstep, one frame of each at a time, and checks that they have the same length and size.

import { UsageError } from '../../base/errors.js';
import type { Frame, Frames } from '../../tensor/frame.js';

/** A video and its name in errors: `the source`, `output 0.45`. */
export interface NamedFrames {
  readonly name: string;
  readonly frames: Frames;
}

/**
 * Yields frame t of every video, for t = 0, 1, ... Every video is closed at the end, also after an error.
 *
 * @param onUneven allows videos to differ in length: reading ends with the shortest, and this is called
 * @throws UsageError when a video has no frames, two differ in length (without `onUneven`) or size, a frame's data is no RGB
 *   picture of its size, or two videos are the same stream
 */
export async function* lockstep(
  videos: readonly NamedFrames[],
  onUneven?: (shorter: string, longer: string, frames: number) => void,
): AsyncGenerator<Frame[], void, undefined> {
  const readers = videos.map(({ frames }) =>
    Symbol.asyncIterator in frames ? frames[Symbol.asyncIterator]() : frames[Symbol.iterator](),
  );
  if (new Set(readers).size < readers.length) {
    throw new UsageError(
      'the same frames were passed as two videos and can be read only once; open the video once for each',
    );
  }
  const opened: OpenVideo[] = videos.map(({ name }) => ({ name, first: undefined }));
  try {
    for (let count = 0; ; count++) {
      const steps = await settle(readers.map(async (reader) => reader.next()));
      if (steps.every((step) => step.done)) {
        if (count === 0) throw new UsageError(`${videos[0].name} has no frames; pass a video with at least one`);
        return;
      }
      const ended = steps.findIndex((step) => step.done);
      if (ended >= 0) {
        const longer = steps.findIndex((step) => !step.done);
        if (onUneven && count > 0) {
          onUneven(videos[ended].name, videos[longer].name, count);
          return;
        }
        const length = count + 1 + (await countRest(readers[longer]));
        throw new UsageError(
          `${videos[ended].name} has ${count} frames but ${videos[longer].name} has ${length}; cut them to the same frames`,
        );
      }
      const frames = steps.map((step) => step.value as Frame);
      frames.forEach((frame, v) => {
        opened[v].first ??= frame;
        assertSame(opened[v], opened[0], frame, count);
      });
      yield frames;
    }
  } finally {
    await Promise.allSettled(readers.map(async (reader) => reader.return?.()));
  }
}

/** Promise.all that waits for all before it throws: a reader must not be closed while it is reading. */
async function settle<T>(promises: readonly Promise<T>[]): Promise<T[]> {
  const results = await Promise.allSettled(promises);
  return results.map((result) => {
    if (result.status === 'rejected') throw result.reason;
    return result.value;
  });
}

async function countRest(reader: AsyncIterator<Frame> | Iterator<Frame>): Promise<number> {
  let count = 0;
  while (!(await reader.next()).done) count++;
  return count;
}

/** A video that is being read. */
interface OpenVideo {
  readonly name: string;
  /** Its first frame, once read. */
  first: Frame | undefined;
}

/** Checks frame `t` of a video against the first frame of the same video and of the reference video. */
function assertSame(video: OpenVideo, reference: OpenVideo, frame: Frame, t: number): void {
  const { width, height, data } = frame;
  const [own, other] = [video.first!, reference.first!];
  if (width !== own.width || height !== own.height) {
    throw new UsageError(
      `${video.name} changes its size from ${own.width}x${own.height} to ${width}x${height} at frame ${t}; scale its frames to one size`,
    );
  }
  if (width !== other.width || height !== other.height) {
    throw new UsageError(
      `${video.name} is ${width}x${height} but ${reference.name} is ${other.width}x${other.height}; crop or scale them to one size`,
    );
  }
  if (data.length !== 3 * width * height || data.length === 0) {
    throw new UsageError(
      `${video.name}: frame ${t} is ${width}x${height} but came with ${data.length} bytes; pass 3 bytes a pixel (RGB)`,
    );
  }
}
