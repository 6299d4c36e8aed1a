// Animated GIF with a palette per frame, so that frames are encoded without reading the whole video first.

import type { Frame } from '../../tensor/frame.js';
import { addGifComment } from '../metadata/embed.js';
import type { FrameTimes } from '../times/frame-times.js';
import { type EncodeOptions, encodeFrames, REPRODUCIBLE } from './encode.js';

const PALETTES = 'split[picture][seen];[seen]palettegen=stats_mode=single[palette];[picture][palette]paletteuse=new=1';

/** The shortest delay that browsers respect, in hundredths of a second: they treat 0 and 1 as 10. */
const LEAST_DELAY = 2;

/** Writes the file `path`; delays are in hundredths of a second, so other rates are kept on average. */
export async function writeGif(
  path: string,
  frames: AsyncIterable<Frame>,
  options: EncodeOptions,
): Promise<{ frames: number }> {
  const timing = options.timing && inHundredths(options.timing);
  const last = timing && Math.round(100 * (timing.duration - timing.times[timing.times.length - 1]));
  const encoder = [
    ...['-filter_complex', `[0:v]${PALETTES}`, '-c:v', 'gif', ...REPRODUCIBLE, '-loop', '0'],
    ...(last === undefined ? [] : ['-enc_time_base', '1:100', '-final_delay', String(last)]),
    ...['-f', 'gif'],
  ];
  const written = await encodeFrames(path, frames, encoder, { ...options, timing });
  if (options.comment !== undefined) await addGifComment(path, options.comment);
  return written;
}

function inHundredths({ times, duration }: Pick<FrameTimes, 'times' | 'duration'>) {
  let earliest = 0;
  const shown = [...times, duration].map((time) => {
    const hundredths = Math.max(earliest, Math.round(100 * time));
    earliest = hundredths + LEAST_DELAY;
    return hundredths / 100;
  });
  return { times: shown.slice(0, -1), duration: shown[times.length] };
}
