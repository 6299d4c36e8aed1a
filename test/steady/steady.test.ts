// `steady`: a video that something else has styled, beside its source, becomes a steadier one, with its times and its sound.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { flowMedian } from '../../src/lib/consistency/flow-median.js';
import { steady } from '../../src/lib/steady/steady.js';
import type { Frame } from '../../src/lib/tensor/frame.js';
import { openVideo } from '../../src/lib/video/read/open-video.js';
import { writeVideo } from '../../src/lib/video/write/write-video.js';
import { HELD_OUT_SHOTS, shotPicture } from '../../src/lib/world/held-out-shots.js';
import { steadyframe } from '../cli/run-command.js';
import { scratchFolder } from '../sweeps/tiny.js';

const scratch = scratchFolder();
const at = (name: string): string => join(scratch, name);
const COUNT = 7;
const numbers = Array.from({ length: COUNT }, (_, t) => t);
/** The true edit, each frame with another brightness. */
const flickering: Frame[] = numbers.map((t) => {
  const frame = shotPicture(HELD_OUT_SHOTS[0], t, 'neon');
  return { ...frame, data: frame.data.map((value) => Math.min(255, value + (t % 2 === 0 ? 0 : 24))) };
});
const [source, styled] = [at('shot'), at('styled')];
beforeAll(async () => {
  await writeVideo(
    source,
    numbers.map((t) => shotPicture(HELD_OUT_SHOTS[0], t)),
  );
  await writeVideo(styled, flickering);
});

async function collect(frames: AsyncIterable<Frame>): Promise<Frame[]> {
  const all: Frame[] = [];
  for await (const frame of frames) all.push(frame);
  return all;
}

test('flickers less, keeps its edit and its keyframes, and says so with numbers', async () => {
  const out = at('steady');
  const progress: string[] = [];
  const result = await steady(source, styled, out, { keyEvery: 6, onProgress: ({ label }) => progress.push(label) });
  expect(result).toMatchObject({ out, frames: COUNT, source: { flicker_ratio: 1 } });
  const { before, after } = result;
  expect(after.warping_error_normalised).toBeLessThan(0.6 * before.warping_error_normalised!);
  expect(after.frame_difference).toBeLessThan(before.frame_difference!);
  expect(after.edit_strength).toBeGreaterThan(0.8 * before.edit_strength!);
  expect(new Set(progress)).toEqual(new Set(['writing', 'measuring']));
  const frames = await collect((await openVideo(out)).frames());
  expect(frames).toHaveLength(COUNT);
  for (const key of [0, COUNT - 1]) expect([...frames[key].data]).toEqual([...flickering[key].data]);
});

test('with another method writes what that method makes, and leaves no unfinished work', async () => {
  const out = at('median');
  await steady(source, styled, out, { method: 'median' });
  const found = await collect((await openVideo(out)).frames());
  const expected = await collect(flowMedian(source, styled));
  expect(found).toHaveLength(expected.length);
  for (const [i, { data }] of found.entries()) expect(Buffer.compare(data, expected[i].data), `frame ${i}`).toBe(0);
  await steady(source, styled, at('median along dis'), { method: 'median', flow: 'dis' });
  const [, along] = await collect((await openVideo(at('median along dis'))).frames());
  const [, alongDis] = await collect(flowMedian(source, styled, { flow: 'dis' }));
  expect(Buffer.compare(along.data, alongDis.data)).toBe(0);
  const small = (t: number): Frame => ({ width: 32, height: 32, data: new Uint8Array(3 * 32 * 32).fill(90 * t) });
  const result = await steady([small(0), small(1)], [small(1), small(2)], at('prior'), { method: 'prior', passes: 1 });
  expect(result.frames).toBe(2);
  expect(existsSync(at('prior.partial'))).toBe(false);
});

test('is a command, which takes frames in memory in the library, and a source of another size', async () => {
  const out = at('command.mp4');
  const wide = at('wide');
  await writeVideo(
    wide,
    numbers.map((t) => {
      const { width, height, data } = shotPicture(HELD_OUT_SHOTS[0], t);
      const twice = new Uint8Array(12 * width * height);
      for (let y = 0; y < 2 * height; y++) {
        for (let x = 0; x < 2 * width; x++) {
          const from = 3 * ((y >> 1) * width + (x >> 1));
          twice.set(data.subarray(from, from + 3), 3 * (2 * width * y + x));
        }
      }
      return { width: 2 * width, height: 2 * height, data: twice };
    }),
  );
  const { code, err, json } = await steadyframe([
    'steady',
    styled,
    '--source',
    wide,
    '-o',
    out,
    '--key-every',
    '3',
    '--json',
  ]);
  expect(code, err).toBe(0);
  expect(err).toMatch(/'.*wide' is 256x256, '.*styled' 128x128: its frames are scaled to these/);
  expect(json()).toMatchObject({ out, frames: COUNT });
  expect(existsSync(out)).toBe(true);
  const again = await steady(source, flickering, at('again.mp4'), { keyEvery: 3 });
  expect(again.before).toEqual((await steady(source, styled, at('once more.mp4'), { keyEvery: 3 })).before);
});

test('refuses what cannot be, and writes nothing then', async () => {
  const run = (...args: string[]) => steadyframe(['steady', ...args]);
  const short = at('short');
  await writeVideo(short, flickering.slice(1));
  for (const [args, message] of [
    [[styled, '--source', source, '-o', styled], /the steadied video cannot replace one that it is made from/],
    [[short, '--source', source, '-o', at('none.mp4')], /the styled video has 6 frames but the source has 7/],
    [[at('nothing'), '--source', source, '-o', at('none.mp4')], /nothing/],
    [[styled, '--source', source, '-o', at('none.mp4'), '--key-every', '0'], /distance of keyframes is 0, expected/],
  ] as const) {
    const { code, err } = await run(...args);
    expect([code, err]).toEqual([2, expect.stringMatching(message)]);
    expect(existsSync(at('none.mp4'))).toBe(false);
  }
});
