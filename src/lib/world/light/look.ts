// A look: the light and the materials of a picture, as data that shading reads. photo-looks.ts has the looks of photographs;
// styles that change light or materials have their own.

import { mix, type Rgb } from '../colour.js';

/** Light and materials of a picture. Sky colours are final; light is relative to a white sheet in it. */
export interface Look {
  readonly zenith: Rgb;
  readonly horizon: Rgb;
  /** Added towards the sun or moon. */
  readonly glow: Rgb;
  /** The disc of sun or moon itself. */
  readonly disc: Rgb;
  /** Share of the sky under clouds, and their lit and shaded colours. */
  readonly clouds: number;
  readonly cloudLight: Rgb;
  readonly cloudShade: Rgb;
  readonly stars: number;
  readonly skyline: Rgb;
  /** Distance in metres at which haze hides 63 % of things. */
  readonly haze: number;
  readonly sun: Rgb;
  /** Light from the sky above, and from the street below. */
  readonly ambient: Rgb;
  readonly bounce: Rgb;
  /** Light of the street lamps right under them. */
  readonly lamps: Rgb;
  readonly headlights: number;
  readonly tailLights: number;
  /** Share of lit windows, and their brightness. */
  readonly lit: number;
  readonly windowLight: number;
  readonly windowColours: readonly Rgb[];
  /** Colour of window panes by day. */
  readonly pane: Rgb;
  readonly signLight: number;
  readonly asphalt: Rgb;
  readonly paving: Rgb;
  readonly kerb: Rgb;
  readonly mark: Rgb;
  readonly yellowMark: Rgb;
  /** 0 none ... 1 covered. */
  readonly snow: number;
  /** Strength of fine texture, 1 in photographs. */
  readonly texture: number;
  /** Changes the colours of walls, trims, roofs, leaves and car paint, by what they are on. */
  readonly repaint?: (colour: Rgb, kind: number, seed: number) => Rgb;
}

/** A look with its colours pulled towards another one's sky and light, for styles that keep the hour recognisable. */
export function blendLooks(a: Look, b: Look, share: number): Look {
  const blended: Record<string, unknown> = { ...b };
  for (const key of Object.keys(a) as (keyof Look)[]) {
    const from = a[key];
    const to = b[key];
    if (typeof from === 'number' && typeof to === 'number') blended[key] = from + (to - from) * share;
    else if (isRgb(from) && isRgb(to)) blended[key] = mix(from, to, share);
  }
  return blended as unknown as Look;
}

function isRgb(value: unknown): value is Rgb {
  return Array.isArray(value) && value.length === 3 && typeof value[0] === 'number';
}

/**
 * The same look, made the same way whichever look it is: objects with their fields in another order, and colours in arrays
 * of another kind, would make every use of them several times slower.
 */
export function uniformLook(look: Look): Look {
  const packed = (colour: Rgb) => Float64Array.from(colour) as unknown as Rgb;
  return {
    zenith: packed(look.zenith),
    horizon: packed(look.horizon),
    glow: packed(look.glow),
    disc: packed(look.disc),
    clouds: look.clouds,
    cloudLight: packed(look.cloudLight),
    cloudShade: packed(look.cloudShade),
    stars: look.stars,
    skyline: packed(look.skyline),
    haze: look.haze,
    sun: packed(look.sun),
    ambient: packed(look.ambient),
    bounce: packed(look.bounce),
    lamps: packed(look.lamps),
    headlights: look.headlights,
    tailLights: look.tailLights,
    lit: look.lit,
    windowLight: look.windowLight,
    windowColours: look.windowColours.map(packed),
    pane: packed(look.pane),
    signLight: look.signLight,
    asphalt: packed(look.asphalt),
    paving: packed(look.paving),
    kerb: packed(look.kerb),
    mark: packed(look.mark),
    yellowMark: packed(look.yellowMark),
    snow: look.snow,
    texture: look.texture,
    repaint: look.repaint,
  };
}
