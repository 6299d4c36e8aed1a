// Pictures of drives: independent of drawing order, steady, distinct by style, and equal to stored ones.

import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import type { Frame } from '../../src/lib/tensor/frame.js';
import { renderScene, renderStyles } from '../../src/lib/world/picture/render-scene.js';
import { createDrive } from '../../src/lib/world/street/drive.js';
import { STYLES, type Style } from '../../src/lib/world/styles/styles.js';
import { bytesOf, meanColour, meanDifference, shrink } from './pictures.js';

const drive = createDrive(5, { time: 'dusk', car: 'red' });
const SMALL = { width: 48, height: 48 };

describe('renderScene', () => {
  it.each(STYLES)('draws the same picture twice and in any order: %s', (style) => {
    const times = [0.5, 3.25];
    const forwards = times.map((t) =>
      bytesOf(renderScene(createDrive(5, { time: 'dusk', car: 'red' }), t, style, SMALL)),
    );
    // Different pictures of different sizes in between.
    renderScene(createDrive(6), 2, 'neon', { width: 32, height: 32 });
    const backwards = [...times].reverse().map((t) => bytesOf(renderScene(drive, t, style, SMALL)));
    expect(backwards.reverse()).toEqual(forwards);
    expect(forwards[0]).not.toBe(forwards[1]);
  });

  it('draws one scene in several styles as it draws them one by one', () => {
    const styles: Style[] = ['photo', 'pencil', 'neon', 'oil'];
    const together = renderStyles(drive, 1, styles, SMALL).map(bytesOf);
    expect(together).toEqual(styles.map((style) => bytesOf(renderScene(drive, 1, style, SMALL))));
  });

  it.each([64, 256])('keeps the composition at %i x %i pixels', (size) => {
    const small = (side: number) => shrink(renderScene(drive, 1, 'photo', { width: side, height: side }), side / 32);
    // 32 x 32 means of pictures of different sizes: only edges differ. Different scenes differ by 30.
    expect(meanDifference(small(size), small(128))).toBeLessThan(4);
  });

  it('draws pictures that are not square', () => {
    const wide = renderScene(drive, 1, 'photo', { width: 128, height: 96 });
    expect([wide.width, wide.height, wide.data.length]).toEqual([128, 96, 3 * 128 * 96]);
    const square = renderScene(drive, 1, 'photo');
    const middle = { ...square, height: 96, data: square.data.subarray(3 * 128 * 16, 3 * 128 * 112) };
    expect(meanDifference(wide, middle)).toBeLessThan(1);
  });

  it('moves smoothly: no step is much larger than the others, and half the time makes about half the change', () => {
    for (const seed of [2, 3]) {
      const other = createDrive(seed, { car: 'blue' });
      const at = (t: number) => renderScene(other, t, 'photo', { width: 64, height: 64 });
      const frames = Array.from({ length: 13 }, (_, i) => at(2 + i / 24));
      const steps = frames.slice(1).map((frame, i) => meanDifference(frames[i], frame));
      const mean = steps.reduce((sum, step) => sum + step) / steps.length;
      expect(mean).toBeGreaterThan(0.5);
      expect(mean).toBeLessThan(15);
      expect(Math.max(...steps)).toBeLessThan(2 * mean);
      // A suddenly appearing object would be visible in any interval.
      const tiny = meanDifference(at(2), at(2 + 1 / 1000));
      expect(tiny).toBeLessThan(0.25 * mean);
    }
  });

  it('gives each style colours of its own', () => {
    const day = createDrive(11, { time: 'day', car: 'red' });
    const frames = renderStyles(day, 1, STYLES);
    for (let i = 0; i < frames.length; i++) {
      for (let j = 0; j < i; j++) {
        // 24 is the minimum over all pairs (oil and photo); photos 1/12 s apart differ by about 8.
        expect(meanDifference(frames[i], frames[j]), `${STYLES[i]} and ${STYLES[j]}`).toBeGreaterThan(15);
      }
    }
    const mean = Object.fromEntries(STYLES.map((style, i) => [style, meanColour(frames[i])]));
    const [red, green, blue] = mean.neon;
    expect(Math.min(red, blue)).toBeGreaterThan(green + 10);
    expect(green).toBeLessThan(mean.photo[1] - 20);
    expect(Math.max(...mean.pencil) - Math.min(...mean.pencil)).toBeLessThan(8);
    expect(mean.desert[0]).toBeGreaterThan(mean.desert[2] + 40);
    expect(Math.min(...mean.winter)).toBeGreaterThan(Math.max(...mean.photo) + 20);
  });

  it('looks as it has always looked', async () => {
    const scenes = [
      { drive: createDrive(21, { time: 'day', car: 'red', body: 'sedan' }), t: 1 },
      { drive: createDrive(14, { time: 'night', car: 'blue', body: 'van' }), t: 2 },
    ];
    const thumbnails = scenes.map((scene) =>
      renderStyles(scene.drive, scene.t, STYLES).map((frame) => shrink(frame, 8)),
    );
    const sheet = sheetOf(thumbnails);
    // 16 x 16 means of 8 x 8 pixels, drawn by this test: WRITE_FIXTURES=1 npx vitest run test/world
    const path = fileURLToPath(new URL('fixtures/thumbnails.png', import.meta.url));
    if (process.env.WRITE_FIXTURES) {
      const { width, height } = sheet;
      writeFileSync(
        path,
        await sharp(sheet.data, { raw: { width, height, channels: 3 } })
          .png()
          .toBuffer(),
      );
    }
    const stored = await sharp(path).removeAlpha().raw().toBuffer({ resolveWithObject: true });
    expect([stored.info.width, stored.info.height]).toEqual([sheet.width, sheet.height]);
    const { width, height } = sheet;
    const before = { width, height, data: new Uint8Array(stored.data) };
    expect(meanDifference(before, sheet)).toBeLessThan(1.5);
  });

  it('refuses what it cannot draw', () => {
    expect(() => renderScene(drive, Number.NaN)).toThrow('the time is NaN, expected seconds');
    expect(() => renderScene(drive, 0, 'cubist' as Style)).toThrow('no style "cubist", expected one of photo, neon');
    expect(() => renderScene(drive, 0, 'photo', { width: 4 })).toThrow('width is 4, expected an integer of at least 8');
    expect(() => createDrive(-1)).toThrow('createDrive: the seed is -1, expected an integer from 0 to 2^32 - 1');
  });
});

/** Rows of frames as one frame. */
function sheetOf(rows: readonly (readonly Frame[])[]): Frame {
  const { width: w, height: h } = rows[0][0];
  const width = w * rows[0].length;
  const height = h * rows.length;
  const data = new Uint8Array(3 * width * height);
  rows.forEach((row, j) => {
    row.forEach((frame, i) => {
      for (let y = 0; y < h; y++) {
        data.set(frame.data.subarray(3 * y * w, 3 * (y + 1) * w), 3 * ((j * h + y) * width + i * w));
      }
    });
  });
  return { width, height, data };
}
