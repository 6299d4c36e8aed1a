// Letters as pen strokes, so that labels need no font on the machine: a table (hence the length) and the layout of a line.
// Units: capitals are 10 high, from y = 0 down to the baseline at y = 10; descenders reach 13. Paths are SVG's.

const BOWL = 'M2.75 3.5A2.75 3.25 0 0 0 2.75 10A2.75 3.25 0 0 0 2.75 3.5Z';
const RING = 'M4 0A4 5 0 0 0 4 10A4 5 0 0 0 4 0Z';
const POINT = 'M0 9.9V10';

/** Width and strokes of each character. */
const GLYPHS: Readonly<Record<string, readonly [width: number, path: string]>> = {
  ' ': [2, ''],
  '!': [0, `M0 0V6.8${POINT}`],
  '"': [2, 'M0 0V2.6M2 0V2.6'],
  '#': [7, 'M2.4 0L1 10M6 0L4.6 10M.3 3.2H7M0 6.8H6.7'],
  $: [
    6.4,
    'M6.2 2C5.7 .7 4.6 0 3.2 0C1.4 0 .2 1 .2 2.5C.2 5.6 6.4 4 6.4 7.3C6.4 9 5.1 10 3.2 10C1.5 10 .4 9.2 0 7.8M3.2 -1.4V11.4',
  ],
  '%': [9, 'M8 0L1 10M2 0A2 2.3 0 0 0 2 4.6A2 2.3 0 0 0 2 0ZM7 5.4A2 2.3 0 0 0 7 10A2 2.3 0 0 0 7 5.4Z'],
  '&': [
    7.4,
    'M7.2 5.2C6.6 8 5 10 2.9 10C1.2 10 0 9 0 7.5C0 4.8 5 4.6 5 2C5 .8 4.2 0 3.2 0C2.1 0 1.3 .8 1.3 2C1.3 4 4.5 7.5 7.4 10',
  ],
  "'": [0, 'M0 0V2.6'],
  '(': [2.2, 'M2.2 -1C-.6 3 -.6 8 2.2 12'],
  ')': [2.2, 'M0 -1C2.8 3 2.8 8 0 12'],
  '*': [4.6, 'M2.3 0V5M.1 1.2L4.5 3.8M4.5 1.2L.1 3.8'],
  '+': [6, 'M3 2.5V8.5M0 5.5H6'],
  ',': [1, 'M1 9.8L0 12'],
  '-': [3.4, 'M0 6H3.4'],
  '.': [0, POINT],
  '/': [4.4, 'M4.4 -.6L0 11'],
  '0': [6, 'M3 0A3 5 0 0 0 3 10A3 5 0 0 0 3 0Z'],
  '1': [3, 'M0 2L3 0V10'],
  '2': [6, 'M.2 2.6A2.9 2.7 0 0 1 6 2.8C6 5 1.5 7.5 0 10H6'],
  '3': [5.7, 'M.3 1.6C1 .5 2 0 3 0A2.4 2.35 0 0 1 3 4.7A2.7 2.65 0 0 1 3 10C1.6 10 .5 9.3 0 8.2M3 4.7H2'],
  '4': [6.2, 'M4.6 10V0L0 7H6.2'],
  '5': [6, 'M5.5 0H.9L.4 4.8C1.1 4.1 2 3.8 3 3.8A3 3.1 0 0 1 3 10C1.7 10 .6 9.4 0 8.3'],
  '6': [6, 'M5.4 1.3C4.9 .5 4.1 0 3.2 0C1 0 0 2.6 0 6.2M3 3.9A3 3.05 0 0 0 3 10A3 3.05 0 0 0 3 3.9Z'],
  '7': [6, 'M0 0H6L2.2 10'],
  '8': [6, 'M3 0A2.5 2.35 0 0 0 3 4.7A2.5 2.35 0 0 0 3 0ZM3 4.7A3 2.65 0 0 0 3 10A3 2.65 0 0 0 3 4.7Z'],
  '9': [6, 'M.6 8.7C1.1 9.5 1.9 10 2.8 10C5 10 6 7.4 6 3.8M3 0A3 3.05 0 0 0 3 6.1A3 3.05 0 0 0 3 0Z'],
  ':': [0, `M0 4.4V4.5${POINT}`],
  ';': [1, 'M1 4.4V4.5M1 9.8L0 12'],
  '<': [5.6, 'M5.6 2.6L0 5.6L5.6 8.6'],
  '=': [6, 'M0 4H6M0 7.2H6'],
  '>': [5.6, 'M0 2.6L5.6 5.6L0 8.6'],
  '?': [5, 'M0 1.9C.5 .6 1.4 0 2.6 0C4.1 0 5 1 5 2.4C5 4.6 2.4 4.8 2.4 7M2.4 9.9V10'],
  '@': [9.4, 'M6.6 3.6V6.6C6.6 8.4 9.4 8.2 9.4 5A4.7 5 0 1 0 6.8 9.6M6.6 5.2A1.9 2.2 0 1 0 6.6 5.3Z'],
  A: [7, 'M0 10L3.5 0L7 10M1.4 6.5H5.6'],
  B: [6.2, 'M0 0V10H3.6A2.65 2.65 0 0 0 3.6 4.7H0M3.4 4.7A2.35 2.35 0 0 0 3.4 0H0'],
  C: [7, 'M7 2A4 5 0 1 0 7 8'],
  D: [7, 'M0 0V10H2.5A4.5 5 0 0 0 2.5 0Z'],
  E: [6, 'M6 0H0V10H6M0 4.8H5'],
  F: [6, 'M6 0H0V10M0 4.8H5'],
  G: [7.4, 'M7 2A4 5 0 1 0 7.4 7V5.4H4.4'],
  H: [7, 'M0 0V10M7 0V10M0 4.8H7'],
  I: [0, 'M0 0V10'],
  J: [5, 'M5 0V7A2.5 3 0 0 1 0 7'],
  K: [6.5, 'M0 0V10M6.3 0L0 6.2M2.3 4L6.5 10'],
  L: [5.5, 'M0 0V10H5.5'],
  M: [8.5, 'M0 10V0L4.25 7L8.5 0V10'],
  N: [7, 'M0 10V0L7 10V0'],
  O: [8, RING],
  P: [6.3, 'M0 10V0H3.5A2.8 2.8 0 0 1 3.5 5.6H0'],
  Q: [8, `${RING}M5 7L8 10.6`],
  R: [6.5, 'M0 10V0H3.5A2.8 2.8 0 0 1 3.5 5.6H0M3.2 5.6L6.5 10'],
  S: [6.4, 'M6.2 2C5.7 .7 4.6 0 3.2 0C1.4 0 .2 1 .2 2.5C.2 5.6 6.4 4 6.4 7.3C6.4 9 5.1 10 3.2 10C1.5 10 .4 9.2 0 7.8'],
  T: [7, 'M0 0H7M3.5 0V10'],
  U: [7, 'M0 0V6.5A3.5 3.5 0 0 0 7 6.5V0'],
  V: [7, 'M0 0L3.5 10L7 0'],
  W: [10, 'M0 0L2.5 10L5 1.5L7.5 10L10 0'],
  X: [6.6, 'M0 0L6.6 10M6.6 0L0 10'],
  Y: [7, 'M0 0L3.5 5L7 0M3.5 5V10'],
  Z: [6.5, 'M0 0H6.5L0 10H6.5'],
  '[': [2.4, 'M2.4 -1H0V12H2.4'],
  '\\': [4.4, 'M0 -.6L4.4 11'],
  ']': [2.4, 'M0 -1H2.4V12H0'],
  '^': [5, 'M0 3.4L2.5 0L5 3.4'],
  _: [6, 'M0 11.6H6'],
  '`': [1.4, 'M0 0L1.4 1.8'],
  a: [5.5, `${BOWL}M5.5 3.5V10`],
  b: [5.5, `${BOWL}M0 0V10`],
  c: [5.2, 'M5.2 5A2.75 3.25 0 1 0 5.2 8.5'],
  d: [5.5, `${BOWL}M5.5 0V10`],
  e: [5.5, 'M.1 6.75H5.5A2.75 3.25 0 1 0 5 8.6'],
  f: [3.6, 'M3.6 .1C2 -.3 1.2 .6 1.2 2V10M0 3.5H3.3'],
  g: [5.5, `${BOWL}M5.5 3.5V10.4A2.7 2.6 0 0 1 .5 11.6`],
  h: [5.2, 'M0 0V10M0 6.1A2.6 2.6 0 0 1 5.2 6.1V10'],
  i: [0, 'M0 3.5V10M0 .9V1'],
  j: [1.5, 'M1.5 3.5V11.2C1.5 12.6 .9 13 0 13M1.5 .9V1'],
  k: [5, 'M0 0V10M4.8 3.5L0 7.6M1.9 6L5 10'],
  l: [1.5, 'M0 0V8.3C0 9.6 .6 10.1 1.5 9.9'],
  m: [8.6, 'M0 3.5V10M0 5.65A2.15 2.15 0 0 1 4.3 5.65V10M4.3 5.65A2.15 2.15 0 0 1 8.6 5.65V10'],
  n: [5.2, 'M0 3.5V10M0 6.1A2.6 2.6 0 0 1 5.2 6.1V10'],
  o: [5.5, BOWL],
  p: [5.5, `${BOWL}M0 3.5V13`],
  q: [5.5, `${BOWL}M5.5 3.5V13`],
  r: [3.2, 'M0 3.5V10M0 6C.3 4.3 1.6 3.3 3.2 3.6'],
  s: [
    4.8,
    'M4.6 4.8C4.2 3.9 3.4 3.5 2.4 3.5C1.1 3.5 .2 4.1 .2 5.1C.2 7.3 4.8 6.1 4.8 8.3C4.8 9.4 3.8 10 2.4 10C1.2 10 .3 9.5 0 8.6',
  ],
  t: [3.4, 'M1.2 1.2V8C1.2 9.6 2.2 10.2 3.4 9.8M0 3.5H3.2'],
  u: [5.2, 'M0 3.5V7.4A2.6 2.6 0 0 0 5.2 7.4M5.2 3.5V10'],
  v: [5.4, 'M0 3.5L2.7 10L5.4 3.5'],
  w: [8, 'M0 3.5L2 10L4 4.5L6 10L8 3.5'],
  x: [5, 'M0 3.5L5 10M5 3.5L0 10'],
  y: [5.4, 'M0 3.5L2.7 10M5.4 3.5L2.6 11C2.1 12.5 1.4 13 .3 12.8'],
  z: [5, 'M0 3.5H5L0 10H5'],
  '{': [2.8, 'M2.8 -1C.4 -1 2.4 5.5 0 5.5C2.4 5.5 .4 12 2.8 12'],
  '|': [0, 'M0 -1V12'],
  '}': [2.8, 'M0 -1C2.4 -1 .4 5.5 2.8 5.5C.4 5.5 2.4 12 0 12'],
  '~': [6.4, 'M0 6.6C1 4.4 2.4 4.6 3.2 5.6C4 6.6 5.4 6.8 6.4 4.6'],
  '×': [5, 'M0 4L5 9M5 4L0 9'],
  '°': [2.6, 'M1.3 0A1.3 1.4 0 0 0 1.3 2.8A1.3 1.4 0 0 0 1.3 0Z'],
  '±': [6, 'M3 1.5V7M0 4.2H6M0 9.6H6'],
};

