// What a shell can complete, read from commander's own definitions: nothing of it is written down twice.

import type { Command, Option } from 'commander';

/** What follows an option, or stands as an argument. */
export type Value =
  | { readonly kind: 'words'; readonly words: readonly string[] }
  | { readonly kind: 'file' }
  | { readonly kind: 'folder' }
  | { readonly kind: 'any' };

/** An option of a command; without `value` it stands alone. */
export interface CompletedOption {
  /** `--out` and `-o`, as typed. */
  readonly flags: readonly string[];
  readonly description: string;
  readonly value?: Value;
}

/** A command by its name. */
export interface CompletedCommand {
  readonly name: string;
  readonly description: string;
  readonly options: readonly CompletedOption[];
  /** What its arguments are; undefined where it takes none. */
  readonly argument?: Value;
}

/** A parser of option values that says which words it knows; `oneOf` gives such. */
export interface WordParser {
  readonly words?: readonly string[];
}

/** All commands of a program, help included. */
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

/** Placeholders say what a value is: `<file>`, `<dir>`, `<path>`; words where they are known. */
function valueAt(placeholder: string, words: readonly string[] | undefined): Value {
  if (words) return { kind: 'words', words };
  if (/^(dir|folder)\b/.test(placeholder)) return { kind: 'folder' };
  if (/\b(file|path|video|model|run)/.test(placeholder)) return { kind: 'file' };
  return { kind: 'any' };
}
