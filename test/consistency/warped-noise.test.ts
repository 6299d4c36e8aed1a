// Warped noise: white and unit normal under any motion, exactly by its mixing matrix and by statistics over long motions; the
// same under no motion, shifted by a shift, new where nothing comes from and after a cut.

import { describe, expect, test } from 'vitest';
import type { RandomGenerator } from '../../src/lib/base/random.js';
import { createGenerator } from '../../src/lib/base/random.js';
import type { Correspondence } from '../../src/lib/consistency/motion.js';
import { coarseNoise, fineNoise, movedNoise, type NoiseField } from '../../src/lib/consistency/noise-field.js';
import { mixedNoise, warpedNoise } from '../../src/lib/consistency/warped-noise.js';
import type { Frame } from '../../src/lib/tensor/frame.js';
import { randn } from '../../src/lib/tensor/randn.js';

type Place = (x: number, y: number) => readonly [number, number];

/** The motion that takes (x, y) to `to(x, y)`; everything is visible. */
function motionOf(side: number, to: Place): Correspondence {
  const data = new Float32Array(2 * side * side);
  for (let y = 0, i = 0; y < side; y++) {
    for (let x = 0; x < side; x++, i += 2) {
      const [u, v] = to(x, y);
      data[i] = u - x;
      data[i + 1] = v - y;
    }
  }
  return { flow: { width: side, height: side, data }, visible: new Uint8Array(side * side).fill(1) };
}

/** A turn by `angle` and a zoom about the middle of a grid, and back. */
function turn(side: number, angle: number, zoom: number): { there: Correspondence; back: Correspondence } {
  const middle = (side - 1) / 2;
  const about = (a: number, z: number): Place => {
    const [cos, sin] = [z * Math.cos(a), z * Math.sin(a)];
    return (x, y) => {
      const [dx, dy] = [x - middle, y - middle];
      return [middle + cos * dx - sin * dy, middle + sin * dx + cos * dy];
    };
  };
  return { there: motionOf(side, about(angle, zoom)), back: motionOf(side, about(-angle, 1 / zoom)) };
}

/** Mean, variance, kurtosis, and correlations with the neighbours to the right and below, of C x H x W. */
function statistics(values: Float32Array, width: number, height: number): number[] {
  const count = values.length;
  const moment = (power: number): number => values.reduce((sum, value) => sum + value ** power, 0) / count;
  const beside = (step: number, within: (i: number) => boolean): number => {
    let [sum, pairs] = [0, 0];
    for (let i = 0; i < count; i++) {
      if (!within(i)) continue;
      sum += values[i] * values[i + step];
      pairs++;
    }
    return sum / pairs;
  };
  return [
    moment(1),
    moment(2),
    moment(4) / moment(2) ** 2,
    beside(1, (i) => i % width < width - 1),
    beside(width, (i) => Math.floor(i / width) % height < height - 1),
  ];
}

/** Fails if noise is further from white and unit normal than 5 standard errors. */
function expectNormal(values: Float32Array, width: number, height: number): void {
  const found = statistics(values, width, height);
  const spread = [1, Math.SQRT2, Math.sqrt(24), 1, 1];
  [0, 1, 3, 0, 0].forEach((expected, i) => {
    expect(Math.abs(found[i] - expected)).toBeLessThan((5 * spread[i]) / Math.sqrt(values.length));
  });
}

const correlation = (a: Float32Array, b: Float32Array): number =>
  a.reduce((sum, value, i) => sum + value * b[i], 0) / a.length;

