// The buffers of a picture: colour, and what styles draw from (depth, materials, things, details).

/** A picture of a scene and its buffers, row by row, `channels` numbers a pixel (1 unless said). */
export interface Painting {
  readonly width: number;
  readonly height: number;
  /** Three channels, 0 black ... 1 white as displayed (the square root of light); may exceed 1. */
  readonly colour: Float32Array;
  /** Three channels: light that glows, in proportion to energy. */
  readonly glow: Float32Array;
  /** Three channels: a random colour for each thing, by which outlines are found. */
  readonly things: Float32Array;
  /** Share covered by drawn details such as windows. */
  readonly detail: Float32Array;
  /** 1 / depth in metres, 0 for sky. */
  readonly nearness: Float32Array;
  /** Share of the pixel that the car covers. */
  readonly car: Float32Array;
  /** Material (KIND) of what covers most of the pixel, its surface coordinates in metres, and a pixel's extent on it. */
  readonly kind: Uint8Array;
  readonly u: Float32Array;
  readonly v: Float32Array;
  readonly du: Float32Array;
  readonly dv: Float32Array;
}

/** Buffers for a picture of this size. */
export function createPainting(width: number, height: number): Painting {
  const pixels = width * height;
  return {
    width,
    height,
    colour: new Float32Array(3 * pixels),
    glow: new Float32Array(3 * pixels),
    things: new Float32Array(3 * pixels),
    detail: new Float32Array(pixels),
    nearness: new Float32Array(pixels),
    car: new Float32Array(pixels),
    kind: new Uint8Array(pixels),
    u: new Float32Array(pixels),
    v: new Float32Array(pixels),
    du: new Float32Array(pixels),
    dv: new Float32Array(pixels),
  };
}
