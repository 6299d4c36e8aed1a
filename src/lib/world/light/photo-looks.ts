// The light of photographs by hour and weather.

import { light } from '../colour.js';
import type { Time } from '../street/drive.js';
import type { Look } from './look.js';

const WARM = [light('#ffcf80'), light('#ffb95e'), light('#ffe3b0'), light('#ffd9a0'), light('#dfe8ff')];

const DAY: Look = {
  zenith: light('#3f7fce'),
  horizon: light('#c9def0'),
  glow: [0.25, 0.22, 0.16],
  disc: [0, 0, 0],
  clouds: 0.45,
  cloudLight: light('#fbfbfb'),
  cloudShade: light('#c3d0de'),
  stars: 0,
  skyline: light('#a9bfd0'),
  haze: 150,
  sun: [2.5, 2.3, 1.95],
  ambient: [0.62, 0.72, 0.9],
  bounce: [0.36, 0.34, 0.31],
  lamps: [0, 0, 0],
  headlights: 0,
  tailLights: 0.1,
  lit: 0,
  windowLight: 0,
  windowColours: WARM,
  pane: light('#5f7688'),
  signLight: 0,
  asphalt: light('#70726f'),
  paving: light('#a8a298'),
  kerb: light('#c2beb4'),
  mark: light('#f2f0e8'),
  yellowMark: light('#eec23c'),
  snow: 0,
  texture: 1,
};

const OVERCAST: Look = {
  ...DAY,
  zenith: light('#9aa5ae'),
  horizon: light('#d5d9db'),
  glow: [0.02, 0.02, 0.02],
  clouds: 0.9,
  cloudLight: light('#cdd2d6'),
  cloudShade: light('#a3acb4'),
  skyline: light('#b4bcc2'),
  haze: 95,
  sun: [0, 0, 0],
  ambient: [1.15, 1.2, 1.27],
  bounce: [0.42, 0.42, 0.42],
  tailLights: 0.35,
  lit: 0.12,
  windowLight: 0.3,
  pane: light('#6b7780'),
  signLight: 0.15,
};

const DUSK: Look = {
  ...DAY,
  zenith: light('#4b568f'),
  horizon: light('#f6ac70'),
  glow: [0.5, 0.22, 0.06],
  disc: light('#ffe2ac'),
  clouds: 0.5,
  cloudLight: light('#f59a72'),
  cloudShade: light('#83688c'),
  skyline: light('#9c7484'),
  haze: 105,
  sun: [2.1, 0.95, 0.36],
  ambient: [0.5, 0.4, 0.48],
  bounce: [0.3, 0.23, 0.22],
  lamps: [0.3, 0.2, 0.09],
  headlights: 0.06,
  tailLights: 0.9,
  lit: 0.3,
  windowLight: 0.75,
  pane: light('#8a6a6c'),
  signLight: 0.5,
};

const NIGHT: Look = {
  ...DAY,
  zenith: light('#0c1228'),
  horizon: light('#2f3658'),
  glow: [0.02, 0.025, 0.04],
  disc: light('#f4f0dc'),
  clouds: 0.3,
  cloudLight: light('#2b3252'),
  cloudShade: light('#161c34'),
  stars: 0.8,
  skyline: light('#1a2140'),
  haze: 110,
  sun: [0.05, 0.06, 0.09],
  ambient: [0.075, 0.09, 0.15],
  bounce: [0.07, 0.06, 0.06],
  lamps: [1.15, 0.8, 0.42],
  headlights: 0.55,
  tailLights: 1.1,
  lit: 0.42,
  windowLight: 0.95,
  pane: light('#1b2438'),
  signLight: 0.9,
};

/** Looks of photographs by hour and weather. */
export const PHOTO_LOOKS: Readonly<Record<Time, Look>> = { day: DAY, overcast: OVERCAST, dusk: DUSK, night: NIGHT };
