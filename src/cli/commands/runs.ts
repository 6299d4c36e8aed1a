// The flags and help of `steadyframe runs`.

import type { Command } from 'commander';
import { addOutputOptions } from '../render-options.js';
import { integer, listOf } from '../values.js';

const texts = listOf((text) => text);

const EXAMPLES = `
Filters and orders are those of MLflow's search: metrics.KEY (its last value), params.KEY, tags.KEY, and attributes such as
status, run_name, experiment, start_time, duration, device. Keys with spaces stand in backticks. and, or, not, parentheses,
= != < <= > >=, LIKE, ILIKE, IN, IS NULL. Without --columns the table shows parameters that differ and common metrics.

Examples:
  steadyframe runs
  steadyframe runs --filter "metrics.flicker_ratio < 1.1 and params.strength = '0.45'" --sort metrics.warping_error
  steadyframe runs --filter "status = 'failed'" --columns name,start_time,error
  steadyframe runs --sort "-start_time" --limit 5 --json`;

/** Values of the options. */
export interface RunsValues {
  filter?: string;
  sort?: string[];
  columns?: string[];
  limit?: number;
  root?: string;
  json?: boolean;
  quiet?: boolean;
}

/** Adds the command to the program. */
export function addRuns(program: Command): Command {
  const command = program
    .command('runs')
    .summary('list what has been run')
    .description('Lists runs, newest first, with their parameters and metrics.')
    .option('-f, --filter <expr>', 'which runs, such as "metrics.flicker_ratio < 1.1 and params.strength = \'0.45\'"')
    .option(
      '-s, --sort <keys>',
      'by which fields, with commas between them; -KEY or KEY desc for the greatest first',
      texts,
    )
    .option('-c, --columns <keys>', 'which fields to show, with commas between them', texts)
    .option('--limit <n>', 'at most so many', integer)
    .option('--root <dir>', 'folder of all runs; STEADYFRAME_RUNS or runs/ by default');
  return addOutputOptions(command).addHelpText('after', EXAMPLES);
}
