// Flags derived from the table of settings: names, parsers, defaults and help.

import { existsSync } from 'node:fs';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { UsageError } from '../lib/base/errors.js';
import { presetSettings } from '../lib/settings/defaults.js';
import type { ControlNetwork, EmbeddingFile, LoraFile } from '../lib/settings/kinds.js';
import type { OptionsOf, Setting, SettingTable } from '../lib/settings/setting.js';
import { SETTINGS } from '../lib/settings/table.js';
import { integer, listOf, number, oneOf, seconds, size } from './values.js';

/** How a command adjusts the flags of its settings. */
export interface FlagOptions<T extends SettingTable> {
  /** Mandatory settings. */
  readonly required?: readonly (keyof T & string)[];
  /** Defaults that replace the table's; `undefined` for none, where other options decide. */
  readonly defaults?: OptionsOf<T>;
  /** Prefix of each flag, such as `preview`. */
  readonly prefix?: string;
}

/** Adds a flag for each setting of a table; values get the names of the library's options. */
export function addSettings<T extends SettingTable>(
  command: Command,
  table: T,
  { required = [], defaults = {}, prefix }: FlagOptions<T> = {},
): Command {
  for (const [name, setting] of Object.entries(table)) {
    const changed = Object.hasOwn(defaults, name);
    const byDefault = changed ? (defaults as Record<string, unknown>)[name] : setting.default;
    const isRequired = required.includes(name);
    const option = flagOf(name, setting, prefix);
    if (isRequired) option.makeOptionMandatory();
    else if (byDefault !== undefined && (changed || setting.since === undefined)) {
      option.default(byDefault, Array.isArray(byDefault) ? byDefault.join(',') : undefined);
    }
    command.addOption(option);
    addFormerFlags(command, option, setting, prefix);
    if (setting.standsFor) addPreset(command, option, name, { table, prefix });
  }
  return command;
}

/** Sets what a word stands for, except what is given by itself, before it or after it. */
function addPreset(command: Command, option: Option, name: string, { table, prefix }: PresetFlags): void {
  command.on(`option:${option.name()}`, () => {
    const meant = presetSettings(table, { [name]: command.getOptionValue(option.attributeName()) });
    for (const [setting, value] of Object.entries(meant)) {
      const attribute = attributeOf(setting, prefix);
      if (command.getOptionValueSource(attribute) === 'cli') continue;
      command.setOptionValueWithSource(attribute, value, 'preset');
    }
  });
}

/** The flags among which a preset's are. */
interface PresetFlags {
  readonly table: SettingTable;
  readonly prefix: string | undefined;
}

const attributeOf = (name: string, prefix: string | undefined): string =>
  prefix === undefined ? name : `${prefix}${name[0].toUpperCase()}${name.slice(1)}`;

function flagOf(name: string, setting: Setting, prefix?: string): Option {
  const { flag = kebab(name), letter, value = VALUE_NAMES[setting.kind] } = setting;
  const named = prefix === undefined ? flag : `${prefix}-${flag}`;
  const long = isOffFlag(setting) ? `no-${named}` : named;
  const argument = setting.kind === 'toggle' ? '' : ` <${value}>`;
  const option = new Option(`${letter && !prefix ? `-${letter}, ` : ''}--${long}${argument}`, flagHelp(setting));
  if (setting.kind !== 'toggle') option.argParser(parserOf(setting) as (text: string) => unknown);
  const attribute = attributeOf(name, prefix);
  option.attributeName = () => attribute;
  return option;
}

/** Whether the flag of a toggle turns it off. */
const isOffFlag = ({ kind, default: byDefault }: Setting): boolean => kind === 'toggle' && byDefault === true;

/** The help of a setting, with its notation on the command line. */
function flagHelp(setting: Setting): string {
  const { help, kind } = setting;
  if (isOffFlag(setting)) return `do not ${help}`;
  if (kind === 'seconds') return `${help}, such as 3.2 or 1:03.2`;
  if (isRepeated(kind)) return `${help}; may be repeated`;
  if (kind === 'word' && !setting.words.every((each) => help.includes(each)))
    return `${help} (${setting.words.join(', ')})`;
  return help;
}

