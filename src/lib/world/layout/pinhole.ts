// A camera's picture plane, and the points that rays through it meet.

/** A pinhole camera: directions are ((x - centreX) / focal, (horizon - y) / focal, 1) for pixels (x, y). */
export interface Pinhole {
  readonly width: number;
  readonly height: number;
  readonly focal: number;
  readonly centreX: number;
  readonly horizon: number;
}

/** Where the ray of a pixel position meets a polygon. Renderers fill one such object again for every pixel. */
export interface SurfacePoint {
  /** The pixel position. */
  x: number;
  y: number;
  /** Index of the polygon in its scene, -1 for the sky. */
  polygon: number;
  /** Direction of the ray: (right, up, 1). */
  right: number;
  up: number;
  /** Depth in metres. */
  z: number;
  /** Surface coordinates in metres. */
  u: number;
  v: number;
  /** Change of the surface coordinates over one pixel. */
  du: number;
  dv: number;
}

/** An empty point, to be filled in. */
export function createPoint(): SurfacePoint {
  return { x: 0, y: 0, polygon: -1, right: 0, up: 0, z: 0, u: 0, v: 0, du: 0, dv: 0 };
}
