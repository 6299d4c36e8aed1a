// `steadyframe runs`: a table of what has been run, filtered and sorted.

import type { Command } from 'commander';
import type { RunField } from '../lib/tracking/query/run-fields.js';
import type { RunSummary } from '../lib/tracking/stored/run-summary.js';
import type { Context } from './context.js';
import { addOutputOptions } from './render-options.js';
import { formatNumber, formatPlural, formatTable } from './table.js';
import { integer, listOf } from './values.js';

const EXAMPLES = `
Filters and orders are those of MLflow's search: metrics.KEY (its last value), params.KEY, tags.KEY, and attributes such as
status, run_name, experiment, start_time, duration, device. Keys with spaces stand in backticks. and, or, not, parentheses,
= != < <= > >=, LIKE, ILIKE, IN, IS NULL. Without --columns the table shows parameters that differ and common metrics.

Examples:
  steadyframe runs
  steadyframe runs --filter "metrics.flicker_ratio < 1.1 and params.strength = '0.45'" --sort metrics.warping_error
  steadyframe runs --filter "status = 'failed'" --columns name,start_time,error
  steadyframe runs --sort "-start_time" --limit 5 --json`;

interface RunsValues {
  filter?: string;
  sort?: string[];
  columns?: string[];
  limit?: number;
  root?: string;
  json?: boolean;
  quiet?: boolean;
}

/** Parameters and metrics that a table shows of its own accord, at most of each. */
const OWN_COLUMNS = 4;

/** Adds the command to the program. */
export function addRuns(program: Command, context: Context): void {
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
  addOutputOptions(command)
    .addHelpText('after', EXAMPLES)
    .action((values: RunsValues) => run(values, context));
}

const texts = listOf((text) => text);

async function run({ filter, sort, columns, limit, root, json }: RunsValues, context: Context): Promise<void> {
  const { listRuns } = await import('../lib/tracking/query/list-runs.js');
  const { runsRoot } = await import('../lib/tracking/stored/run-record.js');
  const { parseField } = await import('../lib/tracking/query/run-fields.js');
  const { terminal, warn } = context;
  const folder = root ?? runsRoot(terminal.env);
  const fields = columns?.map((column) => parseField('--columns', column));
  const runs = await listRuns({ root: folder, filter, orderBy: sort, limit, onWarning: warn });
  if (json) {
    terminal.out(`${JSON.stringify(runs, null, 1)}\n`);
    return;
  }
  if (runs.length === 0) {
    terminal.out(`no runs in ${folder}${filter === undefined ? '' : ' that the filter admits'}\n`);
    return;
  }
  const shown = fields ?? ownColumns(runs).map((column) => parseField('--columns', column));
  const headings = ['run', ...(fields ? [] : ['status', 'started', 'took']), ...shown.map(({ key }) => key)];
  const rows = runs.map((each) => [
    `${each.experiment}/${each.folder.split(/[\\/]/).at(-1)}`,
    ...(fields ? [] : [each.status, localTime(each.start), duration(each)]),
    ...shown.map((field) => cell(field, each)),
  ]);
  terminal.out(`${formatTable(headings, rows)}\n${formatPlural(runs.length, 'run')} in ${folder}\n`);
}

/** Parameters whose values differ between the runs, and the metrics that most of them have. */
function ownColumns(runs: readonly RunSummary[]): string[] {
  const values = new Map<string, Set<string>>();
  const metrics = new Map<string, number>();
  for (const { parameters, metrics: own } of runs) {
    for (const [key, value] of Object.entries(parameters)) {
      values.set(key, (values.get(key) ?? new Set()).add(JSON.stringify(value)));
    }
    for (const key of Object.keys(own)) metrics.set(key, (metrics.get(key) ?? 0) + 1);
  }
  const differing = [...values].filter(([, different]) => different.size > 1).map(([key]) => `params.\`${key}\``);
  const common = [...metrics].sort((a, b) => b[1] - a[1]).map(([key]) => `metrics.\`${key}\``);
  return [...differing.slice(0, OWN_COLUMNS), ...common.slice(0, OWN_COLUMNS)];
}

function cell({ kind, key, of }: RunField, run: RunSummary): string {
  const value = of(run);
  if (value === undefined) return '-';
  if (/_time$/.test(key) && typeof value === 'number') return localTime(new Date(value).toISOString());
  if (typeof value === 'number') return Number.isNaN(value) ? 'nan' : formatNumber(value);
  const line = value.replace(/\s+/g, ' ');
  return kind === 'attributes' || line.length <= 40 ? line : `${line.slice(0, 39)}…`;
}

/** In the user's time zone, and as it sorts: 2026-01-31 12:34. */
function localTime(iso: string): string {
  const time = new Date(iso);
  const local = new Date(time.getTime() - time.getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, 16).replace('T', ' ');
}

function duration({ start, end }: RunSummary): string {
  const seconds = (Date.parse(end ?? new Date().toISOString()) - Date.parse(start)) / 1000;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
