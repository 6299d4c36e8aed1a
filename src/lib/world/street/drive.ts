// A drive through a street: everything that a seed determines, as data. street.ts has the buildings beside the road. Pixels
// do not occur here.

import { UsageError } from '../../base/errors.js';
import { createGenerator } from '../../base/random.js';
import type { Bend } from './road.js';

/** Light of the hour and the weather. */
export const TIMES = ['day', 'overcast', 'dusk', 'night'] as const;
export type Time = (typeof TIMES)[number];

/** Kinds of buildings beside the road. */
export const DISTRICTS = ['downtown', 'brick', 'old-town', 'mixed'] as const;
export type District = (typeof DISTRICTS)[number];

/** Courses of the road. */
export const COURSES = ['straight', 'gentle', 'winding'] as const;
export type Course = (typeof COURSES)[number];

/** Paint of the car ahead. */
export const CAR_COLOURS = ['red', 'blue', 'white', 'black', 'yellow', 'green', 'orange', 'silver'] as const;
export type CarColour = (typeof CAR_COLOURS)[number];

/** Shapes of the car ahead. */
export const CAR_BODIES = ['sedan', 'hatchback', 'van'] as const;
export type CarBody = (typeof CAR_BODIES)[number];

/** A slow swing: mean + amplitude * sin(2 pi t / period + phase), t in seconds. */
export interface Swing {
  readonly mean: number;
  readonly amplitude: number;
  readonly period: number;
  readonly phase: number;
}

/** The car ahead: its distance (metres from the camera to its middle) and its place across the road. */
export interface DriveCar {
  readonly colour: CarColour;
  readonly body: CarBody;
  readonly distance: Swing;
  readonly lateral: Swing;
}

/** Everything that a seed determines; a scene is a function of this and of the time. */
export interface Drive {
  readonly seed: number;
  readonly time: Time;
  readonly district: District;
  readonly course: Course;
  readonly bends: readonly Bend[];
  /** Metres from the centre line to the kerb, and of pavement behind it. */
  readonly halfRoad: number;
  readonly pavement: number;
  /** Share of tree slots beside the road that have a tree; 0 for a street without trees. */
  readonly trees: number;
  /** Hue of the leaves: 0 green ... 1 autumn. */
  readonly autumn: number;
  readonly people: number;
  readonly yellowLine: boolean;
  /** Start of the drive (metres along the road) and its speed (metres per second). */
  readonly start: number;
  readonly speed: number;
  /** Fore and aft swing of the camera around steady speed, and its place across the road, both in metres. */
  readonly surge: Swing;
  readonly lane: Swing;
  /** Height of the camera in metres, focal length in picture widths, horizon in picture heights from the top. */
  readonly eye: number;
  readonly focal: number;
  readonly horizon: number;
  /** Direction of the sun or moon in the world, clockwise from z, and its height above the horizon. */
  readonly sunAzimuth: number;
  readonly sunElevation: number;
  readonly car: DriveCar | null;
}

/**
 * Properties to fix; the seed determines all others.
 *
 * @inline
 */
export interface DriveOptions {
  readonly time?: Time;
  readonly district?: District;
  readonly course?: Course;
  /** A colour, or null for an empty street. */
  readonly car?: CarColour | null;
  readonly body?: CarBody;
}

/**
 * A drive through a city street; half of all seeds have a car ahead.
 *
 * @throws UsageError when the seed is not an integer in [0, 2^32)
 */
