// A video and its source of another size, rate or length, measured together; grids of such videos.

import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { metrics } from '../../src/lib/metrics/metrics.js';
import { grid } from '../../src/lib/video/layout/write-grid.js';
import { openVideo } from '../../src/lib/video/read/open-video.js';
import { collect, INSTALLED, ON_PATH, scratchFolder, smooth, useFfmpeg, writeLossless } from '../video/shots.js';

const ffmpeg = ON_PATH ?? INSTALLED;
const folder = scratchFolder();
const at = (name: string) => join(folder, name);

beforeAll(() => {
  if (ffmpeg === undefined) return;
  useFfmpeg(ffmpeg);
  writeLossless(ffmpeg, smooth(12, 100, 54), '20', at('source.mkv'));
});

/** A lossless rendering without changes. */
async function rendered(name: string, options: object): Promise<string> {
  const video = await openVideo(at('source.mkv'), { onWarning: () => {}, ...options });
  writeLossless(ffmpeg!, await collect(video.frames()), String(video.frameRate), at(name));
  return at(name);
}

it.skipIf(!ffmpeg).each([
  ['scaled', { size: 32 }, 12, [/is 100x54, .* 56x32: the middle of its frames \(9\d %\) is scaled to these/]],
  ['cropped', { size: { width: 32, height: 32 } }, 12, [/the middle of its frames \(5\d %\)/]],
  ['of every second frame', { size: 32, every: 2 }, 6, [/20 frames a second, .* 10: every second frame/, /56x32/]],
  ['of the first frames', { size: 32, frames: 5 }, 5, [/56x32/, /output ends before the source: the first 5 frames/]],
])('pairs a rendering %s with its source to the bit', async (_name, options, frames, said) => {
  const heard: string[] = [];
  const path = await rendered('rendered.mkv', options);
  const measured = await metrics(at('source.mkv'), path, { onWarning: (line) => heard.push(line) });
  expect(measured.frames).toBe(frames);
  expect(measured.output.means.edit_strength).toBe(0);
  expect(heard).toEqual(said.map((line) => expect.stringMatching(line)));
});

it.skipIf(!ffmpeg)('refuses what has too little in common', async () => {
  writeLossless(ffmpeg!, smooth(2, 16, 120), '20', at('tall.mkv'));
  await expect(metrics(at('source.mkv'), at('tall.mkv'), { onWarning: () => {} })).rejects.toThrow(
    /100x54, .* 16x120: in that shape less than a quarter of it would be seen/,
  );
});

it.skipIf(!ffmpeg)('puts a source beside its renderings', async () => {
  const heard: string[] = [];
  const path = await rendered('a.mkv', { size: 32 });
  await grid([at('source.mkv'), path, path], at('grid'), { onWarning: (line) => heard.push(line) });
  expect(heard).toEqual([expect.stringMatching(/source\.mkv' is 100x54, .*a\.mkv' 56x32/)]);
  const [frame] = await collect((await openVideo(at('grid'), { exact: true })).frames());
  expect([frame.width, frame.height]).toEqual([112, 64]);
  const half = (x: number) =>
    Array.from({ length: 32 }, (_, y) => [...frame.data.subarray(3 * (112 * y + x), 3 * (112 * y + x + 56))]);
  expect(half(0)).toEqual(half(56));
});

it.skipIf(!ffmpeg)('refuses frames of several sizes that were decoded already', async () => {
  await expect(metrics(smooth(1, 32, 32), smooth(1, 16, 16))).rejects.toThrow(/crop or scale them to one size/);
});