describe('moved noise', () => {
  test('keeps the covariance of white noise exactly, whatever the motion', () => {
    const side = 6;
    const cells = side * side;
    for (let seed = 0; seed < 8; seed++) {
      const random = createGenerator(seed);
      const anywhere = (): Correspondence => {
        const motion = motionOf(side, (x, y) => [x + 3 * random.uniform() - 1.5, y + 3 * random.uniform() - 1.5]);
        return { ...motion, visible: motion.visible.map(() => Number(random.uniform() < 0.8)) };
      };
      const motions = { forward: anywhere().flow, backward: anywhere() };
      const weights = Float32Array.from({ length: cells }, () => 0.2 + 2 * random.uniform());
      /** The next field of `channels` fields at once; the numbers drawn are `draw`'s. */
      const moved = (channels: number, values: Float32Array, draw: (count: number) => Float32Array): NoiseField => {
        const field = { width: side, height: side, channels, values, weights, offsets: new Float32Array(2 * cells) };
        return movedNoise(field, motions, { ...random, randn: draw } satisfies RandomGenerator);
      };
      const identity = (size: number): Float32Array =>
        Float32Array.from({ length: size * size }, (_, i) => Number(i % (size + 1) === 0));
      // What each cell takes of each old value, and of each number drawn.
      let drawn = 0;
      const ofOld = moved(cells, identity(cells), (count) => {
        drawn = count / cells;
        return new Float32Array(count);
      }).values;
      const ofNew = moved(drawn, new Float32Array(drawn * cells), () => identity(drawn)).values;
      expect(drawn).toBeGreaterThan(10);
      for (let a = 0; a < cells; a++) {
        for (let b = 0; b < cells; b++) {
          let covariance = 0;
          for (let i = 0; i < cells; i++) covariance += ofOld[i * cells + a] * ofOld[i * cells + b];
          for (let i = 0; i < drawn; i++) covariance += ofNew[i * cells + a] * ofNew[i * cells + b];
          expect(covariance).toBeCloseTo(a === b ? 1 : 0, 5);
        }
      }
    }
  });

  test('is what the formulas say of four cells in a row', () => {
    // Cell 0 goes to 1, where cell 1 stays; cell 2 stays; cell 3 leaves. Cell 0 of the next frame copies cell 1, cell 3 is new.
    const [a, b, c, d] = [0.5, -1, 2, 7];
    const field: NoiseField = {
      ...{ width: 4, height: 1, channels: 1 },
      values: Float32Array.of(a, b, c, d),
      weights: Float32Array.of(2, 1, 0.5, 0.5),
      offsets: new Float32Array(8),
    };
    const along = (...dx: number[]) => ({ width: 4, height: 1, data: Float32Array.from(dx.flatMap((x) => [x, 0])) });
    const moved = movedNoise(
      field,
      { forward: along(1, 0.25, 0, 1), backward: { flow: along(1, 0, 0, 0), visible: Uint8Array.of(1, 1, 1, 0) } },
      { ...createGenerator(0), randn: () => Float32Array.of(0.3, -0.5, 4) },
    );
    const mean = (0.3 - 0.5) / 2;
    const [first, second] = [b / Math.SQRT2 + 0.3 - mean, b / Math.SQRT2 - 0.5 - mean];
    const expected = [second, (2 * a + 0.5 * first) / Math.hypot(2, 0.5), c, 4];
    expected.forEach((value, i) => {
      expect(moved.values[i]).toBeCloseTo(value, 6);
    });
    const weights = [0.5, 2.5, 0.5, 1];
    weights.forEach((weight, i) => {
      expect(moved.weights[i]).toBeCloseTo(weight / (4.5 / 4), 6);
    });
    expect(moved.offsets[2]).toBeCloseTo((0.5 * 0.25) / 2.5, 6);
  });

  test('is white and unit normal after many frames of turning, zooming in, zooming out and both', () => {
    const [side, scale] = [64, 4];
    for (const [angle, zoom] of [
      [0.03, 1],
      [0, 1.02],
      [0, 0.98],
      [0.01, 0.99],
    ]) {
      const { there, back } = turn(side, angle, zoom);
      let field = fineNoise(randn(3, [1, 4, side / scale, side / scale]), scale, createGenerator(5));
      for (let t = 1; t <= 40; t++) {
        field = movedNoise(field, { forward: there.flow, backward: back }, createGenerator(100 + t));
        if (t % 20 !== 0) continue;
        expectNormal(field.values, side, side);
        expectNormal(coarseNoise(field, scale).data, side / scale, side / scale);
      }
      expect(Math.min(...field.weights)).toBeGreaterThan(0);
    }
  });

  test('follows a slow shift: motions below a pixel add up', () => {
    const [side, scale] = [32, 4];
    const start = fineNoise(randn(1, [1, 4, 8, 8]), scale, createGenerator(1));
    let field = start;
    for (let t = 0; t < 8; t++) {
      const forward = motionOf(side, (x, y) => [x + 0.25, y]).flow;
      field = movedNoise(field, { forward, backward: motionOf(side, (x, y) => [x - 0.25, y]) }, createGenerator(t));
    }
    for (let i = 0; i < field.values.length; i++) {
      if (i % side >= 4) expect(field.values[i]).toBe(start.values[i - 2]);
    }
  });
});