export function createDrive(seed: number, options: DriveOptions = {}): Drive {
  if (!Number.isInteger(seed) || seed < 0 || seed >= 2 ** 32) {
    throw new UsageError(`createDrive: the seed is ${seed}, expected an integer from 0 to 2^32 - 1`);
  }
  const generator = createGenerator(seed);
  const between = (low: number, high: number) => low + (high - low) * generator.uniform();
  const pick = <T>(values: readonly T[]) => values[generator.integer(values.length)];
  const swing = (mean: number, amplitude: number, shortest: number, longest: number): Swing => ({
    mean,
    amplitude,
    period: between(shortest, longest),
    phase: between(0, 2 * Math.PI),
  });

  // All random numbers are drawn for every drive, so that fixing one property does not change the others.
  const drawn = { time: pick(TIMES), district: pick(DISTRICTS), course: pick(COURSES) };
  const time = options.time ?? drawn.time;
  const course = options.course ?? drawn.course;
  const bends = drawBends(course, between);
  const wide = generator.uniform() < 0.3;
  const halfRoad = wide ? between(5.8, 6.6) : between(3.5, 4.2);
  const pavement = between(2.4, 4);
  const hasTrees = generator.uniform() < 0.6;
  const trees = hasTrees ? between(0.5, 0.95) : 0 * between(0, 1);
  const autumn = generator.uniform() < 0.25 ? between(0.5, 1) : between(0, 0.25);
  const people = between(0.1, 0.6);
  const yellowLine = generator.uniform() < 0.35;
  const start = between(0, 4000);
  const speed = between(4.5, 10);
  const surge = swing(0, between(0, 1.2), 5, 9);
  const inLane = wide ? between(1.4, 2.2) : between(1, 1.9);
  const lane = swing(inLane, between(0.05, 0.3), 5, 10);
  const eye = between(1.55, 2.2);
  const focal = between(0.84, 1);
  const horizon = between(0.42, 0.5);
  const sunAzimuth = between(-Math.PI, Math.PI);
  const sunHeight = generator.uniform();
  const sunElevation = time === 'dusk' ? 0.08 + 0.1 * sunHeight : 0.6 + 0.5 * sunHeight;

  const hasCar = generator.uniform() < 0.5;
  const colour = pick(CAR_COLOURS);
  const body = pick(CAR_BODIES);
  const distance = swing(between(7.5, 9.2), between(0.2, 0.8), 4, 9);
  // Mostly in the camera's lane, sometimes straddling the middle.
  const aside = generator.uniform() < 0.25 ? between(-2.2, -1.2) : between(-0.7, 0.7);
  const lateral = swing(inLane + aside, between(0.1, 0.5), 4, 8);
  const paint = options.car === undefined ? (hasCar ? colour : null) : options.car;

  return {
    seed,
    time,
    district: options.district ?? drawn.district,
    course,
    bends,
    halfRoad,
    pavement,
    trees,
    autumn,
    people,
    yellowLine,
    start,
    speed,
    surge,
    lane,
    eye,
    focal,
    horizon,
    sunAzimuth,
    sunElevation,
    car: paint === null ? null : { colour: paint, body: options.body ?? body, distance, lateral },
  };
}

/** A swing's value at `t` seconds. */
export function swingAt({ mean, amplitude, period, phase }: Swing, t: number): number {
  return mean + amplitude * Math.sin((2 * Math.PI * t) / period + phase);
}

/** A swing's rate of change at `t` seconds, per second. */
export function swingRate({ amplitude, period, phase }: Swing, t: number): number {
  return ((2 * Math.PI) / period) * amplitude * Math.cos((2 * Math.PI * t) / period + phase);
}

function drawBends(course: Course, between: (low: number, high: number) => number): Bend[] {
  const bend = (strength: number, shortest: number, longest: number): Bend => {
    const wavelength = between(shortest, longest);
    // Curvature at the tightest point is 2 pi amplitude / wavelength; that is the limit, not the angle.
    return { amplitude: (strength * wavelength) / (2 * Math.PI), wavelength, phase: between(0, 2 * Math.PI) };
  };
  const slow = between(0, 1);
  const quick = between(0, 1);
  if (course === 'straight') return [bend(0.001 * slow, 300, 500), bend(0.0005 * quick, 150, 250)];
  if (course === 'gentle') return [bend(0.007 + 0.006 * slow, 180, 320), bend(0.002 * quick, 90, 140)];
  return [bend(0.018 + 0.012 * slow, 110, 180), bend(0.004 * quick, 70, 110)];
}
