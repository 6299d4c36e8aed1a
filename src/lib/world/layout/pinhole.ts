// A camera's picture plane, and the points that rays through it meet.

/** A pinhole camera: directions are ((x - centreX) / focal, (horizon - y) / focal, 1) for pixels (x, y). */
export interface Pinhole {
  readonly width: number;
  readonly height: number;
  readonly focal: number;
  readonly centreX: number;
  readonly horizon: number;
}

/**
 * Where the ray of a pixel position (x, y) meets a surface: direction (right, up, 1), depth in metres, surface coordinates, and
 * their change over one pixel.
 */
export interface SurfacePoint {
  x: number;
  y: number;
  right: number;
  up: number;
  z: number;
  u: number;
  v: number;
  du: number;
  dv: number;
}

/** A point at nothing, to be filled in. */
export function createPoint(): SurfacePoint {
  return { x: 0, y: 0, right: 0, up: 0, z: 0, u: 0, v: 0, du: 0, dv: 0 };
}
