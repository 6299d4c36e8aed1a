// A small procedural street shot: the camera follows a car down a road between houses. A seed decides the street. Flat colours
// and hard edges, no ground truth: something that moves like a shot, for first steps and tests.

import { UsageError } from '../base/errors.js';
import { createGenerator } from '../base/random.js';
import type { Frame } from '../tensor/frame.js';

/** What to draw. */
export interface StreetShotOptions {
  /** Decides houses, colours and the car; 0 unless said. */
  readonly seed?: number;
  /** 24 unless said. */
  readonly frames?: number;
  /** Pixels; 128 x 128 unless said. */
  readonly width?: number;
  readonly height?: number;
  /** Frames per second, by which the speed is drawn; 12 unless said. */
  readonly frameRate?: number;
}

type Colour = readonly [r: number, g: number, b: number];

/** Everything that the seed decides; `dice` are numbers in [0, 1) that are looked up by place. */
interface Street {
  readonly dice: readonly number[];
  readonly sky: readonly [top: Colour, horizon: Colour];
  readonly car: Colour;
}

// Metres, seconds; x to the right, y up, z along the road.
const EYE = 1.7;
const ROAD = 4;
const PAVEMENT = 6;
const HOUSES = 6.5;
const HOUSE_LENGTH = 9;
const SPEED = 9;
const CAR_AHEAD = 8;
const HORIZON = 0.45;

const SKIES: readonly (readonly [Colour, Colour])[] = [
  [
    [70, 130, 200],
    [200, 222, 238],
  ],
  [
    [60, 70, 120],
    [240, 170, 120],
  ],
  [
    [120, 130, 145],
    [205, 208, 210],
  ],
];
const PAINTS: readonly Colour[] = [
  [190, 30, 35],
  [240, 190, 40],
  [40, 90, 170],
  [225, 225, 230],
];
const WALLS: readonly Colour[] = [
  [176, 110, 84],
  [198, 180, 150],
  [128, 134, 140],
  [160, 148, 120],
  [110, 92, 84],
];

/**
 * Draws the frames one after another; equal options give equal frames.
 *
 * @throws UsageError for sides or a number of frames that are no whole numbers from 1 on
 */
export async function* streetShot(options: StreetShotOptions = {}): AsyncGenerator<Frame, void, undefined> {
  const { seed = 0, frames = 24, width = 128, height = 128, frameRate = 12 } = options;
  for (const [name, value] of Object.entries({ frames, width, height })) {
    if (!Number.isInteger(value) || value < 1) {
      throw new UsageError(`streetShot: ${name} is ${value}, expected a whole number from 1 on`);
    }
  }
  const generator = createGenerator(seed);
  const dice = Array.from({ length: 256 }, () => generator.uniform());
  const street = { dice, sky: SKIES[generator.integer(SKIES.length)], car: PAINTS[generator.integer(PAINTS.length)] };
  for (let t = 0; t < frames; t++) yield drawFrame(street, width, height, t / frameRate);
}

function drawFrame(street: Street, width: number, height: number, seconds: number): Frame {
  const data = new Uint8Array(3 * width * height);
  const focal = 0.8 * width;
  const samples = [0.25, 0.75];
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const sum = [0, 0, 0];
      for (const dy of samples) {
        for (const dx of samples) {
          const right = (x + dx - width / 2) / focal;
          const down = (y + dy - HORIZON * height) / focal;
          const colour = look(street, right, down, seconds);
          for (let c = 0; c < 3; c++) sum[c] += colour[c];
        }
      }
      for (let c = 0; c < 3; c++) data[at++] = Math.round(sum[c] / 4);
    }
  }
  return { width, height, data };
}

