import { describe, expect, it } from 'vitest';
import { UsageError } from '../../src/lib/base/errors.js';
import type { Flow } from '../../src/lib/video/flow/flow.js';
import { nonOccluded, warp, warpFrame } from '../../src/lib/video/flow/warp.js';
import { FIXTURE, flowsOf, framesOf, readTensors, slices } from '../metrics/stored-shot.js';
import { hasPack, packNote, packPath } from '../reference/pack.js';

const stored = await readTensors(`${FIXTURE}shot.safetensors`);
const [width, height] = [48, 32];
const frame = framesOf(stored.output)[0];
// The fixture's `wild` flow: 29 times a real one, so that much of it points outside the picture.
const wild: Flow = { width, height, data: flowsOf(stored.forward)[0].data.map((value) => 29 * value) };

function constantFlow(dx: number, dy: number): Flow {
  return { width, height, data: Float32Array.from({ length: 2 * width * height }, (_, i) => (i % 2 === 0 ? dx : dy)) };
}

describe('warp', () => {
  it('equals OpenCV to the bit on floats', () => {
    // Expected: every second row of cv2.remap(float32, INTER_LINEAR, BORDER_REPLICATE), OpenCV 5.0.0.
    const picture = { width, height, channels: 3, data: Float32Array.from(frame.data, (value) => value / 255) };
    const warped = warp(picture, wild);
    const everySecondRow = slices({ dtype: 'float32', shape: [height], data: warped.data }, height)
      .filter((_, y) => y % 2 === 0)
      .flatMap((row) => [...(row as Float32Array)]);
    expect(everySecondRow).toEqual([...stored['warp.unit'].data]);
  });

  it('equals OpenCV to the bit on bytes', () => {
    expect(warpFrame(frame, wild).data).toEqual(stored['warp.bytes'].data);
  });

  it('moves by whole pixels and repeats the border', () => {
    const moved = warpFrame(frame, constantFlow(3, -2));
    const expected = frame.data.map((_, i) => {
      const [c, x, y] = [i % 3, Math.floor(i / 3) % width, Math.floor(i / 3 / width)];
      return frame.data[(Math.max(0, y - 2) * width + Math.min(width - 1, x + 3)) * 3 + c];
    });
    expect(moved.data).toEqual(expected);
    expect(warpFrame(frame, constantFlow(0, 0))).toEqual(frame);
  });

  it('refuses a flow of another size', () => {
    const flow = { width: 2, height: 1, data: new Float32Array(4) };
    expect(() => warpFrame(frame, flow)).toThrow(UsageError);
    expect(() => warpFrame(frame, flow)).toThrow('48x32 but the flow is 2x1');
  });
});

describe('nonOccluded', () => {
  it('equals the same rule computed with OpenCV and NumPy', () => {
    const forward = flowsOf(stored.forward);
    const backward = flowsOf(stored.backward);
    const masks = slices(stored.non_occluded, forward.length);
    expect(forward.map((flow, t) => nonOccluded(flow, backward[t]))).toEqual(masks);
  });

  it('rounds positions to 1/32 pixel, halves to even, as OpenCV does with flows', () => {
    const noisy = { width, height, data: stored['noisy.backward'].data as Float32Array };
    expect(nonOccluded(constantFlow(2.015625, 1.375), noisy)).toEqual(stored['noisy.non_occluded'].data);
  });

  it('sees everything where nothing moves, and refuses flows of two sizes', () => {
    const still = constantFlow(0, 0);
    expect(nonOccluded(still, still)).toEqual(new Uint8Array(width * height).fill(1));
    expect(() => nonOccluded(still, { width: 1, height: 1, data: new Float32Array(2) })).toThrow(UsageError);
  });

  it.skipIf(!hasPack)(`equals the reference pack${packNote}`, async () => {
    const reference = await readTensors(packPath('metrics', 'clip.safetensors'));
    const forward = flowsOf(reference.flow);
    const backward = flowsOf(reference.backward_flow);
    const masks = slices(reference.non_occluded, forward.length);
    expect(forward.map((flow, t) => nonOccluded(flow, backward[t]))).toEqual(masks);
  });
});
