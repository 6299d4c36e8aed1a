// `steadyframe verify`: reads back what runs have left, and names what is damaged.

import type { Command } from 'commander';
import { FailureError } from '../lib/base/errors.js';
import type { Context } from './context.js';
import { addOutputOptions } from './render-options.js';
import { formatPlural } from './table.js';

const EXAMPLES = `
Every file whose hash was recorded is read: what runs have made, finished comparisons and points of sweeps, checkpoints and previews
of trainings, and the records of unfinished work. Nothing is changed: what is damaged is made again by --resume of the command that
made it. Files of earlier versions without a checksum are counted, and not judged. The exit code is 1 where something is damaged.

Examples:
  steadyframe verify
  steadyframe verify sweep/shot-1a2b3c4d tuned/ --json`;

interface VerifyValues {
  root?: string;
  json?: boolean;
  quiet?: boolean;
}

/** Adds the command to the program. */
export function addVerify(program: Command, context: Context): void {
  const command = program
    .command('verify')
    .summary('read everything back and name what is damaged')
    .description('Reads runs and result folders back, and compares them with the hashes that were recorded.')
    .argument(
      '[run|folder...]',
      'runs by folder, experiment/name or id, or folders that commands wrote into; all runs by default',
    )
    .option('--root <dir>', 'folder of all runs; STEADYFRAME_RUNS or runs/ by default');
  addOutputOptions(command)
    .addHelpText('after', EXAMPLES)
    .action((names: string[], values: VerifyValues) => run(names, values, context));
}

async function run(names: readonly string[], { root, json, quiet }: VerifyValues, context: Context): Promise<void> {
  const { verify } = await import('../lib/sweeps/verify.js');
  const { runsRoot } = await import('../lib/tracking/stored/run-record.js');
  const { terminal } = context;
  if (quiet) context.quieten();
  const found = await verify(names, {
    root: root ?? runsRoot(terminal.env),
    onProgress: context.reporter.report,
    signal: terminal.signal,
  });
  context.reporter.close();
  const { files, damaged, unchecked, running } = found;
  if (json) terminal.out(`${JSON.stringify(found, null, 1)}\n`);
  else {
    for (const { reason } of damaged) terminal.out(`${reason}\n`);
    for (const folder of running) terminal.out(`${folder}: is being written, and was left out\n`);
    const without = unchecked.slice(0, 3).join(', ') + (unchecked.length > 3 ? ', ...' : '');
    terminal.out(
      `${formatPlural(files, 'file')} read back, ${damaged.length} damaged` +
        (unchecked.length > 0 ? `; ${unchecked.length} of an earlier version without a checksum: ${without}\n` : '\n'),
    );
  }
  if (damaged.length === 0) return;
  context.remedy = 'Where the command that made it is run again with --resume, what is damaged is made again.';
  throw new FailureError(`${formatPlural(damaged.length, 'file')} of ${files} damaged or missing`);
}
