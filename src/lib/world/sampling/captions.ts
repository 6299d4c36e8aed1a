// What a picture of a drive is called, in the words of people who type prompts. One table of phrases, from which both the
// captions and the list of all their words come.

import type { RandomGenerator } from '../../base/random.js';
import { CAR_COLOURS, type Drive, type Time } from '../street/drive.js';
import type { Style } from '../styles/styles.js';

/** How likely parts are left out. */
const EMPTY_SHARE = 0.1;
const CAR_UNSAID_SHARE = 0.5;

/** Beginnings, by style; the first of each list is the plain one. */
const OPENINGS: Readonly<Record<Style, readonly string[]>> = {
  photo: ['a photo of', 'photo of', 'a photograph of', 'a video frame of'],
  neon: ['a cyberpunk neon painting of', 'cyberpunk neon painting of', 'a neon painting of', 'a cyberpunk picture of'],
  pencil: ['a pencil sketch of', 'pencil sketch of', 'a pencil drawing of', 'a black and white sketch of'],
  oil: ['an oil painting of', 'oil painting of', 'a colorful oil painting of', 'an oil on canvas of'],
  watercolor: ['a watercolor painting of', 'watercolor of', 'a pale watercolor of', 'a watercolor sketch of'],
  comic: ['a comic book drawing of', 'comic book panel of', 'a comic of', 'a cartoon of'],
  winter: ['a photo of', 'photo of', 'a photograph of', 'a winter photo of'],
  desert: ['a photo of', 'photo of', 'a photograph of', 'a video frame of'],
};

const PLACES = ['a city street', 'a street', 'a street in the city', 'a road between buildings'] as const;
const EMPTY_PLACES = ['an empty city street', 'an empty street', 'an empty road between buildings'] as const;
const CURVED_PLACES = ['a curved city street', 'a winding street'] as const;
const SNOWY_PLACES = [
  'a snowy city street',
  'a street covered in snow',
  'a city street in winter',
  'a snowy street',
] as const;
const DESERT_PLACES = [
  'a desert city street',
  'a street in the desert',
  'a desert town',
  'a dusty desert street',
] as const;

const HOURS: Readonly<Record<Time, readonly string[]>> = {
  day: ['by day', 'on a sunny day', 'in daylight', 'in the sun'],
  overcast: ['on a cloudy day', 'under a grey sky', 'in fog', 'on a grey day'],
  dusk: ['at dusk', 'at sunset', 'in the evening', 'at dusk'],
  night: ['at night', 'by night', 'at night', 'at night with street lights'],
};
const SUNSET = ['at sunset', 'in the evening sun', 'under an orange sky', 'at sunset'] as const;

const CARS = ['with a COLOUR car', 'with a COLOUR car ahead', 'and a COLOUR car', 'behind a COLOUR car'] as const;
const TREES = ['lined with trees', 'with trees'] as const;

/** How a caption is chosen; without it the plain caption comes out, which says everything. */
export interface CaptionOptions {
  /** Draws the phrases and what is left out. */
  readonly generator?: RandomGenerator;
  /** `false` never names the car, `true` always where there is one; left to the generator unless said. */
  readonly nameCar?: boolean;
}

/**
 * A caption of a drive in a style. With a generator phrases vary, the car is left out half of the time, and one caption in
 * ten is empty; without one it is always the same, such as "a cyberpunk neon painting of a city street at night with a red
 * car".
 */
export function caption(drive: Drive, style: Style, options: CaptionOptions = {}): string {
  const { generator, nameCar } = options;
  const draw = () => generator?.uniform() ?? 0.999;
  const pick = (phrases: readonly string[]) => phrases[generator ? generator.integer(phrases.length) : 0];
  const isEmpty = draw() < EMPTY_SHARE;
  const saysCar = draw() >= CAR_UNSAID_SHARE;
  const saysHour = draw() >= 0.2;
  const saysTrees = generator !== undefined && draw() < 0.3;
  const saysShape = draw() < 0.35;
  if (isEmpty) return '';
  const words = [pick(OPENINGS[style]), pick(placesOf(drive, style, saysShape))];
  if (saysTrees && drive.trees > 0) words.push(pick(TREES));
  if (saysHour) words.push(pick(hoursOf(drive, style)));
  if (drive.car && (nameCar ?? saysCar)) {
    const phrase = pick(CARS).replace('COLOUR', drive.car.colour);
    words.push(phrase.replace('a orange', 'an orange'));
  }
  return words.join(' ');
}

function placesOf(drive: Drive, style: Style, saysShape: boolean): readonly string[] {
  if (style === 'winter') return SNOWY_PLACES;
  if (style === 'desert') return DESERT_PLACES;
  if (saysShape && !drive.car) return EMPTY_PLACES;
  return saysShape && drive.course === 'winding' ? CURVED_PLACES : PLACES;
}

/** Neon is always night and a desert always evening, whatever hour the photograph was taken. */
function hoursOf(drive: Drive, style: Style): readonly string[] {
  if (style === 'neon') return HOURS.night;
  return style === 'desert' ? SUNSET : HOURS[drive.time];
}

/** Every word that a caption can hold, sorted: what a reduced vocabulary must know. */
export const CAPTION_WORDS: readonly string[] = allWords();

function allWords(): string[] {
  const phrases = [
    ...Object.values(OPENINGS).flat(),
    ...PLACES,
    ...EMPTY_PLACES,
    ...CURVED_PLACES,
    ...SNOWY_PLACES,
    ...DESERT_PLACES,
    ...Object.values(HOURS).flat(),
    ...SUNSET,
    ...CARS.map((phrase) => phrase.replace('COLOUR', 'an')),
    ...TREES,
    ...CAR_COLOURS,
  ];
  return [...new Set(phrases.flatMap((phrase) => phrase.split(' ')))].sort();
}
