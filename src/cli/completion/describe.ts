// What a shell can complete, derived from commander's definitions.

import type { Command, Option } from 'commander';

/** The kind of an option's value, or of an argument. */
export type Value =
  | { readonly kind: 'words'; readonly words: readonly string[] }
  | { readonly kind: 'file' }
  | { readonly kind: 'folder' }
  | { readonly kind: 'any' };

/** An option of a command; without `value` it is a switch. */
export interface CompletedOption {
  /** `--out` and `-o`, as typed. */
  readonly flags: readonly string[];
  readonly description: string;
  readonly value?: Value;
}

/** A command. */
export interface CompletedCommand {
  readonly name: string;
  readonly description: string;
  readonly options: readonly CompletedOption[];
  /** The kind of its arguments; undefined where it takes none. */
  readonly argument?: Value;
}

/** A parser of option values with the words it accepts, as `oneOf` creates. */
export interface WordParser {
  readonly words?: readonly string[];
}

/** All commands of a program, `help` included. */
export function describeCommands(program: Command): CompletedCommand[] {
  const help = program.createHelp();
  const commands = program.commands.map((command): CompletedCommand => {
    const [first] = command.registeredArguments;
    return {
      name: command.name(),
      description: command.summary() || command.description(),
      options: help.visibleOptions(command).map(describeOption),
      ...(first && { argument: valueAt(first.name(), first.argChoices) }),
    };
  });
  const words = commands.map(({ name }) => name);
  const helping = { name: 'help', description: 'print the help of a command', options: [] };
  return [...commands, { ...helping, argument: { kind: 'words', words } }];
}

function describeOption(option: Option): CompletedOption {
  const flags = [option.long, option.short].filter((flag) => flag !== undefined && flag !== null);
  if (!option.required && !option.optional) return { flags, description: option.description };
  const placeholder = /[<[]([^>\]]+)[>\]]/.exec(option.flags)?.[1] ?? '';
  const words = option.argChoices ?? (option.parseArg as WordParser | undefined)?.words;
  return { flags, description: option.description, value: valueAt(placeholder, words) };
}

/** The kind of a value: known words, else by its placeholder: `<file>`, `<dir>`, `<path>`. */
function valueAt(placeholder: string, words: readonly string[] | undefined): Value {
  if (words) return { kind: 'words', words };
  if (/^(dir|folder)\b/.test(placeholder)) return { kind: 'folder' };
  if (/\b(file|path|video|model|run)/.test(placeholder)) return { kind: 'file' };
  return { kind: 'any' };
}
