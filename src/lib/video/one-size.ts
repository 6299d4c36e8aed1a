// Checks that all writers need: at least one frame, all of one size. Also counts progress and handles the abort signal.

import { UsageError } from '../base/errors.js';
import { type FrameHooks, frameDone } from '../base/frame-progress.js';
import type { Frame, Frames } from '../tensor/frame.js';

/**
 * Yields frames after checking them; `name` is the output's name, for errors.
 *
 * @throws UsageError when there are none, when one differs in size from the first, or when its data does not fit its size
 */
export async function* oneSize(
  name: string,
  frames: Frames,
  hooks: FrameHooks = {},
): AsyncGenerator<Frame, void, undefined> {
  let first: Frame | undefined;
  let index = 0;
  for await (const frame of frames) {
    hooks.signal?.throwIfAborted();
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
    frameDone(++index, 'writing', hooks);
  }
  if (index === 0) throw new UsageError(`there are no frames for '${name}'; give at least one`);
}
