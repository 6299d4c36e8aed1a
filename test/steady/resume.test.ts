// `steadyframe steady` killed anywhere and continued: the same bytes as a run that was left alone, and what is done stays.

import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, test } from 'vitest';
import type { Correspondence } from '../../src/lib/consistency/motion.js';
import { type SteadyOptions, steady } from '../../src/lib/steady/steady.js';
import type { SourceFrame } from '../../src/lib/video/flow/correspondence.js';
import { writeVideo } from '../../src/lib/video/write/write-video.js';
import { HELD_OUT_SHOTS, shotPicture } from '../../src/lib/world/held-out-shots.js';
import { built, builtNote, interrupted, killed, startUpTo } from '../cli/process.js';
import { steadyframe } from '../cli/run-command.js';
import { stopAfter } from '../stop-after.js';
import { hashes, scratchFolder } from '../sweeps/tiny.js';

const scratch = scratchFolder();
const at = (name: string): string => join(scratch, name);
const COUNT = 12;
const SIDE = 32;
const SIZE = { width: SIDE, height: SIDE };

// Frame 7 begins another shot.
const source = Array.from({ length: COUNT }, (_, t) => {
  const frame = shotPicture(HELD_OUT_SHOTS[0], t, 'photo', SIZE);
  return t < 7 ? frame : { ...frame, data: frame.data.map((value) => 255 - value) };
});
const styled = Array.from({ length: COUNT }, (_, t) => {
  const frame = shotPicture(HELD_OUT_SHOTS[0], t, 'neon', SIZE);
  return { ...frame, data: frame.data.map((value) => Math.min(255, value + 9 * (t % 3))) };
});
/** The path of a video in a new folder. */
function place(name: string, file = 'out.mp4'): string {
  mkdirSync(at(name));
  return join(at(name), file);
}
beforeAll(async () => {
  await writeVideo(at('shot'), source);
  await writeVideo(at('styled'), styled);
  await writeVideo(at('short shot'), source.slice(0, 3));
  await writeVideo(at('short styled'), styled.slice(0, 3));
});

/** Where each method is killed, one after the other, before it is left alone. Keyframes are 0, 3, 6, 7, 10 and 11. */
const KILLS: [method: string, file: string, flags: string[], points: string[]][] = [
  ['keyframes', 'out.mp4', ['--key-every', '3'], ['appended keys.u32 2', 'appended frames.rgb 6', 'written out.mp4']],
  ['filter', 'pictures', [], ['appended frames.rgb 6']],
  ['prior', 'out.mp4', ['--passes', '2'], ['written state.safetensors']],
];

describe.skipIf(!built)(`kill -9${builtNote}`, () => {
  const command = (method: string, flags: readonly string[], out: string): string[] => {
    // A frame takes the prior as long as the others take all of them.
    const length = method === 'prior' ? 'short ' : '';
    return [
      ...['steady', at(`${length}styled`), '--source', at(`${length}shot`), '-o', out],
      ...['--method', method, ...flags, '-q', '--json'],
    ];
  };

  it.for(KILLS)('%s: nothing half-written, and the rest to the same bytes', async ([method, file, flags, points]) => {
    const whole = await steadyframe(command(method, flags, place(`whole ${method}`, file)));
    expect(whole).toMatchObject({ code: 0, err: '' });
    const out = place(`killed ${method}`, file);
    const args = command(method, flags, out);
    for (const [i, point] of points.entries()) {
      expect(existsSync(out)).toBe(false);
      await killed(await startUpTo(point, i === 0 ? args : [...args, '--resume']));
    }
    const { code, err, out: printed } = await steadyframe([...args, '--resume']);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(JSON.parse(printed)).toEqual({ ...JSON.parse(whole.out), out });
    expect(hashes(at(`killed ${method}`))).toEqual(hashes(at(`whole ${method}`)));
  });

  it('after Ctrl-C it says how to continue, and refuses to begin again or with other settings', async () => {
    const out = place('stopped');
    const args = command('median', [], out);
    const { code, err } = await interrupted(await startUpTo('appended frames.rgb 3', args));
    expect(code).toBe(130);
    expect(err).toContain(`What is done so far is kept in ${out}.partial; continue with:\n  steadyframe ${args[0]} `);
    expect(err).toMatch(/--resume\n$/);
    for (const [again, message] of [
      [args, `${out}: its unfinished work is in ${out}.partial; resume it, or delete that folder`],
      [[...command('filter', [], out), '--resume'], 'cannot be continued with other settings (flow: nothing before'],
    ] as const) {
      const refused = await steadyframe(again);
      expect([refused.code, refused.out, refused.err]).toEqual([2, '', expect.stringContaining(message)]);
    }
    expect(existsSync(out)).toBe(false);
  });
});