const UNKNOWN: readonly [number, string] = [5.5, 'M0 0H5.5V10H0Z'];
const GAP = 2.3;

/** Height of capitals in the table's units, and how far strokes reach above and below them. */
export const CAPITAL_HEIGHT = 10;
export const ABOVE_CAPITALS = 1.5;
export const BELOW_BASELINE = 3;

/** A line of text as strokes: its width in the table's units and one SVG group per character. */
export interface Strokes {
  readonly width: number;
  readonly svg: string;
}

/** Lays out one line. Accents are dropped; a character that the table lacks is drawn as an empty box. */
export function strokesOf(text: string): Strokes {
  let x = 0;
  let svg = '';
  for (const character of plain(text)) {
    const [width, path] = GLYPHS[character] ?? UNKNOWN;
    if (path) svg += `<path transform="translate(${x.toFixed(2)} 0)" d="${path}"/>`;
    x += width + GAP;
  }
  return { width: Math.max(0, x - GAP), svg };
}

/** Whether the table has strokes for every character of a text. */
export function hasStrokes(text: string): boolean {
  return [...plain(text)].every((character) => character in GLYPHS);
}

function plain(text: string): string {
  return text
    .replace(/[\u2010-\u2015\u2212]/g, '-')
    .replace(/[\u2018\u2019]/g, "'")
    .replace(/[\u201c\u201d]/g, '"')
    .replace(/\u2026/g, '...')
    .replace(/\s+/g, ' ')
    .normalize('NFKD')
    .replace(/\p{M}/gu, '');
}
