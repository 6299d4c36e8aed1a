// Ground truth of the world's pictures: the car's region, and the motion of everything.

import { describe, expect, it } from 'vitest';
import type { Frame } from '../../src/lib/tensor/frame.js';
import { carRegion } from '../../src/lib/world/car/region.js';
import { HELD_OUT_SHOTS, shotCarRegions } from '../../src/lib/world/held-out-shots.js';
import { renderScene } from '../../src/lib/world/picture/render-scene.js';
import { CAR_COLOURS, createDrive } from '../../src/lib/world/street/drive.js';
import { type SceneFlow, sceneFlow } from '../../src/lib/world/truth/scene-flow.js';
import { meanDifference } from './pictures.js';

describe('carRegion', () => {
  it.each(CAR_COLOURS.slice(0, 4))('covers what changes when the car is taken away: %s', (car) => {
    const drive = createDrive(12, { car, time: 'day' });
    const region = carRegion(drive, 1);
    if (!region) throw new Error('there is a car');
    const there = renderScene(drive, 1);
    const gone = renderScene(drive, 1, 'photo', { car: false });
    let changed = 0;
    let far = 0;
    for (let i = 0; i < region.mask.length; i++) {
      let difference = 0;
      for (let c = 0; c < 3; c++) difference += Math.abs(there.data[3 * i + c] - gone.data[3 * i + c]);
      if (region.mask[i] && difference > 12) changed++;
      const [x, y] = [i % 128, Math.floor(i / 128)];
      // Its shadow is next to and below it, its lights glow some pixels around it.
      const isNear = x > region.left - 12 && x < region.right + 12 && y > region.top - 8 && y < region.bottom + 16;
      if (!isNear) far = Math.max(far, difference);
    }
    // A few pixels of the car have the colour of the background.
    expect(changed / region.pixels).toBeGreaterThan(0.8);
    expect(far).toBeLessThanOrEqual(3);
  });

  it('is the bounding box of its mask, inside the picture, at every size alike', () => {
    const drive = createDrive(12, { car: 'red' });
    const small = carRegion(drive, 1, 64, 64);
    const large = carRegion(drive, 1, 256, 256);
    if (!small || !large) throw new Error('there is a car');
    for (const { mask, width, left, right, top, bottom, pixels } of [small, large]) {
      const marked = [...mask.keys()].filter((i) => mask[i] === 255);
      expect(marked.length).toBe(pixels);
      const columns = marked.map((i) => i % width);
      const rows = marked.map((i) => Math.floor(i / width));
      const box = [Math.min(...columns), Math.max(...columns) + 1, Math.min(...rows), Math.max(...rows) + 1];
      expect(box).toEqual([left, right, top, bottom]);
    }
    expect(large.pixels / small.pixels).toBeCloseTo(16, -1);
    expect(Math.abs(large.left - 4 * small.left)).toBeLessThanOrEqual(4);
  });

  it('is null on an empty street, which half of all drives are', () => {
    expect(carRegion(createDrive(12, { car: null }), 1)).toBeNull();
    const cars = Array.from({ length: 400 }, (_, seed) => createDrive(seed)).filter(({ car }) => car).length;
    expect(cars).toBeGreaterThan(160);
    expect(cars).toBeLessThan(240);
  });

  it('is large enough in the bundled shots', () => {
    for (const shot of HELD_OUT_SHOTS) {
      const ends = shotCarRegions({ ...shot, frameRate: shot.frameRate / (shot.frames - 1), frames: 2 });
      for (const region of ends) expect((region?.right ?? 0) - (region?.left ?? 0), shot.name).toBeGreaterThan(24);
    }
  });
});

describe('sceneFlow', () => {
  it.each([
    [3, 'day'],
    [8, 'night'],
  ] as const)('leads from each pixel to where it is next: drive %i by %s', (seed, time) => {
    const drive = createDrive(seed, { time, car: 'white' });
    const [before, after] = [renderScene(drive, 1), renderScene(drive, 1.1)];
    const flow = sceneFlow(drive, 1, 1.1);
    const along = warpedDifference(before, after, flow);
    expect(along.share).toBeGreaterThan(0.7);
    // The rest is resampling of edges: 0.5 of the frames' own difference, and more along any other flow.
    expect(along.mean).toBeLessThan(0.6 * meanDifference(before, after));
    for (const factor of [0.75, 1.25]) {
      const other = { ...flow, data: flow.data.map((value) => factor * value) };
      expect(warpedDifference(before, after, other).mean).toBeGreaterThan(1.1 * along.mean);
    }
  });

  it('is nothing where no time passes, and then everything is in sight', () => {
    const flow = sceneFlow(createDrive(3, { car: 'red' }), 1, 1, { width: 64, height: 64 });
    expect(Math.max(...flow.data.map(Math.abs))).toBeLessThan(1e-3);
    const hidden = flow.visible.filter((visible) => !visible).length;
    expect(hidden).toBe(0);
  });
});

/** Mean absolute difference between a frame and the next one warped along the flow, where it is not occluded. */
function warpedDifference(before: Frame, after: Frame, flow: SceneFlow): { mean: number; share: number } {
  const { width, height } = before;
  let sum = 0;
  let count = 0;
  for (let i = 0; i < width * height; i++) {
    const x = (i % width) + flow.data[2 * i];
    const y = Math.floor(i / width) + flow.data[2 * i + 1];
    const [x0, y0] = [Math.floor(x), Math.floor(y)];
    if (!flow.visible[i] || x0 < 0 || y0 < 0 || x0 + 1 >= width || y0 + 1 >= height) continue;
    const [fx, fy] = [x - x0, y - y0];
    for (let c = 0; c < 3; c++) {
      const at = (dx: number, dy: number) => after.data[3 * ((y0 + dy) * width + x0 + dx) + c];
      const value = (at(0, 0) * (1 - fx) + at(1, 0) * fx) * (1 - fy) + (at(0, 1) * (1 - fx) + at(1, 1) * fx) * fy;
      sum += Math.abs(value - before.data[3 * i + c]);
      count++;
    }
  }
  return { mean: sum / count, share: count / (3 * width * height) };
}
