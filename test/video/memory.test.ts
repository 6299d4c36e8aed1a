// Memory does not grow with the length of a video: two decodings, their grid and its encoding, 300 frames against 3000. The
// bound is on referenced memory. Unreferenced pictures wait for the garbage collector, up to a few dozen MiB for any length;
// its timing is random, so it is called explicitly during the measurement.

import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import type { Frame } from '../../src/lib/tensor/frame.js';
import { gridFrames } from '../../src/lib/video/layout/grid.js';
import { openVideo } from '../../src/lib/video/read/open-video.js';
import { writeVideo } from '../../src/lib/video/write/write-video.js';
import { skipNote } from '../skipped.js';
import { ffmpegMakes, INSTALLED, ON_PATH, scratchFolder, useFfmpeg } from './shots.js';

const folder = scratchFolder();
const ffmpeg = ON_PATH ?? INSTALLED;

describe.skipIf(!ffmpeg)(`streaming${skipNote(ffmpeg, 'there is no ffmpeg')}`, () => {
  it('holds as much memory for 3000 frames as for 300, within a tenth', async () => {
    useFfmpeg(ffmpeg);
    setFlagsFromString('--expose-gc');
    const collectGarbage = runInNewContext('gc') as () => void;
    const source = join(folder, 'long.mp4');
    const shot = ['-f', 'lavfi', '-i', 'testsrc=size=96x96:rate=25:duration=120'];
    ffmpegMakes(ffmpeg!, [...shot, '-preset', 'ultrafast', source]);

    /** Peak resident memory while writing a grid of `count` frames. */
    const peakOf = async (count: number) => {
      let peak = 0;
      const watched = async function* (frames: AsyncIterable<Frame>) {
        let index = 0;
        for await (const frame of frames) {
          if (index++ % 25 === 0) {
            collectGarbage();
            peak = Math.max(peak, process.memoryUsage.rss());
          }
          yield frame;
        }
      };
      const videos = [await openVideo(source, { frames: count }), await openVideo(source, { frames: count })];
      const frames = gridFrames(videos.map((video) => video.frames()));
      const written = await writeVideo(join(folder, 'grid.mp4'), watched(frames), { frameRate: 25 });
      expect(written.frames).toBe(count);
      return peak;
    };
    const short = await peakOf(300);
    const long = await peakOf(3000); // 330 MB of pictures
    expect(long / short).toBeLessThan(1.1);
  });
});
