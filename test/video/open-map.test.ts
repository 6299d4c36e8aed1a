// A second video beside a video: which of its frames belong to which, and which part of its pictures.

import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Frame } from '../../src/lib/tensor/frame.js';
import { openMap } from '../../src/lib/video/read/open-map.js';
import { type OpenVideoOptions, openVideo } from '../../src/lib/video/read/open-video.js';
import { writeVideo } from '../../src/lib/video/write/write-video.js';
import { collect, scratchFolder } from './shots.js';

const scratch = scratchFolder();
const STEP = 20;

/** Frame i is grey of the value 20 i; with `marked`, its left third is white. */
function numbered(count: number, width: number, height: number, marked = false): Frame[] {
  return Array.from({ length: count }, (_, i) => {
    const data = new Uint8Array(3 * width * height).fill(STEP * i);
    if (marked) for (let y = 0; y < height; y++) data.fill(255, 3 * y * width, 3 * (y * width + width / 3));
    return { width, height, data };
  });
}

const written = async (name: string, frames: Frame[], frameRate = 10): Promise<string> => {
  await writeVideo(join(scratch, name), frames, { frameRate });
  return join(scratch, name);
};

let source: string;
beforeAll(async () => {
  source = await written('shot.mp4', numbered(10, 48, 32));
});

/** The map beside the source: the numbers that its frames have. */
async function pairs(map: string, options: OpenVideoOptions = {}): Promise<number[]> {
  const video = await openVideo(source, { size: { width: 32, height: 32 }, onWarning: () => {}, ...options });
  const frames = await collect((await openMap(map, video)).frames());
  expect(frames.every(({ width, height }) => width === 32 && height === 32)).toBe(true);
  return frames.map(({ data }) => Math.round(data[3 * 500] / STEP));
}

const every = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];

describe('frames', () => {
  it('are those of the same times, whichever part of the video is taken', async () => {
    const same = await written('same.mp4', numbered(10, 48, 32));
    expect(await pairs(same)).toEqual(every);
    expect(await pairs(same, { every: 3 })).toEqual([0, 3, 6, 9]);
    expect(await pairs(same, { start: 0.3, duration: 0.2 })).toEqual([3, 4]);
    // As many frames as are taken, at the whole video's times.
    const half = await written('half.mp4', numbered(5, 48, 32), 5);
    expect(await pairs(half)).toEqual([0, 0, 1, 1, 2, 2, 3, 3, 4, 4]);
    expect(await pairs(half, { start: 0.4, frames: 5 })).toEqual([2, 2, 3, 3, 4]);
  });

  it('are taken one by one where there is one for each that is taken', async () => {
    const part = await written('part.mp4', numbered(3, 48, 32));
    expect(await pairs(part, { start: 0.5, frames: 3 })).toEqual([0, 1, 2]);
    const fast = await written('fast.mp4', numbered(10, 48, 32), 25);
    expect(await pairs(fast)).toEqual(every);
  });

  it('of a folder without times are those of the same numbers', async () => {
    const folder = await written('maps', numbered(10, 48, 32));
    expect(await pairs(folder)).toEqual(every);
    expect(await pairs(folder, { start: 0.25, every: 2 })).toEqual([2, 4, 6, 8]);
    const frames = await openVideo(numbered(10, 48, 32));
    expect(await collect((await openMap(folder, frames)).frames())).toHaveLength(10);
  });

  it('of another length are refused', async () => {
    const long = await written('long.mp4', numbered(12, 48, 32));
    await expect(pairs(long)).rejects.toThrow(
      /long\.mp4: has 12 frames in 1\.2 s, but .*shot\.mp4 has 10 frames in 1 s; give a map of the same length, or/,
    );
    await expect(pairs(long, { frames: 4 })).rejects.toThrow('has 10 frames in 1 s, of which 4 are rendered; give');
    const few = await written('few', numbered(9, 48, 32));
    await expect(pairs(few)).rejects.toThrow('has 9 frames in 0.9 s');
  });
});

describe('pictures', () => {
  /** The share of the map's first frame that is white. */
  async function white(map: string, options: OpenVideoOptions): Promise<number> {
    const video = await openVideo(source, { onWarning: () => {}, ...options });
    for await (const { data } of (await openMap(map, video)).frames()) {
      return data.filter((value) => value > 128).length / data.length;
    }
    return Number.NaN;
  }

  it('show the part that the video shows, from a picture of any size', async () => {
    const large = await written('large', numbered(10, 96, 64, true));
    const near = 1;
    expect(await white(large, {})).toBeCloseTo(1 / 3, near);
    // The middle 32 columns begin at 8: 8 of the 16 white ones are left.
    expect(await white(large, { size: { width: 32, height: 32 } })).toBeCloseTo(1 / 4, near);
    expect(await white(large, { crop: { x: 0, y: 0, width: 16, height: 16 } })).toBe(1);
    expect(await white(large, { crop: { x: 16, y: 0, width: 32, height: 32 } })).toBeLessThan(0.05);
  });

  it('may have the shape of the frames themselves, and no other', async () => {
    const square = await written('square', numbered(10, 96, 96, true));
    expect(await white(square, { size: { width: 32, height: 32 } })).toBeCloseTo(1 / 3, 1);
    await expect(white(square, {})).rejects.toThrow(
      /square: is 96x96, which has the shape of neither .*shot\.mp4 \(48x32\) nor its frames \(48x32\); give a map/,
    );
  });
});
