// commander's Command, except that an unknown option is reported before a missing one: for `--promt`, commander itself would
// report that `--prompt` is missing.

import { Command, type ParseOptionsResult } from 'commander';
import { nearestName } from '../lib/base/nearest-name.js';

/** A command that checks its options in this order, as do its subcommands. */
export class CheckedCommand extends Command {
  override createCommand(name?: string): Command {
    return new CheckedCommand(name);
  }

  override parseOptions(args: string[]): ParseOptionsResult {
    const parsed = super.parseOptions(args);
    // A command with subcommands leaves unknown options to them. --help is not among the options, and comes first.
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
