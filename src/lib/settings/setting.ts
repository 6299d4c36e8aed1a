// What is known of a setting: the columns of the table (table.ts).

import type { Kind } from './kinds.js';

/** One row of the table. */
export type Setting<T = unknown> = Kind<T> & {
  /** One sentence for help texts and schemas. */
  readonly help: string;
  /** Absent where there is none: the setting is required, or leaving it out means something of its own. */
  readonly default?: T;
  /** Name in sweep files, run parameters and identities; the setting's own in snake case by default. */
  readonly stored?: string;
  /** How the value is called in help texts; made from the kind by default. */
  readonly value?: string;
  /** The flag of the command, where it is not the setting's name in kebab case: a list that is given one by one. */
  readonly flag?: string;
  /** One letter for the flag. */
  readonly letter?: string;
  /** Flags that meant this before, and still do. */
  readonly formerFlags?: readonly string[];
  /**
   * The version that added it. It counts for the identity of a result only where it differs from its default, so that results made
   * before are still found.
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

/** The options that the rows of a table are: all may be left out. */
export type OptionsOf<T extends SettingTable> = { -readonly [Name in keyof T]?: ValueOf<T[Name]> };

/** The defaults of rows that have one. */
export type DefaultsOf<T extends SettingTable> = {
  readonly [Name in keyof T as T[Name] extends { readonly default: unknown } ? Name : never]: ValueOf<T[Name]>;
};

/** A setting's name in sweep files, run parameters and identities. */
export function storedName(name: string, { stored }: Setting): string {
  return stored ?? name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
