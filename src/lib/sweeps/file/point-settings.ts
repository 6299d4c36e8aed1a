// The settings of one point of a sweep, by their names in sweep files: their schemas, and which of them are relevant for a
// point. They are rows of the settings table; sweep-schema.ts has the parameters that vary them.

import { z } from 'zod';
import { defaultsOf, presetSettings } from '../../settings/defaults.js';
import { type FileValue, schemaOf } from '../../settings/schema.js';
import type { SettingTable, ValueOf } from '../../settings/setting.js';
import { countsForIdentity, movesOtherwise, storedNames, storedSettings } from '../../settings/stored.js';
import { FINETUNE, MASKED, OUTPUT, RENDER, STEADIED, STEADY, STORED_NAMES } from '../../settings/table.js';
import { MODEL, ROWS, SOURCE, type StoredName, type StoredSettingName } from './setting-rows.js';

export type { StoredSettingName } from './setting-rows.js';

/** Methods of editing a video: with the plain model, or with one finetuned on the video. */
export const METHODS = ['img2img', 'finetune'] as const;

/**
 * Settings in a sweep file.
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

/** The schema of every setting, by name. */
export const SETTING_SCHEMAS = {
  method: z
    .enum(METHODS)
    .describe('img2img, or finetune, which is the default where a setting of a finetune is named.'),
  ...Object.fromEntries(schemas(ROWS)),
} as unknown as { readonly [Name in StoredSettingName]: z.ZodType<NonNullable<GivenSettings[Name]>> };

/** Names of settings by subject. */
export const SETTING_NAMES = {
  all: Object.keys(SETTING_SCHEMAS),
  source: storedNames(SOURCE),
  model: storedNames(MODEL),
  render: [...storedNames(RENDER), ...storedNames(STEADIED), ...storedNames(OUTPUT)],
  finetune: storedNames(FINETUNE),
} as Readonly<Record<'all' | 'source' | 'model' | 'render' | 'finetune', readonly StoredSettingName[]>>;

type TopName = StoredName<
  | keyof (typeof SOURCE & typeof MODEL & typeof STEADIED & typeof MASKED & typeof OUTPUT)
  | ('prompt' | 'negativePrompt' | 'batch' | 'edits')
>;

/** Settings that are allowed at the top level of a sweep file, for all points. */
export const TOP_SETTINGS = [
  ...SETTING_NAMES.source,
  ...SETTING_NAMES.model,
  ...(['prompt', STORED_NAMES.negativePrompt, 'batch', 'edits'] as const),
  ...storedNames(STEADIED),
  ...storedNames(MASKED),
  ...storedNames(OUTPUT),
] as readonly TopName[];

/**
 * The settings of a point, with defaults, without irrelevant ones.
 *
 * @inline
 */
export type PointSettings = GivenSettings &
  Required<Pick<GivenSettings, 'method' | 'video' | 'model' | StoredName<keyof typeof RENDER>>>;

const stored = (table: SettingTable): GivenSettings => storedSettings(table, defaultsOf(table)) as GivenSettings;
const RENDER_DEFAULTS = stored(RENDER);
const FINETUNE_DEFAULTS = stored(FINETUNE);
const STEADY_DEFAULTS = stored(STEADY);
const ROW_OF = new Map<string, SettingTable[string]>(
  storedNames(ROWS).map((name, i) => [name, Object.values(ROWS)[i]]),
);

/** Settings that are relevant only for certain values of another setting. */
const STEADY_SETTINGS = storedNames(STEADY) as readonly StoredSettingName[];
const LORA_SETTINGS: readonly StoredSettingName[] = ['rank', 'alpha', 'layers'];

/**
 * Adds defaults and drops irrelevant settings: those of a finetuning if there is none, those of low-rank updates if the
 * weights themselves are trained, and those of keyframes if all frames are rendered. Points that differ only in such settings are identical.
 */
export function pointSettings(chosen: GivenSettings): PointSettings {
  const given: GivenSettings = Object.fromEntries(Object.entries(chosen).filter(([, value]) => value !== undefined));
  const finetunes = SETTING_NAMES.finetune.some((name) => given[name] !== undefined);
  const method = given.method ?? (finetunes ? 'finetune' : 'img2img');
  const all: Record<string, unknown> = {
    ...RENDER_DEFAULTS,
    ...(method === 'finetune' && FINETUNE_DEFAULTS),
    ...(given.steady ? STEADY_DEFAULTS : { flow: STEADY_DEFAULTS.flow }),
    ...storedSettings(RENDER, presetSettings(RENDER, given)),
    ...given,
    method,
  };
  const dropped = new Set<StoredSettingName>(method === 'finetune' ? [] : SETTING_NAMES.finetune);
  if (all.train === 'lora') all.alpha ??= all.rank;
  else for (const name of LORA_SETTINGS) dropped.add(name);
  if (all.steady !== true) {
    for (const name of STEADY_SETTINGS) if (name !== 'flow' || !movesOtherwise(all)) dropped.add(name);
  }
  if (all.objective !== 'rendering-path') dropped.add('start_range');
  const counts = (name: StoredSettingName): boolean =>
    !dropped.has(name) && countsForIdentity(ROW_OF.get(name) ?? METHOD_ROW, all[name]);
  return Object.fromEntries(
    SETTING_NAMES.all.filter(counts).map((name) => [name, all[name]]),
  ) as unknown as PointSettings;
}

const METHOD_ROW: SettingTable[string] = { kind: 'word', words: METHODS, help: '' };
