// The check every writer needs: frames, all of one size, at least one. Also where an abort reaches a slow producer.

import { UsageError } from '../../base/errors.js';
import type { Frame } from '../../tensor/frame.js';

/**
 * Passes frames on and checks them; `name` is what they are for.
 *
 * @throws UsageError when there are none, when one differs in size from the first, or when its data does not fit its size
 */
export async function* oneSize(
  name: string,
  frames: AsyncIterable<Frame>,
  signal?: AbortSignal,
): AsyncGenerator<Frame, void, undefined> {
  let first: Frame | undefined;
  let index = 0;
  for await (const frame of frames) {
    signal?.throwIfAborted();
    const { width, height, data } = frame;
    first ??= frame;
    if (width !== first.width || height !== first.height) {
      throw new UsageError(
        `frame ${index} of '${name}' is ${width}x${height} but frame 0 was ${first.width}x${first.height}; ` +
          'all frames of a video must be of one size',
      );
    }
    if (data.length !== 3 * width * height) {
      throw new UsageError(
        `frame ${index} of '${name}' is ${width}x${height} but has ${data.length} bytes, expected ${3 * width * height} (RGB)`,
      );
    }
    yield frame;
    signal?.throwIfAborted();
    index++;
  }
  if (index === 0) throw new UsageError(`there are no frames for '${name}'; give at least one`);
}
