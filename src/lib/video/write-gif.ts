// Animated GIF with a palette for every frame, so that nothing has to be kept to see the whole video first.

import type { Frame } from '../tensor/frame.js';
import { type EncodeOptions, encodeFrames, REPRODUCIBLE } from './encode.js';

const PALETTES = 'split[picture][seen];[seen]palettegen=stats_mode=single[palette];[picture][palette]paletteuse=new=1';

/** Writes the file `path`; delays are hundredths of a second, so other rates are kept on average. */
export function writeGif(
  path: string,
  frames: AsyncIterable<Frame>,
  options: EncodeOptions,
): Promise<{ frames: number }> {
  const encoder = ['-filter_complex', `[0:v]${PALETTES}`, '-c:v', 'gif', ...REPRODUCIBLE, '-loop', '0', '-f', 'gif'];
  return encodeFrames(path, frames, encoder, options);
}
