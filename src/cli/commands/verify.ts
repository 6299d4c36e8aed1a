// The flags and help of `steadyframe verify`.

import type { Command } from 'commander';
import { addOutputOptions } from '../render-options.js';

const EXAMPLES = `
Every file whose hash was recorded is read: what runs have made, finished comparisons and points of sweeps, checkpoints and previews
of trainings, and the records of unfinished work. Nothing is changed: what is damaged is made again by --resume of the command that
made it. Files of earlier versions without a checksum are counted, and not judged. The exit code is 1 where something is damaged.

Examples:
  steadyframe verify
  steadyframe verify sweep/shot-1a2b3c4d tuned/ --json`;

/** Values of the options. */
export interface VerifyValues {
  root?: string;
  json?: boolean;
  quiet?: boolean;
}

/** Adds the command to the program. */
export function addVerify(program: Command): Command {
  const command = program
    .command('verify')
    .summary('read everything back and name what is damaged')
    .description('Reads runs and result folders back, and compares them with the hashes that were recorded.')
    .argument(
      '[run|folder...]',
      'runs by folder, experiment/name or id, or folders that commands wrote into; all runs by default',
    )
    .option('--root <dir>', 'folder of all runs; STEADYFRAME_RUNS or runs/ by default');
  return addOutputOptions(command).addHelpText('after', EXAMPLES);
}
