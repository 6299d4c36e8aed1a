// Pairs of pictures with the exact motion between them: streets as their drive moves on, and textures cut out and moved by
// affine maps. What an estimator of optical flow is trained and judged on.

import { createGenerator, type RandomGenerator } from '../../base/random.js';
import type { Frame } from '../../tensor/frame.js';
import { fractalNoise2, hashBits } from '../noise.js';
import { renderScene } from '../picture/render-scene.js';
import { texturePicture } from '../picture/texture-picture.js';
import { sceneFlow } from '../truth/scene-flow.js';
import { planSample } from './training-sample.js';

/** Two pictures and the motion from the first to the second. */
export interface MovingPair {
  readonly from: Frame;
  readonly to: Frame;
  /** H x W x 2 in pixels, dx before dy. */
  readonly flow: Float32Array;
  /** H x W: 1 where the point is seen in both pictures. */
  readonly visible: Uint8Array;
}

/** What to draw pairs from. */
export interface MovingPairOptions {
  /** Pixels of a side; 128 by default. */
  readonly size?: number;
  /** Draws from the drives that are kept from training instead. */
  readonly heldOut?: boolean;
  /** Frames between the two pictures at 12 frames a second; mostly 1, at most 3, forwards or backwards, by default. */
  readonly gap?: number;
}

const FRAME_RATE = 12;
/** Textures are drawn this much larger than the pictures, so that the sides of most stay outside. */
const MARGIN = 1.5;

/** Pair `index` of the stream `seed`: a pure function of its arguments. Textures are one in four, streets the others. */
export function movingPair(seed: number, index: number, options: MovingPairOptions = {}): MovingPair {
  const generator = createGenerator(hashBits(index, 67, hashBits(seed, 71, 13)));
  return generator.uniform() < 0.25 ? texturePair(seed, index, options) : streetPair(seed, index, options);
}

/** Two moments of a drive, as photographs. */
export function streetPair(seed: number, index: number, options: MovingPairOptions = {}): MovingPair {
  const { size = 128, heldOut = false } = options;
  const generator = createGenerator(hashBits(index, 73, hashBits(seed, 79, 19)));
  const { drive, t } = planSample(seed, index, { styles: ['photo'], heldOut });
  const frames = options.gap ?? (generator.uniform() < 0.7 ? 1 : 1 + generator.integer(3));
  const [early, late] = [t, t + frames / FRAME_RATE];
  const [at, other] = options.gap === undefined && generator.uniform() < 0.5 ? [late, early] : [early, late];
  const sides = { width: size, height: size };
  const { data: flow, visible } = sceneFlow(drive, at, other, sides);
  return { from: renderScene(drive, at, 'photo', sides), to: renderScene(drive, other, 'photo', sides), flow, visible };
}

/** Coordinates of a texture as an affine function of those of a picture, both with their origin in the middle. */
type Affine = readonly [a: number, b: number, c: number, d: number, x: number, y: number];

/** A cut-out of a texture: where it is in both pictures, and its shape in its own coordinates. */
interface Cutout {
  readonly texture: Frame;
  readonly maps: readonly [Affine, Affine];
  readonly covers: (x: number, y: number) => boolean;
}

/** Textures under affine motion, up to four cut-outs before a background. */
export function texturePair(seed: number, index: number, { size = 128 }: MovingPairOptions = {}): MovingPair {
  const generator = createGenerator(hashBits(index, 83, hashBits(seed, 89, 23)));
  const camera = drawMotion(generator, 0.1);
  const layers: Cutout[] = [];
  const count = 1 + generator.integer(5);
  for (let i = 0; i < count; i++) {
    const texture = texturePicture(seed, 8 * index + i, Math.round(MARGIN * size));
    const place = i === 0 ? IDENTITY : drawPlace(generator, size);
    const motion = i === 0 ? camera : after(camera, drawMotion(generator, 0.07));
    layers.push({
      texture,
      maps: [place, after(place, motion)],
      covers: i === 0 ? () => true : drawShape(generator, size),
    });
  }
  const seen = [paint(layers, 0, size), paint(layers, 1, size)] as const;
  const flow = new Float32Array(2 * size * size);
  const visible = new Uint8Array(size * size);
  for (let y = 0, i = 0; y < size; y++) {
    for (let x = 0; x < size; x++, i++) {
      const layer = seen[0].layers[i];
      const { maps } = layers[layer];
      const [u, v] = apply(maps[0], x + 0.5 - size / 2, y + 0.5 - size / 2);
      const [x1, y1] = apply(inverse(maps[1]), u, v).map((value) => value + size / 2 - 0.5);
      flow[2 * i] = x1 - x;
      flow[2 * i + 1] = y1 - y;
      const [column, row] = [Math.round(x1), Math.round(y1)];
      const isInside = column >= 0 && row >= 0 && column < size && row < size;
      visible[i] = isInside && seen[1].layers[row * size + column] === layer ? 1 : 0;
    }
  }
  return { from: seen[0].frame, to: seen[1].frame, flow, visible };
}

