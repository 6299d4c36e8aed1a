// Grids, labels, contact sheets and single pictures.

import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../src/lib/base/errors.js';
import type { Frame } from '../../src/lib/tensor/frame.js';
import { contactSheet } from '../../src/lib/video/layout/contact-sheet.js';
import { type GridEnd, gridFrames } from '../../src/lib/video/layout/grid.js';
import { drawLabel, drawText } from '../../src/lib/video/layout/label.js';
import { hasStrokes, strokesOf } from '../../src/lib/video/layout/stroke-font.js';
import { grid } from '../../src/lib/video/layout/write-grid.js';
import { openVideo } from '../../src/lib/video/read/open-video.js';
import { readPicture, writePicture } from '../../src/lib/video/still.js';
import { writeVideo } from '../../src/lib/video/write/write-video.js';
import { stopAfter } from '../stop-after.js';
import { bytesOf, collect, cut, INSTALLED, ON_PATH, pattern, scratchFolder, stream } from './shots.js';

const folder = scratchFolder();
const at = (name: string) => join(folder, name);

/** A frame of one colour. */
const plain = (value: number, width = 16, height = 8): Frame => ({
  width,
  height,
  data: new Uint8Array(3 * width * height).fill(value),
});

/** Frames and return value of a grid. */
async function run(frames: AsyncGenerator<Frame, GridEnd, undefined>): Promise<{ frames: Frame[]; end: GridEnd }> {
  const all: Frame[] = [];
  for (;;) {
    const next = await frames.next();
    if (next.done) return { frames: all, end: next.value };
    all.push(next.value);
  }
}

describe('gridFrames', () => {
  it('puts videos row by row, or clockwise, and every pixel where it belongs', async () => {
    const videos = [0, 1, 2, 3].map((k) => pattern(3 + k, 8, 6).slice(k));
    const { frames, end } = await run(gridFrames(videos.map(stream)));
    expect(end).toEqual({ frames: 3, endedFirst: [] });
    const corners = [
      [0, 0],
      [8, 0],
      [0, 6],
      [8, 6],
    ] as const;
    for (const [i, frame] of frames.entries()) {
      expect([frame.width, frame.height]).toEqual([16, 12]);
      const cells = corners.map(([x, y]) => cut(frame, x, y, 8, 6));
      expect(bytesOf(cells), `frame ${i}`).toEqual(bytesOf(videos.map((video) => video[i])));
    }
    const clockwise = await run(gridFrames(videos.map(stream), { order: 'clockwise' }));
    const round = (
      [
        [0, 0],
        [8, 0],
        [8, 6],
        [0, 6],
      ] as const
    ).map(([x, y]) => cut(clockwise.frames[2], x, y, 8, 6));
    expect(bytesOf(round)).toEqual(bytesOf(videos.map((video) => video[2])));
  });

  it('leaves cells without a video black', async () => {
    const { frames } = await run(
      gridFrames(
        [1, 2, 3, 4].map((k) => stream([plain(k)])),
        { columns: 3 },
      ),
    );
    expect([frames[0].width, frames[0].height]).toEqual([48, 16]);
    expect(bytesOf([cut(frames[0], 16, 8, 32, 8)])).toEqual(bytesOf([plain(0, 32, 8)]));
    expect(bytesOf([cut(frames[0], 0, 8, 16, 8)])).toEqual(bytesOf([plain(4)]));
  });

  it('ends with the shortest or holds its last frame, and says which ended first', async () => {
    const videos = () => [[1, 2, 3], [4], [5, 6, 7]].map((values) => stream(values.map((value) => plain(value))));
    const short = await run(gridFrames(videos(), { columns: 3 }));
    expect(short.end).toEqual({ frames: 1, endedFirst: [1] });
    const long = await run(gridFrames(videos(), { columns: 3, length: 'longest' }));
    expect(long.end).toEqual({ frames: 3, endedFirst: [1] });
    expect(long.frames.map((frame) => [frame.data[0], frame.data[3 * 16], frame.data[3 * 32]])).toEqual([
      [1, 4, 5],
      [2, 4, 6],
      [3, 4, 7],
    ]);
  });

  it('closes all its videos when it is left', async () => {
    let closed = 0;
    const endless = async function* () {
      try {
        for (;;) yield plain(1);
      } finally {
        closed++;
      }
    };
    for await (const _ of gridFrames([endless(), endless(), endless()])) break;
    expect(closed).toBe(3);
  });

  it('refuses what cannot be a grid', async () => {
    const one = () => stream([plain(1)]);
    const refuses = async (frames: AsyncGenerator<Frame>, message: RegExp) => {
      const all = collect(frames);
      await expect(all).rejects.toThrow(message);
      await expect(all).rejects.toBeInstanceOf(UsageError);
    };
    await refuses(gridFrames([one(), stream([plain(1, 8, 8)])]), /video 2 of the grid is 8x8 but video 1 is 16x8/);
    await refuses(gridFrames([one()], { labels: ['a', 'b'] }), /1 videos but 2 labels/);
    await refuses(gridFrames([one(), one()], { order: 'clockwise' }), /clockwise is for 4 videos in 2 columns/);
    await refuses(gridFrames([]), /at least one video/);
    await refuses(gridFrames([one()], { columns: 0 }), /0 columns/);
  });

  it('draws labels into the top left corner of their cells and nowhere else', async () => {
    const grey = () => stream([plain(128, 96, 64), plain(128, 96, 64)]);
    const { frames } = await run(gridFrames([grey(), grey()], { labels: ['0.45', ''] }));
    for (const frame of frames) {
      const cell = cut(frame, 0, 0, 96, 64);
      const label = cut(cell, 0, 0, 48, 20).data;
      expect(
        label.some((value) => value > 220),
        'bright ink',
      ).toBe(true);
      expect(
        label.some((value) => value < 60),
        'on a dark box',
      ).toBe(true);
      expect(bytesOf([cut(cell, 0, 24, 96, 40)])).toEqual(bytesOf([plain(128, 96, 40)]));
      expect(bytesOf([cut(frame, 96, 0, 96, 64)])).toEqual(bytesOf([plain(128, 96, 64)]));
    }
  });
});