/** The colour seen in the direction (right, -down, 1). */
function look(street: Street, right: number, down: number, seconds: number): Colour {
  const [top, horizon] = street.sky;
  const sky = mix(horizon, top, Math.min(1, Math.max(0, -down / 0.5)));
  const car = carAt(street, right, down, seconds);
  if (car) return car;
  const wallDistance = HOUSES / Math.max(1e-6, Math.abs(right));
  const groundDistance = down > 0 ? EYE / down : Number.POSITIVE_INFINITY;
  const distance = Math.min(wallDistance, groundDistance);
  if (distance > 400) return sky;
  const along = distance + SPEED * seconds;
  const seen =
    groundDistance <= wallDistance
      ? groundAt(street, right * distance, along)
      : wallAt(street, right > 0 ? 1 : 0, EYE - down * distance, along);
  return seen ? mix(seen, horizon, 1 - Math.exp(-distance / 70)) : sky;
}

function groundAt({ dice }: Street, x: number, along: number): Colour {
  const grain = 8 * (dice[(Math.floor(along * 2) * 31 + Math.floor(x * 2) * 17) & 255] - 0.5);
  if (Math.abs(x) > ROAD) {
    const slab = Math.floor(along / 1.5) % 2 === 0 ? 150 : 142;
    const stone = Math.abs(x) > PAVEMENT ? 120 : slab;
    return [stone + grain, stone + grain, stone - 4 + grain];
  }
  const isDash = Math.abs(x) < 0.09 && along % 6 < 3;
  const isEdge = Math.abs(Math.abs(x) - ROAD + 0.35) < 0.07;
  return isDash || isEdge ? [225, 225, 215] : [70 + grain, 72 + grain, 76 + grain];
}

/** A house front at a height; undefined above its roof. */
function wallAt({ dice }: Street, side: 0 | 1, y: number, along: number): Colour | undefined {
  const house = Math.floor(along / HOUSE_LENGTH);
  const die = (n: number): number => dice[(house * 7 + side * 101 + n * 29) & 255];
  const roof = 5 + 3 * Math.floor(5 * die(0));
  if (y > roof) return undefined;
  const wall = WALLS[Math.floor(WALLS.length * die(1))];
  if (y > roof - 0.4) return mix(wall, [40, 36, 34], 0.6);
  const u = ((along / HOUSE_LENGTH) % 1) * 4;
  const v = y / 3;
  const isWindow = Math.abs((u % 1) - 0.5) < 0.24 && Math.abs((v % 1) - 0.55) < 0.27;
  if (!isWindow) return y < 0.5 ? mix(wall, [60, 58, 56], 0.5) : wall;
  return die(2 + Math.floor(u) + 4 * Math.floor(v)) > 0.75 ? [250, 220, 140] : [52, 66, 84];
}

/** The car from behind, drifting a little in its lane; undefined beside it. */
function carAt({ car }: Street, right: number, down: number, seconds: number): Colour | undefined {
  const x = right * CAR_AHEAD - 1.7 - 0.25 * Math.sin(1.3 * seconds);
  const y = EYE - down * CAR_AHEAD;
  const across = Math.abs(x);
  if (across > 1 || y > 1.5 || y < -0.08) return undefined;
  if (y < 0.3) return across > 0.58 && across < 0.86 ? [22, 22, 24] : y < 0.1 ? [34, 34, 38] : undefined;
  if (y > 0.95) {
    const slope = 0.88 - 0.5 * (y - 0.95);
    if (across > slope) return undefined;
    return y < 1.4 && across < slope - 0.12 ? [40, 48, 60] : mix(car, [0, 0, 0], 0.12);
  }
  if (across > 0.62 && y > 0.66 && y < 0.86) return [235, 40, 40];
  if (across < 0.3 && y > 0.45 && y < 0.6) return [235, 235, 225];
  return mix(car, [0, 0, 0], 0.35 * (1 - y / 0.95));
}

function mix(a: Colour, b: Colour, share: number): Colour {
  const blend = (i: 0 | 1 | 2): number => a[i] + (b[i] - a[i]) * share;
  return [blend(0), blend(1), blend(2)];
}
