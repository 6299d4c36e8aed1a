// The settings of one point of a sweep, by the names that sweep files have for them: what each may be, and which of them count for a
// point. They are rows of the table of settings; what varies them is sweep-schema.ts.

import { z } from 'zod';
import { defaultsOf } from '../../settings/defaults.js';
import { type FileValue, schemaOf } from '../../settings/schema.js';
import type { SettingTable, ValueOf } from '../../settings/setting.js';
import { countsForIdentity, storedNames, storedSettings } from '../../settings/stored.js';
import { APPLIED, CHECKPOINT, FINETUNE, RENDER, SELECTION, SUBJECT } from '../../settings/table.js';

const { video, model } = SUBJECT;
const SOURCE = { video, ...SELECTION };
const MODEL = { model, ...CHECKPOINT, ...APPLIED };
const ROWS = { ...SOURCE, ...MODEL, ...RENDER, ...FINETUNE };

/** How a video is edited: with the model as it is, or finetuned on the video first. */
export const METHODS = ['img2img', 'finetune'] as const;

type Snake<S extends string> = S extends `${infer Head}${infer Rest}`
  ? `${Head extends Lowercase<Head> ? Head : `_${Lowercase<Head>}`}${Snake<Rest>}`
  : S;
type StoredName<Name extends keyof typeof ROWS> = Name extends 'negativePrompt'
  ? 'negative'
  : Name extends 'guidanceScale'
    ? 'guidance'
    : Snake<Name>;

/**
 * The name of a setting in a sweep file.
 *
 * @inline
 */
export type StoredSettingName = 'method' | StoredName<keyof typeof ROWS>;

/**
 * Settings as they stand in a file.
 *
 * @inline
 */
export type GivenSettings = { readonly method?: (typeof METHODS)[number] } & {
  readonly [Name in keyof typeof ROWS as StoredName<Name>]?: FileValue<ValueOf<(typeof ROWS)[Name]>>;
};

const schemas = (table: SettingTable): [name: string, schema: z.ZodType][] => {
  const names = storedNames(table);
  return Object.values(table).map((row, i) => [names[i], schemaOf(row)]);
};

/** Every setting by its name: what it may be. */
export const SETTING_SCHEMAS = {
  method: z
    .enum(METHODS)
    .describe('img2img, or finetune, which is the default where a setting of a finetune is named.'),
  ...Object.fromEntries(schemas(ROWS)),
} as unknown as { readonly [Name in StoredSettingName]: z.ZodType<NonNullable<GivenSettings[Name]>> };

/** Names of settings by what they are about. */
export const SETTING_NAMES = {
  all: Object.keys(SETTING_SCHEMAS),
  source: storedNames(SOURCE),
  model: storedNames(MODEL),
  render: storedNames(RENDER),
  finetune: storedNames(FINETUNE),
} as Readonly<Record<'all' | 'source' | 'model' | 'render' | 'finetune', readonly StoredSettingName[]>>;

type TopName = StoredName<keyof typeof SOURCE | keyof typeof MODEL | 'prompt' | 'negativePrompt' | 'batch' | 'edits'>;

/** Settings that may stand at the top of a sweep file, where they hold for all points. */
export const TOP_SETTINGS = [
  ...SETTING_NAMES.source,
  ...SETTING_NAMES.model,
  'prompt',
  'negative',
  'batch',
  'edits',
] as readonly TopName[];

/** Settings that are the path of one file or folder. */
export const PATH_SETTINGS = Object.entries(ROWS)
  .filter(([, { kind }]) => kind === 'path')
  .map(([name]) => name) as readonly StoredSettingName[];

/**
 * Settings of every point, defaults in place, without those that do not count for it.
 *
 * @inline
 */
export type PointSettings = GivenSettings &
  Required<Pick<GivenSettings, 'method' | 'video' | 'model' | StoredName<keyof typeof RENDER>>>;

const stored = (table: SettingTable): GivenSettings => storedSettings(table, defaultsOf(table)) as GivenSettings;
const RENDER_DEFAULTS = stored(RENDER);
const FINETUNE_DEFAULTS = stored(FINETUNE);
const ROW_OF = new Map<string, SettingTable[string]>(
  storedNames(ROWS).map((name, i) => [name, Object.values(ROWS)[i]]),
);

/** Settings that count only where another one has a certain value. */
const LORA_SETTINGS: readonly StoredSettingName[] = ['rank', 'alpha', 'layers'];

/**
 * Fills in defaults and leaves out what does not count: settings of a finetune where there is none, those of low-rank updates
 * where weights themselves are trained. Two points that differ only in such a setting are one.
 */
export function pointSettings(chosen: GivenSettings): PointSettings {
  const given: GivenSettings = Object.fromEntries(Object.entries(chosen).filter(([, value]) => value !== undefined));
  const finetunes = SETTING_NAMES.finetune.some((name) => given[name] !== undefined);
  const method = given.method ?? (finetunes ? 'finetune' : 'img2img');
  const all: Record<string, unknown> = {
    ...RENDER_DEFAULTS,
    ...(method === 'finetune' && FINETUNE_DEFAULTS),
    ...given,
    method,
  };
  const dropped = new Set<StoredSettingName>(method === 'finetune' ? [] : SETTING_NAMES.finetune);
  if (all.train === 'lora') all.alpha ??= all.rank;
  else for (const name of LORA_SETTINGS) dropped.add(name);
  if (all.objective !== 'rendering-path') dropped.add('start_range');
  const counts = (name: StoredSettingName): boolean =>
    !dropped.has(name) && countsForIdentity(ROW_OF.get(name) ?? METHOD_ROW, all[name]);
  return Object.fromEntries(
    SETTING_NAMES.all.filter(counts).map((name) => [name, all[name]]),
  ) as unknown as PointSettings;
}

const METHOD_ROW: SettingTable[string] = { kind: 'word', words: METHODS, help: '' };
