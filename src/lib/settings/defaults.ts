// Defaults of the table, filled into options.

import type { DefaultsOf, SettingTable } from './setting.js';

/** The defaults of a table's rows, by name. */
export function defaultsOf<T extends SettingTable>(table: T): DefaultsOf<T> {
  const rows = Object.entries(table).filter((row) => row[1].default !== undefined);
  return Object.fromEntries(rows.map(([name, row]) => [name, row.default])) as DefaultsOf<T>;
}

/** Options with the defaults of a table in place of what is not given. What the table does not know stays as it is. */
export function withDefaults<T extends SettingTable, O extends object>(table: T, options: O): WithDefaults<T, O> {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  return { ...defaultsOf(table), ...Object.fromEntries(given) } as WithDefaults<T, O>;
}

/** Options in which those that have a default are there. */
export type WithDefaults<T extends SettingTable, O> = O & {
  readonly [Name in keyof DefaultsOf<T>]-?: Name extends keyof O ? Exclude<O[Name], undefined> : DefaultsOf<T>[Name];
};
