// `steadyframe report`: the comparison of runs as a folder that opens from disk.

import type { Command } from 'commander';
import { formatBytes } from '../lib/base/format-bytes.js';
import type { Context } from './context.js';
import { addOutputOptions } from './render-options.js';
import { formatPlural } from './table.js';

const EXAMPLES = `
The folder holds index.html and the videos and pictures that it shows; it needs no network and no server, and can be sent or
published as it is.

Examples:
  steadyframe report sweep/street-1a2b3c4d sweep/street-9f8e7d6c -o comparison
  steadyframe report --filter "params.strength = '0.45'" -o strength-0.45 --title "Strength 0.45"`;

interface ReportValues {
  out: string;
  filter?: string;
  title?: string;
  root?: string;
  json?: boolean;
  quiet?: boolean;
}

/** Adds the command to the program. */
export function addReport(program: Command, context: Context): void {
  const command = program
    .command('report')
    .summary('write a comparison of runs as a page')
    .description('Writes the comparison of runs that the dashboard shows as a folder that opens from disk.')
    .argument('[run...]', 'folders, experiment/name, or ids')
    .requiredOption('-o, --out <dir>', 'the folder to write, which must be new or empty')
    .option('-f, --filter <expr>', 'the runs that a filter admits, besides those named; see steadyframe runs')
    .option('--title <text>', 'what the page is called')
    .option('--root <dir>', 'folder of all runs; STEADYFRAME_RUNS or runs/ by default');
  addOutputOptions(command)
    .addHelpText('after', EXAMPLES)
    .action((runs: string[], values: ReportValues) => run(runs, values, context));
}

async function run(names: readonly string[], values: ReportValues, context: Context): Promise<void> {
  const { writeRunReport } = await import('../ui/write-run-report.js');
  const { runsRoot } = await import('../lib/tracking/stored/run-record.js');
  const { terminal, warn } = context;
  if (values.quiet) context.quieten();
  const { out, filter, title, json } = values;
  const { report } = context.reporter;
  const written = await writeRunReport(out, {
    ...{ names, filter, title },
    root: values.root ?? runsRoot(terminal.env),
    signal: terminal.signal,
    onProgress: report,
    onWarning: warn,
  });
  context.reporter.close();
  const { path, runs, files, bytes } = written;
  const text = `${path}: ${formatPlural(runs, 'run')}, ${formatPlural(files, 'file')} beside it, ${formatBytes(bytes)}\n`;
  terminal.out(json ? `${JSON.stringify(written, null, 1)}\n` : text);
}
