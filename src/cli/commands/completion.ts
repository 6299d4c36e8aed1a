// The flags and help of `steadyframe completion`.

import { Argument, type Command } from 'commander';

const SHELLS = ['bash', 'zsh', 'fish'] as const;

/** A shell that is supported. */
export type Shell = (typeof SHELLS)[number];

const EXAMPLES = `
Examples:
  steadyframe completion bash >> ~/.bashrc
  steadyframe completion zsh > "\${fpath[1]}/_steadyframe"
  steadyframe completion fish > ~/.config/fish/completions/steadyframe.fish`;

/** Adds the command to the program. */
export function addCompletion(program: Command): Command {
  return program
    .command('completion')
    .summary('completion for a shell')
    .description('Prints a script by which a shell completes commands, options and their values.')
    .addArgument(new Argument('<shell>', 'which shell').choices(SHELLS))
    .addHelpText('after', EXAMPLES);
}
