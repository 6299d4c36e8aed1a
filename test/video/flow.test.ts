import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { root } from '../../scripts/setup.js';
import { UsageError } from '../../src/lib/base/errors.js';
import { opticalFlow, toGray } from '../../src/lib/video/flow/flow.js';
import { built, builtNote } from '../cli/process.js';
import { FIXTURE, flowsOf, framesOf, readTensors } from '../metrics/stored-shot.js';

const stored = await readTensors(`${FIXTURE}shot.safetensors`);
const frames = framesOf(stored.source);
const grays = frames.map(toGray);

describe('toGray', () => {
  it('rounds as OpenCV does', () => {
    // cv2.cvtColor(..., COLOR_RGB2GRAY), OpenCV 5.0.0. The middle three differ with 14-bit weights, the last three in
    // floats.
    const colours = [
      { rgb: [255, 255, 255], gray: 255 },
      { rgb: [255, 0, 0], gray: 76 },
      { rgb: [0, 255, 0], gray: 150 },
      { rgb: [0, 0, 255], gray: 29 },
      { rgb: [106, 15, 0], gray: 41 },
      { rgb: [185, 238, 127], gray: 210 },
      { rgb: [149, 240, 255], gray: 214 },
      { rgb: [187, 1, 0], gray: 57 },
      { rgb: [171, 225, 64], gray: 191 },
      { rgb: [80, 253, 255], gray: 201 },
    ];
    const data = Uint8Array.from(colours.flatMap(({ rgb }) => rgb));
    const gray = toGray({ width: colours.length, height: 1, data });
    expect([...gray.data]).toEqual(colours.map((colour) => colour.gray));
  });
});

describe('opticalFlow', () => {
  it('equals OpenCV, forward and backward, with calls under way at the same time', async () => {
    // Expected: cv2.calcOpticalFlowFarneback, OpenCV 5.0.0 (which sums in another order).
    const pairs = [0, 1, 2];
    const forward = pairs.map((t) => opticalFlow(grays[t], grays[t + 1]));
    const backward = pairs.map((t) => opticalFlow(grays[t + 1], grays[t]));
    for (const [computed, expected] of [
      [await Promise.all(forward), flowsOf(stored.forward)],
      [await Promise.all(backward), flowsOf(stored.backward)],
    ]) {
      for (const t of pairs) {
        expect(computed[t]).toMatchObject({ width: 48, height: 32 });
        let worst = 0;
        for (let i = 0; i < expected[t].data.length; i++) {
          worst = Math.max(worst, Math.abs(computed[t].data[i] - expected[t].data[i]));
        }
        expect(computed[t].data.length).toBe(expected[t].data.length);
        expect(worst).toBeLessThan(1e-4);
      }
    }
  });

  it('gives no motion between equal pictures, down to a single pixel', async () => {
    for (const [width, height] of [
      [1, 1],
      [2, 3],
      [33, 31],
    ]) {
      const gray = { width, height, data: new Uint8Array(width * height).fill(7) };
      expect(await opticalFlow(gray, gray)).toEqual({ width, height, data: new Float32Array(2 * width * height) });
    }
  });

  it.skipIf(!built)(`runs in a script that the command line gives as a module${builtNote}`, () => {
    const script = `
      import { opticalFlow } from '${pathToFileURL(join(root, 'build/lib/video/flow/flow.js'))}';
      const gray = { width: 2, height: 1, data: new Uint8Array(2) };
      console.log([...(await opticalFlow(gray, gray)).data].join());`;
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
    expect({ stdout, stderr }).toEqual({ stdout: '0,0,0,0\n', stderr: '' });
  });

  it('leaves the pictures as they were', async () => {
    const before = grays[0].data.slice();
    await opticalFlow(grays[0], grays[1]);
    expect(grays[0].data).toEqual(before);
  });

  it('refuses pictures of two sizes and pictures of the wrong length', async () => {
    const small = { width: 4, height: 2, data: new Uint8Array(8) };
    await expect(opticalFlow(grays[0], small)).rejects.toThrow(UsageError);
    await expect(opticalFlow(grays[0], small)).rejects.toThrow('48x32 and 4x2');
    const rgb = { width: 4, height: 2, data: new Uint8Array(24) };
    await expect(opticalFlow(small, rgb)).rejects.toThrow('4x2 picture came with 24 bytes');
    const empty = { width: 0, height: 0, data: new Uint8Array(0) };
    await expect(opticalFlow(empty, empty)).rejects.toThrow(UsageError);
  });
});