/** Adds the flag's names in earlier versions, hidden from the help. */
function addFormerFlags(command: Command, option: Option, { formerFlags = [] }: Setting, prefix?: string): void {
  for (const name of formerFlags) {
    const former = prefix === undefined ? name : `${prefix}-${name}`;
    if (command.options.some(({ long }) => long === `--${former}`)) continue;
    const hidden = new Option(`--${former} <value>`).hideHelp();
    hidden.argParser(option.parseArg!);
    command.addOption(hidden);
    command.on(`option:${former}`, () =>
      command.setOptionValueWithSource(option.attributeName(), command.getOptionValue(hidden.attributeName()), 'cli'),
    );
  }
}

const kebab = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

const VALUE_NAMES: Readonly<Record<Setting['kind'], string>> = {
  text: 'text',
  prompt: 'text',
  path: 'path',
  size: 'size',
  loras: 'file',
  embeddings: 'file',
  controls: 'kind=model',
  edits: 'file',
  timesteps: 'from,to',
  whole: 'n',
  real: 'x',
  seconds: 'time',
  word: 'name',
  words: 'list',
  toggle: '',
};

type Parser = ((text: string, before?: never) => unknown) & { readonly words?: readonly string[] };

function parserOf(setting: Setting): Parser {
  switch (setting.kind) {
    case 'whole':
      return integer;
    case 'real':
      return number;
    case 'seconds':
      return seconds;
    case 'size':
      return size;
    case 'word':
      return oneOf(setting.words);
    case 'words':
      return listOf(oneOf(setting.words));
    case 'timesteps':
      return range;
    case 'loras':
      return (text, before: readonly LoraFile[] = []) => [...before, lora(text)];
    case 'embeddings':
      return (text, before: readonly EmbeddingFile[] = []) => [...before, embedding(text)];
    case 'controls':
      return (text, before: readonly ControlNetwork[] = []) => [...before, control(text, setting.words)];
    default:
      return (text) => text;
  }
}

function range(text: string): [number, number] {
  const bounds = listOf(integer)(text);
  if (bounds.length !== 2) throw new InvalidArgumentError('Expected two whole numbers, such as 0,500.');
  return [bounds[0], bounds[1]];
}

