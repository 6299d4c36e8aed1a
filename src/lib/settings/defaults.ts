// Defaults of the table, filled into options.

import { UsageError } from '../base/errors.js';
import type { DefaultsOf, OptionsOf, SettingTable } from './setting.js';

/** The defaults of a table's rows, by name. */
export function defaultsOf<T extends SettingTable>(table: T): DefaultsOf<T> {
  const rows = Object.entries(table).filter((row) => row[1].default !== undefined);
  return Object.fromEntries(rows.map(([name, row]) => [name, row.default])) as DefaultsOf<T>;
}

/**
 * Options with the defaults of a table for those that are not given, and before these what a preset stands for. Options
 * outside the table stay unchanged.
 *
 * @throws UsageError for a preset that is not there
 */
export function withDefaults<T extends SettingTable, O extends object>(table: T, options: O): WithDefaults<T, O> {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  return { ...defaultsOf(table), ...presetSettings(table, options), ...Object.fromEntries(given) } as WithDefaults<
    T,
    O
  >;
}

/**
 * What the given settings of a table stand for, as far as it is in the table.
 *
 * @throws UsageError for a preset that is not there
 */
export function presetSettings<T extends SettingTable>(table: T, options: object): OptionsOf<T> {
  const values = options as Readonly<Record<string, unknown>>;
  const meant = Object.entries(table).map(([name, { standsFor }]) => {
    const value = values[name];
    if (!standsFor || value === undefined) return {};
    if (Object.hasOwn(standsFor, String(value))) return standsFor[String(value)];
    throw new UsageError(`${name}: '${value}', expected one of ${Object.keys(standsFor).join(', ')}`);
  });
  return givenSettings(table, Object.assign({}, ...meant));
}

/** Options in which those with a default are required. */
export type WithDefaults<T extends SettingTable, O> = O & {
  readonly [Name in keyof DefaultsOf<T>]-?: Name extends keyof O ? Exclude<O[Name], undefined> : DefaultsOf<T>[Name];
};

/** Only the given settings of a table, in its order. */
export function givenSettings<T extends SettingTable>(table: T, options: object): OptionsOf<T> {
  const values = options as Readonly<Record<string, unknown>>;
  const names = Object.keys(table).filter((name) => values[name] !== undefined);
  return Object.fromEntries(names.map((name) => [name, values[name]])) as OptionsOf<T>;
}

/** Only the settings of a table that are given or have a default, in its order. */
export function chosenSettings<T extends SettingTable>(table: T, options: object): ChosenSettings<T> {
  return givenSettings(table, withDefaults(table, options)) as ChosenSettings<T>;
}

/** Settings of a table; those with a default are required. */
export type ChosenSettings<T extends SettingTable> = OptionsOf<T> & {
  -readonly [Name in keyof DefaultsOf<T>]-?: Exclude<OptionsOf<T>[Name & keyof T], undefined>;
};