describe('noise on a finer grid', () => {
  test('is normal, and is the coarse noise again', () => {
    const noise = randn(42, [1, 4, 16, 12]);
    const field = fineNoise(noise, 8, createGenerator(2));
    expectNormal(field.values, 96, 128);
    coarseNoise(field, 8).data.forEach((value, i) => {
      expect(value).toBeCloseTo(noise.data[i], 5);
    });
  });
});

describe('the noise of a video', () => {
  const side = 32;
  const shape = [1, 4, 8, 8];
  const still: Frame = { width: side, height: side, data: new Uint8Array(3 * side * side).fill(100) };
  const dark: Frame = { ...still, data: new Uint8Array(3 * side * side) };
  const first = randn(42, shape);

  async function noiseOf(frames: readonly Frame[], to: Place = (x, y) => [x, y]): Promise<Float32Array[]> {
    const noises: Float32Array[] = [];
    const motion = ({ index: from }: { index: number }, { index: until }: { index: number }): Correspondence =>
      motionOf(side, until > from ? to : (x, y) => [2 * x - to(x, y)[0], 2 * y - to(x, y)[1]]);
    const noise = warpedNoise({ seed: 42, shape, motion });
    for (const frame of frames) noises.push((await noise(frame)).data);
    return noises;
  }

  test('begins with the noise of its seed, and stays where nothing moves', async () => {
    const noises = await noiseOf([still, still, still]);
    expect(noises).toHaveLength(3);
    for (const noise of noises) {
      noise.forEach((value, i) => {
        expect(value).toBeCloseTo(first.data[i], 5);
      });
    }
    const estimated = warpedNoise({ seed: 42, shape });
    await estimated(still);
    expect((await estimated(still)).data).toEqual(noises[1]);
  });

  test('shifts with the picture, and what comes in is new', async () => {
    const [, moved] = await noiseOf([still, still], (x, y) => [x + 4, y]);
    for (let i = 0; i < moved.length; i++) if (i % 8 > 0) expect(moved[i]).toBeCloseTo(first.data[i - 1], 5);
    const entered = moved.filter((_, i) => i % 8 === 0);
    expect(
      Math.abs(
        correlation(
          entered,
          first.data.filter((_, i) => i % 8 === 0),
        ),
      ),
    ).toBeLessThan(5 / Math.sqrt(32));
    expect(await noiseOf([still, still], (x, y) => [x + 4, y])).toEqual([first.data, moved]);
  });

  test('begins again after a cut', async () => {
    const noises = await noiseOf([still, still, dark, dark], (x, y) => [x + 4, y]);
    expect(noises[1]).not.toEqual(first.data);
    expect(noises[2]).toEqual(first.data);
  });

  test('is refused for frames that do not fit', async () => {
    const noise = warpedNoise({ seed: 42, shape: [1, 4, 5, 8] });
    await expect(noise(still)).rejects.toThrow('the frame is 32x32 but the noise [1, 4, 5, 8]');
  });

  test('mixed with fresh noise stays unit normal', () => {
    const [noise, fresh] = [randn(1, [40000]).data, randn(2, [40000]).data];
    for (const share of [0, 0.3, 0.5, 1]) {
      const mixed = mixedNoise(noise, fresh, share);
      expectNormal(mixed, 200, 200);
      expect(correlation(mixed, noise)).toBeCloseTo((1 - share) / Math.hypot(share, 1 - share), 1);
    }
  });
});