const still = ({ frame: { width, height } }: SourceFrame): Correspondence => ({
  flow: { width, height, data: new Float32Array(2 * width * height) },
  visible: new Uint8Array(width * height).fill(1),
});

describe('in the library', () => {
  it.for([
    // After an interruption at the sixth frame, keyframes continue at 3. The median takes no motion of a caller's.
    ['keyframes', { keyEvery: 3 }, 3],
    ['filter', {}, 4],
    ['median', {}, Infinity],
  ] as const)('%s: what is done is not done again', async ([method, more, least]) => {
    const asked: number[] = [];
    const motion = (from: SourceFrame, to: SourceFrame): Correspondence => {
      asked.push(Math.min(from.index, to.index));
      return still(from);
    };
    const run = (out: string, options: SteadyOptions) =>
      steady(at('shot'), at('styled'), out, { method, motion, ...more, ...options });
    const whole = await run(place(`whole, ${method}`), {});
    const out = place(`cut, ${method}`);
    const { signal, onProgress } = stopAfter(6);
    await expect(run(out, { signal, onProgress })).rejects.toThrow('enough');
    asked.length = 0;
    const { out: _, ...numbers } = await run(out, { resume: true });
    expect(Math.min(...asked)).toBeGreaterThanOrEqual(least);
    expect(whole).toMatchObject(numbers);
    expect(hashes(at(`cut, ${method}`))).toEqual(hashes(at(`whole, ${method}`)));
  });

  it.for([
    ['keyframes', 'frames.rgb', /frames.rgb: record 2 is damaged .* made again/],
    ['keyframes', 'keys.u32', /keys.u32: record 0 is damaged .* made again/],
    ['keyframes', 'settings.json', /settings.json: is damaged .*: the video is steadied again/],
    ['filter', 'filter.f32', /filter.f32: is damaged; the video is filtered again/],
    ['median', 'frames.rgb', /frames.rgb: record 2 is damaged .* made again/],
  ] as const)('%s: damage of %s is noticed, and made good', async ([method, file, message]) => {
    const run = (out: string, options: SteadyOptions) =>
      steady(at('shot'), at('styled'), out, { method, keyEvery: 3, motion: still, ...options });
    const whole = `whole by ${method}`;
    if (!existsSync(at(whole))) await run(place(whole), {});
    const name = `damaged ${method} ${file}`;
    const out = place(name);
    await expect(run(out, stopAfter(8))).rejects.toThrow('enough');
    const path = join(`${out}.partial`, file);
    const bytes = readFileSync(path);
    bytes[file === 'frames.rgb' ? 2 * 3 * SIDE * SIDE + 5 : 1] ^= 1;
    writeFileSync(path, bytes);
    const warnings: string[] = [];
    await run(out, { resume: true, onWarning: (warning) => warnings.push(warning) });
    expect(warnings).toEqual([expect.stringMatching(message)]);
    expect(hashes(at(name))).toEqual(hashes(at(whole)));
  });

  test('what is done survives a continuation that is refused', async () => {
    const out = place('refused');
    const run = (options: SteadyOptions) => steady(at('shot'), at('styled'), out, { motion: still, ...options });
    await expect(run(stopAfter(8))).rejects.toThrow('enough');
    const { size } = statSync(join(`${out}.partial`, 'frames.rgb'));
    mkdirSync(out);
    await expect(run({ resume: true })).rejects.toThrow(`${out}`);
    expect(statSync(join(`${out}.partial`, 'frames.rgb')).size).toBeGreaterThanOrEqual(size - 5 * 3 * SIDE * SIDE);
  });

  test('a folder of others is left as it is', async () => {
    const out = place('foreign');
    mkdirSync(`${out}.partial`);
    writeFileSync(join(`${out}.partial`, 'photo.png'), 'mine');
    const foreign = steady(at('shot'), at('styled'), out, { resume: true });
    await expect(foreign).rejects.toThrow('holds other files (photo.png)');
    expect(readFileSync(join(`${out}.partial`, 'photo.png'), 'utf8')).toBe('mine');
  });
});
