// Reads several videos side by side, one frame of each at a time, and insists that they belong together.

import { UsageError } from '../base/errors.js';
import type { Frame } from '../tensor/frame.js';

/** Frames in order, all of one size: a decoder's output or an array. A frame's data must stay as it is once handed over. */
export type Frames = AsyncIterable<Frame> | Iterable<Frame>;

/** A video and what errors call it: `the source`, `output 0.45`. */
export interface NamedFrames {
  readonly name: string;
  readonly frames: Frames;
}

/**
 * Yields frame t of every video, for t = 0, 1, ... Whatever ends the reading, every video is closed. With `onUneven`, videos may
 * differ in length: the reading ends with the shortest, and `onUneven` hears of it.
 *
 * @throws UsageError when a video has no frames, when two differ in length (without `onUneven`) or size, when a frame's data is no RGB picture of
 *   its size, or when two videos are one and the same stream
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
  const first: Frame[] = [];
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
        first[v] ??= frame;
        assertSame(videos, first, v, frame, count);
      });
      yield frames;
    }
  } finally {
    await Promise.allSettled(readers.map(async (reader) => reader.return?.()));
  }
}

/** Like Promise.all, but waits for all before it throws: a reader must not be closed while it is reading. */
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

function assertSame(videos: readonly NamedFrames[], first: readonly Frame[], v: number, frame: Frame, t: number): void {
  const { width, height, data } = frame;
  if (width !== first[v].width || height !== first[v].height) {
    throw new UsageError(
      `${videos[v].name} changes its size from ${first[v].width}x${first[v].height} to ${width}x${height} at frame ${t}; scale its frames to one size`,
    );
  }
  if (width !== first[0].width || height !== first[0].height) {
    throw new UsageError(
      `${videos[v].name} is ${width}x${height} but ${videos[0].name} is ${first[0].width}x${first[0].height}; crop or scale them to one size`,
    );
  }
  if (data.length !== 3 * width * height || data.length === 0) {
    throw new UsageError(
      `${videos[v].name}: frame ${t} is ${width}x${height} but came with ${data.length} bytes; pass 3 bytes a pixel (RGB)`,
    );
  }
}
