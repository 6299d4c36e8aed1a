// Settings by their stored names, as in sweep files, parameters of runs and identities of results.

import { type ChosenSettings, chosenSettings, givenSettings } from './defaults.js';
import { type OptionsOf, type SettingTable, storedName } from './setting.js';
import { type RENDER, STEADIED } from './table.js';

/** The stored names of a table's rows, in its order. */
export function storedNames(table: SettingTable): string[] {
  return Object.entries(table).map(([name, row]) => storedName(name, row));
}

/** A table whose rows have their stored names. */
export function storedTable(table: SettingTable): SettingTable {
  return Object.fromEntries(Object.entries(table).map(([name, row]) => [storedName(name, row), row]));
}

/** The given settings of a table by stored names, in the order of the table. */
export function storedSettings(table: SettingTable, options: object): Record<string, unknown> {
  const given = Object.entries(givenSettings(table, options));
  return Object.fromEntries(given.map(([name, value]) => [storedName(name, table[name]), value]));
}

/** The options of a table from stored settings; settings of other tables are left out. */
export function optionsFromStored(table: SettingTable, stored: object): Record<string, unknown> {
  const values = stored as Readonly<Record<string, unknown>>;
  return Object.fromEntries(
    Object.entries(table)
      .map(([name, row]) => [name, values[storedName(name, row)]] as const)
      .filter(([, value]) => value !== undefined),
  );
}

/**
 * Whether a value is part of a result's identity: that of a setting added later only if it is not the default, and a word
 * that stands for others not.
 */
export function countsForIdentity(row: SettingTable[string], value: unknown): boolean {
  const { since, default: byDefault, standsFor } = row;
  return (
    !standsFor && value !== undefined && !(since !== undefined && JSON.stringify(value) === JSON.stringify(byDefault))
  );
}

/** The settings of a table, with their defaults, that count for the identity of a result. */
export function identifyingSettings<T extends SettingTable>(table: T, options: object): ChosenSettings<T> {
  const chosen = chosenSettings(table, options);
  const counted = Object.entries(chosen).filter(([name, value]) => countsForIdentity(table[name], value));
  return Object.fromEntries(counted) as ChosenSettings<T>;
}

/**
 * What of `STEADIED` counts for the identity of a rendering: without `steady` only `flow`, where something else moves along
 * another than `FIRST_FLOW`.
 */
export function identifyingSteadiness(
  options: MovingOptions & OptionsOf<typeof STEADIED>,
): Partial<ChosenSettings<typeof STEADIED>> {
  if (options.steady) return identifyingSettings(STEADIED, options);
  return movesOtherwise(options) ? { flow: flowOf(options) } : {};
}

/** Settings that move something along the source's motion. */
export interface MovingOptions extends OptionsOf<Pick<typeof RENDER, 'noise'> & Pick<typeof STEADIED, 'flow'>> {
  readonly controls?: readonly { readonly kind?: string }[];
}

/** The flow of renderings whose identity names none: the default when such renderings were first made. */
const FIRST_FLOW = 'dis';

const flowOf = ({ flow = STEADIED.flow.default }: MovingOptions) => flow;

/** Whether noise, or the previous frame that a control sees, moves along another flow than `FIRST_FLOW`. */
export function movesOtherwise(options: MovingOptions): boolean {
  const { noise, controls = [] } = options;
  const moves = noise === 'warped' || controls.some(({ kind }) => kind === 'previous');
  return moves && flowOf(options) !== FIRST_FLOW;
}