const IDENTITY: Affine = [1, 0, 0, 1, 0, 0];

/** A small rotation, zoom and shift of up to `reach` of the side; shifts are mostly short. */
function drawMotion(generator: RandomGenerator, reach: number): Affine {
  const angle = 0.08 * (2 * generator.uniform() - 1) * generator.uniform();
  const zoom = 1 + 0.12 * (2 * generator.uniform() - 1) * generator.uniform();
  const shift = (): number => 128 * reach * (2 * generator.uniform() - 1) * generator.uniform();
  const [cos, sin] = [zoom * Math.cos(angle), zoom * Math.sin(angle)];
  return [cos, -sin, sin, cos, shift(), shift()];
}

/** Anywhere in the picture, turned. */
function drawPlace(generator: RandomGenerator, size: number): Affine {
  const angle = 2 * Math.PI * generator.uniform();
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const [x, y] = [generator.uniform(), generator.uniform()].map((value) => size * (value - 0.5));
  return [cos, -sin, sin, cos, -(cos * x - sin * y), -(sin * x + cos * y)];
}

/** A lobed, ragged or angular region around the origin. */
function drawShape(generator: RandomGenerator, size: number): (x: number, y: number) => boolean {
  const radius = size * (0.06 + 0.3 * generator.uniform() ** 1.5);
  const flat = 0.3 + 0.7 * generator.uniform();
  const kind = generator.integer(3);
  const shift = 100 * generator.uniform();
  return (x, y) => {
    const [u, v] = [x / radius, y / (radius * flat)];
    if (kind === 0) return Math.max(Math.abs(u), Math.abs(v)) < 1;
    const length = Math.hypot(u, v);
    if (kind === 1) return length < 1;
    return length < 0.6 + 0.8 * fractalNoise2(1.5 * u + shift, 1.5 * v, 3);
  };
}

/** The picture with the front layer of each pixel: the last that covers its middle. */
function paint(layers: readonly Cutout[], which: 0 | 1, size: number): { frame: Frame; layers: Uint8Array } {
  const data = new Uint8Array(3 * size * size);
  const front = new Uint8Array(size * size);
  for (let y = 0, i = 0; y < size; y++) {
    for (let x = 0; x < size; x++, i++) {
      const [cx, cy] = [x + 0.5 - size / 2, y + 0.5 - size / 2];
      let k = layers.length - 1;
      let place = apply(layers[k].maps[which], cx, cy);
      while (!layers[k].covers(place[0], place[1])) place = apply(layers[--k].maps[which], cx, cy);
      front[i] = k;
      sample(layers[k].texture, place, data, 3 * i);
    }
  }
  return { frame: { width: size, height: size, data }, layers: front };
}

/** Bilinear, mirrored beyond the sides. */
function sample({ width, data }: Frame, [u, v]: readonly number[], out: Uint8Array, at: number): void {
  const mirrored = (value: number): number => {
    const period = 2 * (width - 1);
    const inPeriod = (((value + width / 2 - 0.5) % period) + period) % period;
    return inPeriod < width - 1 ? inPeriod : period - inPeriod;
  };
  const [x, y] = [mirrored(u), mirrored(v)];
  const [left, top] = [Math.min(width - 2, Math.floor(x)), Math.min(width - 2, Math.floor(y))];
  const [fx, fy] = [x - left, y - top];
  for (let c = 0; c < 3; c++) {
    const i = 3 * (top * width + left) + c;
    const upper = data[i] + fx * (data[i + 3] - data[i]);
    const lower = data[i + 3 * width] + fx * (data[i + 3 * width + 3] - data[i + 3 * width]);
    out[at + c] = Math.round(upper + fy * (lower - upper));
  }
}

const apply = ([a, b, c, d, x, y]: Affine, u: number, v: number): [number, number] => [
  a * u + b * v + x,
  c * u + d * v + y,
];

/** First `second`, then `first`. */
function after(first: Affine, second: Affine): Affine {
  const [a, b, c, d, x, y] = first;
  const [e, f, g, h, u, v] = second;
  return [a * e + b * g, a * f + b * h, c * e + d * g, c * f + d * h, a * u + b * v + x, c * u + d * v + y];
}

function inverse([a, b, c, d, x, y]: Affine): Affine {
  const det = a * d - b * c;
  return [d / det, -b / det, -c / det, a / det, (b * y - d * x) / det, (c * x - a * y) / det];
}
