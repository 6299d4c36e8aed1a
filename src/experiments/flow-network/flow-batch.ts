// Pairs as inputs of the loss, varied: mirrored, enlarged, in other colours, with noise and blur. What a camera changes from
// one picture to the next, brightness a little and noise, differs between the two.

import { createGenerator, type RandomGenerator } from '../../lib/base/random.js';
import { type Tensor, tensor } from '../../lib/tensor/tensor.js';
import type { MovingPair } from '../../lib/world/sampling/moving-pair.js';

/** Motions beyond this many pixels are not trained: they are of places right before the camera. */
const FARTHEST = 48;
/** Weight of points that are hidden in the second picture. */
const HIDDEN = 0.1;
/** Motions of so many pixels count half: an error counts relative to what is moved far, absolutely where little moves. */
const FAR = 8;

/** How pairs become inputs. */
export interface FlowBatchOptions {
  /** Pixels of a side of the parts that are cut out. */
  readonly size: number;
  /** The pairs are varied as the hash of this number says. */
  readonly key: number;
}

/** Inputs of `flowLoss`: the pairs as they are or, with options, varied parts of them. */
export function flowBatch(pairs: readonly MovingPair[], options?: FlowBatchOptions): Record<string, Tensor> {
  const { width } = pairs[0].from;
  const size = options?.size ?? width;
  const cells = size * size;
  const batch = pairs.length;
  const from = new Float32Array(3 * batch * cells);
  const to = new Float32Array(3 * batch * cells);
  const flow = new Float32Array(2 * batch * cells);
  const weights = new Float32Array(batch * cells);
  pairs.forEach((pair, b) => {
    const generator = options && createGenerator(options.key * 64 + b);
    const place = generator ? drawPlace(generator, width, size) : { left: 0, top: 0, scale: 1, size, mirrored: false };
    resample(pair.from.data, width, place, from.subarray(3 * b * cells, 3 * (b + 1) * cells));
    resample(pair.to.data, width, place, to.subarray(3 * b * cells, 3 * (b + 1) * cells));
    motion(pair, place, {
      flow: flow.subarray(2 * b * cells, 2 * (b + 1) * cells),
      weights: weights.subarray(b * cells),
    });
    if (!generator) return;
    const look = drawLook(generator);
    for (const picture of [from, to]) {
      recolour(picture.subarray(3 * b * cells, 3 * (b + 1) * cells), look, generator);
    }
  });
  return {
    from: tensor('float32', [batch, 3, size, size], from),
    to: tensor('float32', [batch, 3, size, size], to),
    flow: tensor('float32', [batch, 2, size, size], flow),
    weights: tensor('float32', [batch, 1, size, size], weights),
  };
}

/** A square part of a picture, mirrored or not. */
interface Place {
  readonly left: number;
  readonly top: number;
  /** Pixels of the picture to a pixel of the part. */
  readonly scale: number;
  /** Pixels of the part's side. */
  readonly size: number;
  readonly mirrored: boolean;
}

function drawPlace(generator: RandomGenerator, width: number, size: number): Place {
  const most = (width - 1) / (size - 1);
  const scale = generator.uniform() < 0.5 ? 1 : 0.65 + (most - 0.65) * generator.uniform();
  const room = width - 1 - scale * (size - 1);
  return {
    left: room * generator.uniform(),
    top: room * generator.uniform(),
    ...{ scale, size, mirrored: generator.uniform() < 0.5 },
  };
}

/** Where pixel x of the result is in the picture. */
const column = ({ left, scale, size, mirrored }: Place, x: number): number =>
  left + scale * (mirrored ? size - 1 - x : x);

/** A part of a square picture (H x W x 3 bytes), bilinear: 3 x H x W in [-1, 1]. */
function resample(data: Uint8Array, width: number, place: Place, out: Float32Array): void {
  const { size } = place;
  const cells = size * size;
  for (let y = 0, i = 0; y < size; y++) {
    const v = place.top + place.scale * y;
    const top = Math.min(width - 2, Math.floor(v));
    const down = v - top;
    for (let x = 0; x < size; x++, i++) {
      const u = column(place, x);
      const left = Math.min(width - 2, Math.floor(u));
      const right = u - left;
      const p = 3 * (top * width + left);
      for (let c = 0; c < 3; c++) {
        const upper = data[p + c] + right * (data[p + 3 + c] - data[p + c]);
        const q = p + 3 * width + c;
        const lower = data[q] + right * (data[q + 3] - data[q]);
        out[c * cells + i] = (upper + down * (lower - upper)) / 127.5 - 1;
      }
    }
  }
}

/** The motion of the part in its own pixels, that of the nearest pixel, so that edges stay sharp; and where it is known. */
function motion(
  pair: MovingPair,
  place: Place,
  { flow, weights }: { readonly flow: Float32Array; readonly weights: Float32Array },
): void {
  const { width } = pair.from;
  const { size } = place;
  const cells = size * size;
  const [across, down] = [(place.mirrored ? -1 : 1) / place.scale, 1 / place.scale];
  for (let y = 0, i = 0; y < size; y++) {
    const row = Math.round(place.top + place.scale * y) * width;
    for (let x = 0; x < size; x++, i++) {
      const p = row + Math.round(column(place, x));
      const [dx, dy] = [pair.flow[2 * p], pair.flow[2 * p + 1]];
      flow[i] = dx * across;
      flow[cells + i] = dy * down;
      const length = Math.hypot(dx, dy);
      const isKnown = pair.visible[p] === 1 || (length > 0 && length < FARTHEST);
      weights[i] = isKnown ? (pair.visible[p] === 1 ? 1 : HIDDEN) / (1 + length / FAR) : 0;
    }
  }
}

/** Colours of a whole pair. */
interface Look {
  readonly channels: readonly number[];
  readonly gains: readonly number[];
  readonly shift: number;
  readonly gamma: number;
}

function drawLook(generator: RandomGenerator): Look {
  const orders = [
    [0, 1, 2],
    [0, 2, 1],
    [1, 0, 2],
    [1, 2, 0],
    [2, 0, 1],
    [2, 1, 0],
  ];
  const contrast = 0.6 + 0.7 * generator.uniform();
  return {
    channels: orders[generator.uniform() < 0.5 ? 0 : generator.integer(6)],
    gains: [0, 1, 2].map(() => contrast * (0.85 + 0.3 * generator.uniform())),
    shift: 0.3 * (2 * generator.uniform() - 1),
    gamma: 0.7 + 0.7 * generator.uniform(),
  };
}

/** Applies a look with a small change of brightness, noise and blur of this picture's own. */
function recolour(picture: Float32Array, { channels, gains, shift, gamma }: Look, generator: RandomGenerator): void {
  const cells = picture.length / 3;
  const own = 1 + 0.06 * (2 * generator.uniform() - 1);
  const noise = generator.uniform() < 0.5 ? 0.03 * generator.uniform() : 0;
  const before = picture.slice();
  const grain = noise > 0 ? generator.randn(picture.length) : undefined;
  for (let c = 0; c < 3; c++) {
    for (let i = 0; i < cells; i++) {
      const unit = 0.5 * (before[channels[c] * cells + i] + 1);
      let value = own * (gains[c] * (2 * unit ** gamma - 1) + shift);
      if (grain) value += noise * grain[c * cells + i];
      picture[c * cells + i] = value < -1 ? -1 : value > 1 ? 1 : value;
    }
  }
}