describe('labels', () => {
  it('know every printable ASCII character, each with a shape of its own', async () => {
    const printable = Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i));
    expect(hasStrokes(printable.join(''))).toBe(true);
    const drawn = await Promise.all(
      printable.map(async (character) => {
        const { width, ink } = await drawText(`${character}H`, 20, 500);
        return `${width} ${Buffer.from(ink).toString('base64')}`;
      }),
    );
    expect(new Set(drawn).size).toBe(95);
  });

  it('read accents and typographic marks as their plain forms', () => {
    expect(strokesOf('Café — “naïve”…')).toEqual(strokesOf('Cafe - "naive"...'));
    expect(hasStrokes('日本')).toBe(false);
  });

  it('are legible in small cells: a stem of a letter is a column of full ink', async () => {
    const { width, height, ink } = await drawText('l', 8, 100);
    const columns = Array.from(
      { length: width },
      (_, x) => Array.from({ length: height }, (_, y) => ink[y * width + x]).filter((value) => value > 100).length,
    );
    expect(Math.max(...columns)).toBeGreaterThanOrEqual(8);
  });

  it('are made smaller, then shortened, to fit', async () => {
    const text = 'a cyberpunk city in the rain at night, highly detailed';
    expect((await drawText(text, 12, 1000)).width).toBeGreaterThan(300);
    const narrow = await drawText(text, 12, 100);
    expect(narrow.width).toBeLessThanOrEqual(100);
    expect(narrow.width).toBeGreaterThan(60);
    expect((await drawLabel(text, 12, 100)).width).toBeLessThanOrEqual(100);
  });

  it('draw something for any writing', async () => {
    for (const text of ['日本', '🚗', '<b>&amp;']) {
      const { ink, width } = await drawText(text, 12, 80);
      expect(width).toBeLessThanOrEqual(80);
      expect(
        ink.some((value) => value > 100),
        text,
      ).toBe(true);
    }
  });
});

describe.skipIf(!INSTALLED && !ON_PATH)('grid of files', () => {
  it('opens files, composes and writes them, and says how it ended', async () => {
    const shots = [0, 1, 2, 3].map((k) => Array.from({ length: 5 }, () => plain(40 + 50 * k, 48, 32)));
    const files = shots.map((_, k) => at(`cell${k}.mp4`));
    for (const [k, shot] of shots.entries()) await writeVideo(files[k], stream(shot), { frameRate: 12 });
    const hooks = stopAfter();
    const end = await grid(files, at('grid.mp4'), { order: 'clockwise', onProgress: hooks.onProgress });
    expect(hooks.heard).toEqual([1, 2, 3, 4, 5].map((done) => ({ done, total: 5, label: 'writing' })));
    const stopped = stopAfter(2);
    await expect(grid(files, at('stopped.mp4'), stopped)).rejects.toThrow('enough');
    expect(existsSync(at('stopped.mp4'))).toBe(false);
    expect(end).toEqual({ frames: 5, endedFirst: [] });
    const video = await openVideo(at('grid.mp4'), { exact: true });
    expect(video).toMatchObject({ width: 96, height: 64, frameRate: 12 });
    const [frame] = await collect(video.frames());
    const centres = [
      [24, 16],
      [72, 16],
      [72, 48],
      [24, 48],
    ].map(([x, y]) => frame.data[3 * (y * 96 + x)]);
    for (const [k, value] of centres.entries()) expect(Math.abs(value - (40 + 50 * k))).toBeLessThan(6);

    await writeVideo(at('slow.mp4'), stream(shots[0]), { frameRate: 6 });
    await writeVideo(at('wide.mp4'), stream([plain(1, 64, 32)]), { frameRate: 12 });
    await expect(grid([files[0], at('slow.mp4')], at('g.webp'))).rejects.toThrow(/6 frames per second but '.*' has 12/);
    expect((await grid([files[0], at('wide.mp4')], at('g.webp'), { onWarning: () => {} })).frames).toBe(1);
    await expect(grid([files[0], at('none.mp4')], at('g.webp'))).rejects.toThrow(/there is no file/);
    expect((await grid([files[0], at('slow.mp4')], at('g.webp'), { frameRate: 12 })).endedFirst).toEqual([0]);
  });
});

