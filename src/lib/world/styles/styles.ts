// All styles by name, in the order of contact sheets.

import { comic } from './comic.js';
import { neon } from './neon.js';
import { oil } from './oil.js';
import { pencil } from './pencil.js';
import { desert, photo, winter } from './photo.js';
import type { StyleRecipe } from './style.js';
import { watercolor } from './watercolor.js';

/** Names of the styles. */
export const STYLES = ['photo', 'neon', 'pencil', 'oil', 'watercolor', 'comic', 'winter', 'desert'] as const;
/** Name of a style. */
export type Style = (typeof STYLES)[number];

/** The recipe of each style. */
export const STYLE_RECIPES: Readonly<Record<Style, StyleRecipe>> = {
  photo,
  neon,
  pencil,
  oil,
  watercolor,
  comic,
  winter,
  desert,
};
