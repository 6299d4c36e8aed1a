// `steadyframe runs`: lists tracked runs, filtered and sorted.

import { basename } from 'node:path';
import { formatTime } from '../../lib/base/format-time.js';
import { listRuns } from '../../lib/tracking/query/list-runs.js';
import { parseField, type RunField, TIME_ATTRIBUTES } from '../../lib/tracking/query/run-fields.js';
import { runsRoot } from '../../lib/tracking/stored/run-record.js';
import type { RunSummary } from '../../lib/tracking/stored/run-summary.js';
import type { RunsValues } from '../commands/runs.js';
import type { Context } from '../context.js';
import { formatNumber, formatPlural, formatTable } from '../table.js';

/** The most parameters, and the most metrics, shown without --columns. */
const OWN_COLUMNS = 4;

export async function run(context: Context, { filter, sort, columns, limit, root, json }: RunsValues): Promise<void> {
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
    `${each.experiment}/${basename(each.folder)}`,
    ...(fields ? [] : [each.status, formatTime(each.start), duration(each)]),
    ...shown.map((field) => cell(field, each)),
  ]);
  terminal.out(`${formatTable(headings, rows)}\n${formatPlural(runs.length, 'run')} in ${folder}\n`);
}

/** The default columns: parameters whose values differ between runs, and the most frequent metrics. */
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
  if (kind === 'attributes' && TIME_ATTRIBUTES.includes(key) && typeof value === 'number')
    return formatTime(new Date(value).toISOString());
  if (typeof value === 'number') return Number.isNaN(value) ? 'nan' : formatNumber(value);
  const line = value.replace(/\s+/g, ' ');
  return kind === 'attributes' || line.length <= 40 ? line : `${line.slice(0, 39)}…`;
}

function duration({ start, end }: RunSummary): string {
  const seconds = (Date.parse(end ?? new Date().toISOString()) - Date.parse(start)) / 1000;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
