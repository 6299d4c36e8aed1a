// The rows of the settings table that a point of a sweep has, and their names in sweep files. Their schemas are in
// point-settings.ts: a worker that looks for jobs needs none, and starts faster without.

import { storedName } from '../../settings/setting.js';
import {
  APPLIED,
  CHECKPOINT,
  FINETUNE,
  OUTPUT,
  RENDER,
  SELECTION,
  STEADIED,
  type STORED_NAMES,
  SUBJECT,
} from '../../settings/table.js';

const { video, model } = SUBJECT;

/** What frames are made of. */
export const SOURCE = { video, ...SELECTION };

/** What renders them. */
export const MODEL = { model, ...CHECKPOINT, ...APPLIED };

/** All rows of a point. */
export const ROWS = { ...SOURCE, ...MODEL, ...RENDER, ...FINETUNE, ...STEADIED, ...OUTPUT };

type Snake<S extends string> = S extends `${infer Head}${infer Rest}`
  ? `${Head extends Lowercase<Head> ? Head : `_${Lowercase<Head>}`}${Snake<Rest>}`
  : S;
/**
 * The name of a row in a sweep file.
 *
 * @inline
 */
export type StoredName<Name extends keyof typeof ROWS> = Name extends keyof typeof STORED_NAMES
  ? (typeof STORED_NAMES)[Name]
  : Snake<Name>;

/**
 * The name of a setting in a sweep file.
 *
 * @inline
 */
export type StoredSettingName = 'method' | StoredName<keyof typeof ROWS>;

/** Settings that are the path of one file or folder. */
export const PATH_SETTINGS = Object.entries(ROWS)
  .filter(([, { kind }]) => kind === 'path')
  .map(([name, row]) => storedName(name, row)) as readonly StoredSettingName[];
