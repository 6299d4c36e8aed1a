// `steadyframe sync`: uploads stored runs to an MLflow tracking server.

import type { Command } from 'commander';
import { variable } from '../lib/base/environment.js';
import { FailureError, UsageError } from '../lib/base/errors.js';
import { formatBytes } from '../lib/base/format-bytes.js';
import type { SyncedRun } from '../lib/tracking/mlflow/sync.js';
import type { Context } from './context.js';
import { addOutputOptions } from './render-options.js';
import { formatCount, formatPlural, formatTable } from './table.js';

const EXAMPLES = `
What the server has already is not sent again, so that it may be repeated at any time. Credentials come from
MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN; MLFLOW_TRACKING_INSECURE_TLS=true accepts any
certificate. A server that answers 429 or 5xx is asked again, later each time.

Examples:
  steadyframe sync --mlflow http://127.0.0.1:5000
  steadyframe sync sweep/street-1a2b3c4d runs/finetune/car --mlflow https://mlflow.example.org
  steadyframe sync --filter "status = 'finished'"`;

interface SyncValues {
  mlflow?: string;
  filter?: string;
  root?: string;
  json?: boolean;
  quiet?: boolean;
}

/** Adds the command to the program. */
export function addSync(program: Command, context: Context): void {
  const command = program
    .command('sync')
    .summary('upload runs to an MLflow server')
    .description('Uploads runs to an MLflow tracking server: whatever it does not have yet.')
    .argument('[run...]', 'folders, experiment/name, or ids; all runs by default')
    .option('--mlflow <uri>', 'address of the server; STEADYFRAME_MLFLOW_URI or MLFLOW_TRACKING_URI by default')
    .option('-f, --filter <expr>', 'only runs that a filter admits; see steadyframe runs')
    .option('--root <dir>', 'folder of all runs; STEADYFRAME_RUNS or runs/ by default');
  addOutputOptions(command)
    .addHelpText('after', EXAMPLES)
    .action((runs: string[], values: SyncValues) => run(runs, values, context));
}

async function run(runs: readonly string[], values: SyncValues, context: Context): Promise<void> {
  const { terminal, warn } = context;
  const { env, signal } = terminal;
  if (values.quiet) context.quieten();
  const uri = values.mlflow ?? variable('STEADYFRAME_MLFLOW_URI', env) ?? variable('MLFLOW_TRACKING_URI', env);
  if (!uri) {
    throw new UsageError(
      'sync needs the address of an MLflow server; give --mlflow http://127.0.0.1:5000, or set STEADYFRAME_MLFLOW_URI',
    );
  }
  const { syncRuns } = await import('../lib/tracking/mlflow/sync.js');
  const { runsRoot } = await import('../lib/tracking/stored/run-record.js');
  const root = values.root ?? runsRoot(env);
  const { report } = context.reporter;
  const synced = await syncRuns(uri, {
    runs,
    root,
    filter: values.filter,
    env,
    signal,
    onProgress: report,
    onWarning: warn,
  });
  context.reporter.close();
  terminal.out(values.json ? `${JSON.stringify(synced, null, 1)}\n` : syncedText(synced, root));
  const failed = synced.filter(({ outcome }) => outcome === 'failed');
  if (failed.length > 0) {
    throw new FailureError(
      `${formatPlural(failed.length, 'run')} could not be uploaded, the first (${failed[0].experiment}/${failed[0].name}) because: ${failed[0].reason}`,
    );
  }
}

function syncedText(synced: readonly SyncedRun[], root: string): string {
  if (synced.length === 0) return `no runs in ${root}\n`;
  const changed = synced.filter(({ outcome }) => outcome !== 'unchanged');
  const rows = changed.map(({ experiment, folder, outcome, reason, sent }) => [
    `${experiment}/${folder.split(/[\\/]/).at(-1)}`,
    outcome,
    formatCount(sent?.points ?? 0),
    formatCount(sent?.artifacts ?? 0),
    formatBytes(sent?.bytes ?? 0),
    reason ?? '',
  ]);
  const table = rows.length > 0 ? `${formatTable(['run', 'outcome', 'points', 'artifacts', 'size', ''], rows)}\n` : '';
  const unchanged = synced.length - changed.length;
  return `${table}${formatPlural(synced.length, 'run')}, ${formatCount(unchanged)} of them up to date before\n`;
}
