// `steadyframe completion`: prints a shell's completion script.

import type { Command } from 'commander';
import type { Shell } from '../commands/completion.js';
import { bashCompletion } from '../completion/bash.js';
import { type CompletedCommand, describeCommands } from '../completion/describe.js';
import { fishCompletion } from '../completion/fish.js';
import { zshCompletion } from '../completion/zsh.js';
import type { Context } from '../context.js';

const SCRIPTS: Readonly<Record<Shell, (commands: CompletedCommand[]) => string>> = {
  bash: bashCompletion,
  zsh: zshCompletion,
  fish: fishCompletion,
};

export function run({ terminal }: Context, shell: Shell, _values: object, { parent }: Command): void {
  terminal.out(SCRIPTS[shell](describeCommands(parent!)));
}
