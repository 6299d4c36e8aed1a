// commander's Command with one order changed: an option that does not exist is named before one that is missing. Who mistypes
// `--promt` is otherwise told that `--prompt` was not given, and looks for the fault in the wrong place.

import { Command, type ParseOptionsResult } from 'commander';
import { nearestName } from '../lib/base/nearest-name.js';

/** A command whose subcommands check their options in this order too. */
export class CheckedCommand extends Command {
  override createCommand(name?: string): Command {
    return new CheckedCommand(name);
  }

  override parseOptions(args: string[]): ParseOptionsResult {
    const parsed = super.parseOptions(args);
    // A command with subcommands leaves to them what it does not know. Help is none of the options, and goes before all.
    if (this.commands.length === 0 && !parsed.unknown.some((arg) => /^(-h|--help)$/.test(arg))) {
      const unknown = parsed.unknown.find((arg) => /^-./.test(arg));
      if (unknown !== undefined) this.refuse(unknown.replace(/=.*/s, ''));
    }
    return parsed;
  }

  private refuse(flag: string): never {
    const known = this.options.filter(({ hidden }) => !hidden).flatMap(({ long }) => long ?? []);
    const near = flag.startsWith('--') ? nearestName(flag, [...known, '--help']) : undefined;
    const meant = near === undefined ? '' : `\n(Did you mean ${near}?)`;
    return this.error(`error: unknown option '${flag}'${meant}`, { code: 'commander.unknownOption' });
  }
}
