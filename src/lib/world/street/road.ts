// The road's centre line as a curve in the plane, and its points in the axes of a camera on it. A place in the street is (s,
// d): s metres along the centre line, d metres to its right. Lengths in metres, angles in radians.

/** One wave of the road's heading: amplitude * sin(2 pi s / wavelength + phase). */
export interface Bend {
  readonly amplitude: number;
  readonly wavelength: number;
  readonly phase: number;
}

/** The road's direction at `s`, clockwise from the world's z axis: smooth and bounded for every s. */
export function roadHeading(bends: readonly Bend[], s: number): number {
  let heading = 0;
  for (const { amplitude, wavelength, phase } of bends) {
    heading += amplitude * Math.sin((2 * Math.PI * s) / wavelength + phase);
  }
  return heading;
}

/** Metres between the stations at which the road's course is computed; places between them are interpolated. */
export const STATION_STEP = 2.5;

/** A piece of road in a camera's ground plane: the camera stands at (0, 0), x to its right, z ahead. */
export interface LaidRoad {
  /** s of the first station. */
  readonly start: number;
  readonly x: Float64Array;
  readonly z: Float64Array;
  /** Heading of the road relative to the camera at each station, as sine and cosine. */
  readonly sin: Float64Array;
  readonly cos: Float64Array;
}

/**
 * Lays out the stations from `behind` metres before to `ahead` metres after a camera at (s, d) that looks towards `yaw`.
 * Stations are fixed in the world (multiples of STATION_STEP), so that nothing shifts as the camera moves.
 */
export function layRoad(
  bends: readonly Bend[],
  camera: { s: number; d: number; yaw: number },
  behind: number,
  ahead: number,
): LaidRoad {
  const first = Math.floor((camera.s - behind) / STATION_STEP);
  const last = Math.ceil((camera.s + ahead) / STATION_STEP);
  const count = last - first + 1;
  const road: LaidRoad = {
    start: first * STATION_STEP,
    x: new Float64Array(count),
    z: new Float64Array(count),
    sin: new Float64Array(count),
    cos: new Float64Array(count),
  };
  const relative = (s: number) => roadHeading(bends, s) - camera.yaw;
  const here = relative(camera.s);
  const walk = (from: number, to: number, step: number) => {
    let s = camera.s;
    let x = -camera.d * Math.cos(here);
    let z = camera.d * Math.sin(here);
    let heading = here;
    for (let k = from; step > 0 ? k <= to : k >= to; k += step) {
      const next = k * STATION_STEP;
      const middle = relative((s + next) / 2);
      const end = relative(next);
      const sixth = (next - s) / 6;
      x += sixth * (Math.sin(heading) + 4 * Math.sin(middle) + Math.sin(end));
      z += sixth * (Math.cos(heading) + 4 * Math.cos(middle) + Math.cos(end));
      road.x[k - first] = x;
      road.z[k - first] = z;
      road.sin[k - first] = Math.sin(end);
      road.cos[k - first] = Math.cos(end);
      s = next;
      heading = end;
    }
  };
  const split = Math.ceil(camera.s / STATION_STEP);
  walk(split, last, 1);
  walk(split - 1, first, -1);
  return road;
}

/** A point of the ground plane. */
export interface GroundPoint {
  x: number;
  z: number;
}

/** The point at (s, d), exactly on the straight lines between stations, so that everything stands on the same ground. */
export function placeOnRoad(road: LaidRoad, s: number, d: number): GroundPoint {
  const at = (s - road.start) / STATION_STEP;
  const k = Math.min(Math.max(Math.floor(at), 0), road.x.length - 2);
  const f = at - k;
  const x0 = road.x[k] + d * road.cos[k];
  const z0 = road.z[k] - d * road.sin[k];
  const x1 = road.x[k + 1] + d * road.cos[k + 1];
  const z1 = road.z[k + 1] - d * road.sin[k + 1];
  return { x: x0 + f * (x1 - x0), z: z0 + f * (z1 - z0) };
}

/** The road's heading relative to the camera at `s`. */
export function headingOnRoad(road: LaidRoad, s: number): number {
  const at = (s - road.start) / STATION_STEP;
  const k = Math.min(Math.max(Math.floor(at), 0), road.x.length - 2);
  const f = at - k;
  const sin = road.sin[k] + f * (road.sin[k + 1] - road.sin[k]);
  const cos = road.cos[k] + f * (road.cos[k + 1] - road.cos[k]);
  return Math.atan2(sin, cos);
}
