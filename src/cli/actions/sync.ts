// `steadyframe sync`: uploads stored runs to an MLflow tracking server.

import { basename } from 'node:path';
import { variable } from '../../lib/base/environment.js';
import { FailureError, UsageError } from '../../lib/base/errors.js';
import { formatBytes } from '../../lib/base/format-bytes.js';
import { type SyncedRun, syncRuns } from '../../lib/tracking/mlflow/sync.js';
import { runsRoot } from '../../lib/tracking/stored/run-record.js';
import type { SyncValues } from '../commands/sync.js';
import type { Context } from '../context.js';
import { formatCount, formatPlural, formatTable } from '../table.js';

export async function run(context: Context, runs: readonly string[], values: SyncValues): Promise<void> {
  const { terminal, warn } = context;
  const { env, signal } = terminal;
  if (values.quiet) context.quieten();
  const uri = values.mlflow ?? variable('STEADYFRAME_MLFLOW_URI', env) ?? variable('MLFLOW_TRACKING_URI', env);
  if (!uri) {
    throw new UsageError(
      'sync needs the address of an MLflow server; give --mlflow http://127.0.0.1:5000, or set STEADYFRAME_MLFLOW_URI',
    );
  }
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
    `${experiment}/${basename(folder)}`,
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
