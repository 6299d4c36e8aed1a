// The infinite training set: reproducible samples, and none of the held-out drives.

import { describe, expect, it } from 'vitest';
import { HELD_OUT_SHOTS, heldOutShot, shotDrive, shotFrames } from '../../src/lib/world/held-out-shots.js';
import { renderScene } from '../../src/lib/world/picture/render-scene.js';
import { texturePicture } from '../../src/lib/world/picture/texture-picture.js';
import { HELD_OUT_SEEDS, isHeldOut, planSample, trainingSample } from '../../src/lib/world/sampling/training-sample.js';
import { STYLES } from '../../src/lib/world/styles/styles.js';
import { bytesOf, meanDifference } from './pictures.js';

describe('trainingSample', () => {
  it('is the same whenever it is asked for, and another for another index or stream', () => {
    const ask = (seed: number, index: number) => {
      const { frame, ...rest } = trainingSample(seed, index, { size: 32 });
      return { picture: bytesOf(frame), ...rest };
    };
    const later = ask(1, 7);
    const first = ask(1, 6);
    expect(ask(1, 6)).toEqual(first);
    expect(ask(1, 7)).toEqual(later);
    expect(ask(2, 6).driveSeed).not.toBe(first.driveSeed);
    expect(later.driveSeed).not.toBe(first.driveSeed);
  });

  it('never shows a drive that is held out, unless asked to, and then no other', () => {
    const seeds = (heldOut: boolean) => Array.from({ length: 500 }, (_, i) => planSample(3, i, { heldOut }).drive.seed);
    expect(seeds(false).filter(isHeldOut)).toEqual([]);
    expect(seeds(true).every(isHeldOut)).toBe(true);
    expect(new Set([...seeds(false), ...seeds(true)]).size).toBe(1000);
    expect(isHeldOut(HELD_OUT_SEEDS.first - 1)).toBe(false);
    expect([HELD_OUT_SEEDS.first, HELD_OUT_SEEDS.last].every(isHeldOut)).toBe(true);
  });

  it('draws the styles that are asked for, each about as often', () => {
    const counts = new Map<string, number>();
    for (let i = 0; i < 1600; i++) {
      const { style } = planSample(4, i);
      counts.set(style, (counts.get(style) ?? 0) + 1);
    }
    // 200 each; three standard deviations are 40.
    for (const style of STYLES) expect(Math.abs((counts.get(style) ?? 0) - 200), style).toBeLessThan(45);
    expect(planSample(4, 1, { styles: ['oil'] }).style).toBe('oil');
    expect(() => planSample(4, 1, { styles: [] })).toThrow('the list of styles is empty');
    expect(() => planSample(4, -1)).toThrow('must be whole numbers from 0 on');
  });
});

describe('bundled shots', () => {
  it('are held out, each with a car, 24 to 48 frames at 10 to 12 frames per second', () => {
    expect(new Set(HELD_OUT_SHOTS.map(({ name }) => name)).size).toBe(HELD_OUT_SHOTS.length);
    expect(HELD_OUT_SHOTS.length).toBeGreaterThanOrEqual(3);
    for (const shot of HELD_OUT_SHOTS) {
      expect(isHeldOut(shot.driveSeed)).toBe(true);
      expect(shotDrive(shot).car).not.toBeNull();
      expect(shot.frames).toBeGreaterThanOrEqual(24);
      expect(shot.frames).toBeLessThanOrEqual(48);
      expect([10, 11, 12]).toContain(shot.frameRate);
    }
  });

  it('give their frames one after another, in any style', async () => {
    const shot = heldOutShot('red-car-curve');
    const size = { width: 32, height: 32 };
    const frames = shotFrames(shot, 'oil', size);
    const [first, second] = [(await frames.next()).value!, (await frames.next()).value!];
    expect(bytesOf(first)).toBe(bytesOf(renderScene(shotDrive(shot), shot.start, 'oil', size)));
    const next = renderScene(shotDrive(shot), shot.start + 1 / shot.frameRate, 'oil', size);
    expect(bytesOf(second)).toBe(bytesOf(next));
    expect(() => heldOutShot('green-car')).toThrow('no bundled shot "green-car", expected one of red-car-curve');
  });
});

describe('texturePicture', () => {
  it('is the same whenever it is asked for, and each is another', () => {
    const pictures = Array.from({ length: 6 }, (_, i) => texturePicture(1, i, 32));
    expect(bytesOf(texturePicture(1, 4, 32))).toBe(bytesOf(pictures[4]));
    for (let i = 1; i < 6; i++) expect(meanDifference(pictures[i], pictures[i - 1])).toBeGreaterThan(5);
  });
});
