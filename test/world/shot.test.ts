// The procedural street: the same for the same seed, moving, and different for another seed.

import { describe, expect, it } from 'vitest';
import { compareFrames } from '../../src/lib/metrics/pixels.js';
import type { Frame } from '../../src/lib/tensor/frame.js';
import { type StreetShotOptions, streetShot } from '../../src/lib/world/shot.js';

async function draw(options: StreetShotOptions): Promise<Frame[]> {
  const frames: Frame[] = [];
  for await (const frame of streetShot(options)) frames.push(frame);
  return frames;
}

describe('streetShot', () => {
  it('draws equal frames for equal options, of the size asked for', async () => {
    const options = { seed: 5, frames: 3, width: 40, height: 24 };
    const frames = await draw(options);
    expect(frames.map(({ width, height, data }) => [width, height, data.length])).toEqual(
      Array(3).fill([40, 24, 3 * 40 * 24]),
    );
    expect(await draw(options)).toEqual(frames);
  });

  it('moves a little from frame to frame, and is another street for another seed', async () => {
    const [first, second] = await draw({ seed: 1, frames: 2 });
    const [other] = await draw({ seed: 2, frames: 1 });
    const moved = compareFrames(first, second).absolute;
    expect(moved).toBeGreaterThan(1);
    expect(moved).toBeLessThan(25);
    expect(compareFrames(first, other).absolute).toBeGreaterThan(moved);
  });

  it('has a red car, a road and a sky where they belong', async () => {
    const [frame] = await draw({ seed: 1, frames: 1 });
    const at = (x: number, y: number) => [...frame.data.subarray(3 * (128 * y + x), 3 * (128 * y + x) + 3)];
    const [red, green, blue] = at(78, 72);
    expect(red).toBeGreaterThan(2 * Math.max(green, blue));
    const road = at(30, 110);
    expect(Math.max(...road) - Math.min(...road)).toBeLessThan(15);
    expect(at(64, 4)[2]).toBeGreaterThan(at(64, 4)[0]);
  });

  it.each([{ frames: 0 }, { width: 0 }, { height: 1.5 }])('refuses %o', async (options) => {
    await expect(draw(options)).rejects.toThrow(/streetShot: \w+ is .*, expected a whole number from 1 on/);
  });
});
