// The flags and help of `steadyframe report`.

import type { Command } from 'commander';
import { addOutputOptions } from '../render-options.js';

const EXAMPLES = `
The folder holds index.html and the videos and pictures that it shows; it needs no network and no server, and can be sent or
published as it is.

Examples:
  steadyframe report sweep/street-1a2b3c4d sweep/street-9f8e7d6c -o comparison
  steadyframe report --filter "params.strength = '0.45'" -o strength-0.45 --title "Strength 0.45"`;

/** Values of the options. */
export interface ReportValues {
  out: string;
  filter?: string;
  title?: string;
  root?: string;
  json?: boolean;
  quiet?: boolean;
}

/** Adds the command to the program. */
export function addReport(program: Command): Command {
  const command = program
    .command('report')
    .summary('write a comparison of runs as a page')
    .description('Writes the comparison of runs that the dashboard shows as a folder that opens from disk.')
    .argument('[run...]', 'folders, experiment/name, or ids')
    .requiredOption('-o, --out <dir>', 'the folder to write, which must be new or empty')
    .option('-f, --filter <expr>', 'the runs that a filter admits, besides those named; see steadyframe runs')
    .option('--title <text>', 'what the page is called')
    .option('--root <dir>', 'folder of all runs; STEADYFRAME_RUNS or runs/ by default');
  return addOutputOptions(command).addHelpText('after', EXAMPLES);
}
