// The plain picture as a camera would record it, with a little glow around lights. Also winter and desert, which are
// photographs of the same street in other places.

import { light, mix, type Rgb } from '../colour.js';
import { blendLooks, type Look } from '../light/look.js';
import { PHOTO_LOOKS } from '../light/photo-looks.js';
import { addGlow, toFrame } from '../picture/filters.js';
import { KIND } from '../shading/surface.js';
import type { StyleRecipe } from './style.js';

const finish: StyleRecipe['finish'] = (painting) => {
  const colour = painting.colour.slice();
  addGlow(colour, painting, 0.55, 2);
  return toFrame(painting, colour);
};

/** A photograph. */
export const photo: StyleRecipe = { look: (drive) => PHOTO_LOOKS[drive.time], plain: true, finish };

const SNOWY: Look = {
  ...PHOTO_LOOKS.overcast,
  zenith: light('#b9c6d6'),
  horizon: light('#e9eef4'),
  cloudLight: light('#e6ebf1'),
  cloudShade: light('#c3ccd8'),
  skyline: light('#cdd6e0'),
  haze: 70,
  ambient: [1.3, 1.4, 1.56],
  bounce: [0.75, 0.8, 0.88],
  asphalt: light('#7b8087'),
  snow: 1,
  repaint: (colour, kind) => {
    if (kind >= KIND.paint || kind === KIND.cloth) return colour;
    return kind === KIND.leaves ? light('#6d7168') : mix(colour, [0.5, 0.54, 0.6], 0.3);
  },
};

/** The same street under snow, in the light of its hour. */
export const winter: StyleRecipe = {
  look: (drive) => {
    if (drive.time === 'day' || drive.time === 'overcast') return SNOWY;
    const hour = PHOTO_LOOKS[drive.time];
    return { ...blendLooks(SNOWY, hour, drive.time === 'night' ? 0.86 : 0.72), snow: 1, haze: 80 };
  },
  plain: true,
  finish,
};

const ADOBE = ['#d39a62', '#c98250', '#e0b07a', '#b8703f', '#dcae86', '#c4693f'].map(light);

/** The same street built of clay in a desert, the sun low. */
export const desert: StyleRecipe = {
  look: () => ({
    ...PHOTO_LOOKS.dusk,
    zenith: light('#d9853f'),
    horizon: light('#ffd98a'),
    glow: [0.4, 0.25, 0.08],
    clouds: 0.15,
    cloudLight: light('#ffd9a0'),
    cloudShade: light('#d98a52'),
    skyline: light('#c07040'),
    haze: 62,
    sun: [2.6, 1.5, 0.7],
    ambient: [0.95, 0.66, 0.42],
    bounce: [0.55, 0.34, 0.18],
    lamps: [0, 0, 0],
    headlights: 0,
    lit: 0.12,
    windowLight: 0.5,
    pane: light('#6a4630'),
    asphalt: light('#cfa168'),
    paving: light('#d8b27c'),
    kerb: light('#b98a58'),
    mark: light('#e8cd9c'),
    yellowMark: light('#dfb35c'),
    repaint: (colour: Rgb, kind: number, seed: number) => {
      if (kind === KIND.leaves) return light('#8a8a3e');
      if (kind >= KIND.paint || kind === KIND.cloth) return colour;
      return mix(colour, ADOBE[seed % ADOBE.length], 0.85);
    },
  }),
  plain: true,
  finish,
};
