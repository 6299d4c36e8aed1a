// `steadyframe completion`: a script by which a shell completes commands, options and their values.

import { Argument, type Command } from 'commander';
import { bashCompletion } from './completion/bash.js';
import { describeCommands } from './completion/describe.js';
import { fishCompletion } from './completion/fish.js';
import { zshCompletion } from './completion/zsh.js';
import type { Context } from './context.js';

const SHELLS = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion } as const;

const EXAMPLES = `
Examples:
  steadyframe completion bash >> ~/.bashrc
  steadyframe completion zsh > "\${fpath[1]}/_steadyframe"
  steadyframe completion fish > ~/.config/fish/completions/steadyframe.fish`;

/** Adds the command to the program. */
export function addCompletion(program: Command, context: Context): void {
  program
    .command('completion')
    .summary('completion for a shell')
    .description('Prints a script by which a shell completes commands, options and their values.')
    .addArgument(new Argument('<shell>', 'which shell').choices(Object.keys(SHELLS)))
    .addHelpText('after', EXAMPLES)
    .action((shell: keyof typeof SHELLS) => context.terminal.out(SHELLS[shell](describeCommands(program))));
}