describe('pictures', () => {
  it('come back as they were written', async () => {
    const [frame] = pattern(1, 19, 13);
    await writePicture(at('p.png'), frame);
    expect(bytesOf([await readPicture(at('p.png'))])).toEqual(bytesOf([frame]));
    for (const name of ['p.jpg', 'p.webp']) {
      await writePicture(at(name), plain(90, 19, 13));
      const read = await readPicture(at(name));
      expect([read.width, read.height], name).toEqual([19, 13]);
      expect(Math.abs(read.data[0] - 90), name).toBeLessThan(3);
    }
  });

  it('refuse what they cannot be', async () => {
    await expect(writePicture(at('p.bmp'), plain(1))).rejects.toThrow(/end the name in \.png/);
    await expect(writePicture(at('no/p.png'), plain(1))).rejects.toThrow(/does not exist/);
    await expect(readPicture(at('missing.png'))).rejects.toThrow(/there is no file/);
    writeFileSync(at('text.png'), 'text');
    await expect(readPicture(at('text.png'))).rejects.toThrow(UsageError);
    writeFileSync(at('drawing.png'), '<svg xmlns="http://www.w3.org/2000/svg" width="64" height="64"/>');
    await expect(readPicture(at('drawing.png'))).rejects.toThrow(/is not a picture but svg/);
    await expect(readPicture(at('p.png'), { maxPixels: 100 })).rejects.toThrow(/limit/);
    await sharp({ create: { width: 300, height: 300, channels: 3, background: 'red' } }).toFile(at('large.png'));
    await expect(openVideo(at('large.png'), { maxPixels: 89_999 })).rejects.toThrow(/300x300, more than the limit/);
  });
});

describe('contactSheet', () => {
  it('lays pictures out with the names of rows and columns beside them', async () => {
    const frames = Array.from({ length: 5 }, (_, i) => plain(20 * i, 40, 24));
    const bare = await contactSheet(frames, { columns: 3, gap: 2 });
    expect([bare.width, bare.height]).toEqual([2 + 3 * 42, 2 + 2 * 26]);
    expect(bytesOf([cut(bare, 2 + 42, 2 + 26, 40, 24)])).toEqual(bytesOf([frames[4]]));
    expect(bytesOf([cut(bare, 2 + 84, 2 + 26, 40, 24)]), 'the sixth place is paper').toEqual(
      bytesOf([plain(255, 40, 24)]),
    );
    const labels = { columns: ['1', '2', '3'], rows: ['0.45', '0.75'] };
    const named = await contactSheet(frames, { columns: 3, gap: 2, labels });
    const [left, top] = [named.width - 3 * 42, named.height - 2 * 26];
    expect(bytesOf([cut(named, left + 42, top + 26, 40, 24)])).toEqual(bytesOf([frames[4]]));
    for (const strip of [cut(named, left, 0, 40, top - 1), cut(named, 0, top, left - 1, 24)]) {
      expect(strip.data.some((value) => value < 80)).toBe(true);
    }
  });

  it('refuses what does not fit', async () => {
    await expect(contactSheet([], { columns: 1 })).rejects.toThrow(/at least one picture/);
    await expect(contactSheet([plain(1), plain(1, 8, 8)], { columns: 2 })).rejects.toThrow(
      /picture 2 of the sheet is 8x8/,
    );
    await expect(contactSheet([plain(1)], { columns: 1, labels: { rows: ['a', 'b'] } })).rejects.toThrow(
      /1 rows but 2 names/,
    );
  });
});