/** `FILE` or `FILE:SCALE`: a number after the last colon is the scale, unless a file with the whole name exists. */
export function lora(text: string): LoraFile {
  const [, file, scale] = /^(.+):([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)$/i.exec(text) ?? [];
  return file === undefined || existsSync(text) ? { file: text } : { file, scale: Number(scale) };
}

/** `FILE` or `FILE:WORD`: FILE ends at the first colon before which a file exists, else at the last colon. */
export function embedding(text: string): EmbeddingFile {
  if (existsSync(text)) return { file: text };
  const colons = [...text.matchAll(/:/g)].map(({ index }) => index).filter((index) => index > 0);
  const at = colons.find((index) => existsSync(text.slice(0, index))) ?? colons.at(-1);
  return at === undefined ? { file: text } : { file: text.slice(0, at), word: text.slice(at + 1) };
}

/**
 * `KIND=MODEL`, `KIND=MODEL:WEIGHT` or `KIND=MODEL:WEIGHT:START-END`, and `,map=FILE` after each: numbers at the end of the
 * model are weight and part, unless a file with the whole name exists.
 */
export function control(text: string, kinds: readonly string[]): ControlNetwork {
  const [, before, map] = /^(.+?)(?:,map=(.+))?$/.exec(text) ?? [];
  const [, kind, rest = ''] = /^([^=]*)=(.+)$/.exec(before ?? '') ?? [];
  if (kind === undefined || !kinds.includes(kind)) {
    throw new InvalidArgumentError(
      `Expected KIND=MODEL[:WEIGHT[:START-END]][,map=FILE] with KIND one of ${kinds.join(', ')}.`,
    );
  }
  const shown = map === undefined ? {} : { map };
  const number = String.raw`(?:\d+\.?\d*|\.\d+)`;
  const [, path, scale, start, end] =
    new RegExp(`^(.+?):([+-]?${number})(?::(${number})-(${number}))?$`).exec(rest) ?? [];
  if (path === undefined || existsSync(rest)) return { kind, path: rest, ...shown };
  return {
    ...{ kind, path, scale: Number(scale) },
    ...(start !== undefined && { start: Number(start), end: Number(end) }),
    ...shown,
  };
}

/** Settings whose flag is given once for each item. */
const isRepeated = (kind: Setting['kind']): boolean => ['loras', 'embeddings', 'controls'].includes(kind);

/** Values of settings as command-line arguments, for commands printed for the user to copy. */
export function flagArguments(table: SettingTable, values: object): string[] {
  return Object.entries(table).flatMap(([name, setting]) => {
    const value = (values as Readonly<Record<string, unknown>>)[name];
    if (value === undefined) return [];
    const named = setting.flag ?? kebab(name);
    if (isOffFlag(setting)) return value ? [] : [`--no-${named}`];
    const flag = `--${named}`;
    if (setting.kind === 'toggle') return value ? [flag] : [];
    return (isRepeated(setting.kind) ? (value as readonly unknown[]) : [value]).flatMap((each) => [
      flag,
      written(setting.kind, each),
    ]);
  });
}

/**
 * The arguments with which a command takes settings, by the names of its options and arguments; what is its default is left out.
 *
 * @param what the beginning of the sentence about a setting that it does not take
 * @throws UsageError for such a setting
 */
export function commandArguments(
  command: Command,
  settings: Readonly<Record<string, unknown>>,
  what: string,
): string[] {
  const places = new Map(command.registeredArguments.map((argument) => [argument.name(), argument]));
  const options = new Map(command.options.filter(({ hidden }) => !hidden).map((one) => [one.attributeName(), one]));
  const rows: SettingTable = SETTINGS;
  const flags: string[] = [];
  const own: string[] = [];
  for (const [name, value] of Object.entries(settings)) {
    if (value === undefined) continue;
    const row = Object.hasOwn(rows, name) ? rows[name] : undefined;
    const option = options.get(name);
    const tables = option && row?.since === undefined ? undefined : row?.default; // as in addSettings
    const byDefault = option?.defaultValue ?? tables;
    if (places.has(name)) own.push(...(Array.isArray(value) ? value.map(String) : [String(value)]));
    else if (option?.long && typeof value === 'boolean') {
      if (value !== option.negate) flags.push(option.long);
    } else if (JSON.stringify(value) === JSON.stringify(byDefault)) {
      // As it is without the flag.
    } else if (option?.long) {
      const isEach = row ? isRepeated(row.kind) : false;
      const repeated = Array.isArray(value) && (isEach || row?.kind === 'prompt');
      for (const each of repeated ? value : [value]) flags.push(option.long, written(row?.kind ?? 'text', each));
    } else {
      throw new UsageError(
        `${what} ${name} cannot be given to ${command.name()}; repeat it from a script, with the library`,
      );
    }
  }
  return [...own, ...flags];
}

function written(kind: Setting['kind'], value: unknown): string {
  if (kind === 'loras') {
    const { file, scale } = value as LoraFile;
    return scale === undefined ? file : `${file}:${scale}`;
  }
  if (kind === 'embeddings') {
    const { file, word } = value as EmbeddingFile;
    return word === undefined ? file : `${file}:${word}`;
  }
  if (kind === 'controls') {
    const { kind: condition, path, scale = 1, start = 0, end = 1, map } = value as ControlNetwork;
    const part = start > 0 || end < 1 ? `:${start}-${end}` : '';
    const shown = map === undefined ? '' : `,map=${map}`;
    return `${condition}=${path}${scale !== 1 || part !== '' ? `:${scale}${part}` : ''}${shown}`;
  }
  if (kind === 'size' && typeof value === 'object') {
    const { width, height } = value as { width: number; height: number };
    return `${width}x${height}`;
  }
  return Array.isArray(value) ? value.join(',') : String(value);
}
