// The estimators of optical flow by name, and the network of the package against true motion.

import { describe, expect, it } from 'vitest';
import { endpointError } from '../../src/experiments/flow-network/judge-flow.js';
import { FLOWS } from '../../src/lib/settings/table.js';
import type { Frame } from '../../src/lib/tensor/frame.js';
import { disFlow } from '../../src/lib/video/flow/dis/dis-flow.js';
import { estimateFlow } from '../../src/lib/video/flow/estimate-flow.js';
import { toGray } from '../../src/lib/video/flow/flow.js';
import { resizeFlow } from '../../src/lib/video/flow/planes.js';
import { streetPair } from '../../src/lib/world/sampling/moving-pair.js';

/** Twice the size, every pixel four times. */
function doubled({ width, height, data }: Frame): Frame {
  const large = new Uint8Array(12 * width * height);
  for (let y = 0, i = 0; y < 2 * height; y++) {
    for (let x = 0; x < 2 * width; x++, i += 3) {
      const p = 3 * ((y >> 1) * width + (x >> 1));
      large.set(data.subarray(p, p + 3), i);
    }
  }
  return { width: 2 * width, height: 2 * height, data: large };
}

const pair = streetPair(0, 2, { heldOut: true, gap: 1 });

describe.each(FLOWS)('%s', (method) => {
  it('gives the motion in both directions', async () => {
    const { there, back } = await estimateFlow(pair.from, pair.to, method);
    const swapped = await estimateFlow(pair.to, pair.from, method);
    expect(there).toMatchObject({ width: 128, height: 128 });
    for (const [a, b] of [
      [there, swapped.back],
      [back, swapped.there],
    ]) {
      const most = a.data.reduce((sum, value, i) => Math.max(sum, Math.abs(value - b.data[i])), 0);
      expect(most).toBeLessThan(1e-3);
    }
  });
});

describe('DIS', () => {
  it('compares single pixels of small frames, and those of half the size of large ones', async () => {
    const preset = disFlow(toGray(pair.from), toGray(pair.to));
    const { there } = await estimateFlow(pair.from, pair.to, 'dis');
    expect(endpointError(there.data, pair)).toBeLessThan(0.9 * endpointError(preset.data, pair));
    const [from, to] = [doubled(doubled(pair.from)), doubled(doubled(pair.to))];
    expect((await estimateFlow(from, to, 'dis')).there).toEqual(disFlow(toGray(from), toGray(to)));
  });
});

describe('the network', () => {
  it('is nearer to the true motion of drives that it was not trained on than DIS is', async () => {
    let [network, dis] = [0, 0];
    for (let i = 0; i < 3; i++) {
      const held = streetPair(0, i, { heldOut: true, gap: 1 });
      network += endpointError((await estimateFlow(held.from, held.to, 'network')).there.data, held);
      dis += endpointError((await estimateFlow(held.from, held.to, 'dis')).there.data, held);
    }
    expect(network).toBeLessThan(dis);
  });

  it('takes frames of any size: larger ones give the same motion in their own pixels', async () => {
    const small = (await estimateFlow(pair.from, pair.to, 'network')).there;
    const [from, to] = [doubled(doubled(pair.from)), doubled(doubled(pair.to))];
    const large = (await estimateFlow(from, to, 'network')).there;
    expect(large).toMatchObject({ width: 512, height: 512 });
    const fitted = resizeFlow(large, 128, 128);
    let sum = 0;
    for (let i = 0; i < fitted.data.length; i++) sum += Math.abs(fitted.data[i] - small.data[i]);
    expect(sum / fitted.data.length).toBeLessThan(1);
    const odd = { width: 70, height: 41, data: new Uint8Array(3 * 70 * 41).fill(90) };
    expect((await estimateFlow(odd, odd, 'network')).there).toMatchObject({ width: 70, height: 41 });
  });
});

describe('resizeFlow', () => {
  it('scales a linear field exactly, away from the borders', () => {
    const [width, height] = [8, 6];
    const data = new Float32Array(2 * width * height);
    for (let p = 0; p < width * height; p++) {
      data[2 * p] = 0.25 * ((p % width) + 0.5);
      data[2 * p + 1] = -0.5 * (Math.floor(p / width) + 0.5);
    }
    const { data: large } = resizeFlow({ width, height, data }, 16, 18);
    for (let y = 3; y < 15; y++) {
      for (let x = 2; x < 14; x++) {
        expect(large[2 * (y * 16 + x)]).toBeCloseTo(2 * 0.25 * ((x + 0.5) / 2), 5);
        expect(large[2 * (y * 16 + x) + 1]).toBeCloseTo(3 * -0.5 * ((y + 0.5) / 3), 5);
      }
    }
  });
});
