// The definition of a setting: the columns of the table (table.ts).

import type { Kind } from './kinds.js';

/** One row of the table. */
export type Setting<T = unknown> = Kind<T> & {
  /** One sentence for help texts and schemas. */
  readonly help: string;
  /** Absent if there is none: the setting is required, or its absence has a meaning of its own. */
  readonly default?: T;
  /** Name in sweep files, run parameters and identities; the setting's own in snake case by default. */
  readonly stored?: string;
  /** Name of the value in help texts; derived from the kind by default. */
  readonly value?: string;
  /** The flag of the command if it is not the setting's name in kebab case, such as for one item of a list. */
  readonly flag?: string;
  /** One letter for the flag. */
  readonly letter?: string;
  /** Former flags, which still work. */
  readonly formerFlags?: readonly string[];
  /** The settings that each word stands for; then identities have these in place of the word. */
  readonly standsFor?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /**
   * The version that added it. It is part of a result's identity only if it differs from its default, so that earlier
   * results are still found.
   */
  readonly since?: string;
};

type Columns<T> = Omit<Setting<T>, keyof Kind<T> | 'default'>;

/** A setting's row. */
export function setting<K extends Kind<unknown>>(kind: K, columns: Columns<ValueOf<K>>): Setting<ValueOf<K>>;
export function setting<K extends Kind<unknown>>(
  kind: K,
  columns: Columns<ValueOf<K>> & { readonly default: ValueOf<K> },
): Setting<ValueOf<K>> & { readonly default: ValueOf<K> };
export function setting(kind: Kind<unknown>, columns: object): Setting {
  return { ...kind, ...columns } as Setting;
}

/** Rows by the names of their settings. */
export type SettingTable = Readonly<Record<string, Setting>>;

/** The type of a setting's value. */
export type ValueOf<S> = S extends { readonly type?: infer T } ? Exclude<T, undefined> : never;

/** The options of a table's rows, all optional. */
export type OptionsOf<T extends SettingTable> = { -readonly [Name in keyof T]?: ValueOf<T[Name]> };

/** The defaults of rows that have one. */
export type DefaultsOf<T extends SettingTable> = {
  readonly [Name in keyof T as T[Name] extends { readonly default: unknown } ? Name : never]: ValueOf<T[Name]>;
};

/** A setting's name in sweep files, run parameters and identities. */
export function storedName(name: string, { stored }: Setting): string {
  return stored ?? name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
