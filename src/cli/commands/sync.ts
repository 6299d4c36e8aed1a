// The flags and help of `steadyframe sync`.

import type { Command } from 'commander';
import { addOutputOptions } from '../render-options.js';

const EXAMPLES = `
What the server has already is not sent again, so that it may be repeated at any time. Credentials come from
MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN; MLFLOW_TRACKING_INSECURE_TLS=true accepts any
certificate. A server that answers 429 or 5xx is asked again, later each time.

Examples:
  steadyframe sync --mlflow http://127.0.0.1:5000
  steadyframe sync sweep/street-1a2b3c4d runs/finetune/car --mlflow https://mlflow.example.org
  steadyframe sync --filter "status = 'finished'"`;

/** Values of the options. */
export interface SyncValues {
  mlflow?: string;
  filter?: string;
  root?: string;
  json?: boolean;
  quiet?: boolean;
}

/** Adds the command to the program. */
export function addSync(program: Command): Command {
  const command = program
    .command('sync')
    .summary('upload runs to an MLflow server')
    .description('Uploads runs to an MLflow tracking server: whatever it does not have yet.')
    .argument('[run...]', 'folders, experiment/name, or ids; all runs by default')
    .option('--mlflow <uri>', 'address of the server; STEADYFRAME_MLFLOW_URI or MLFLOW_TRACKING_URI by default')
    .option('-f, --filter <expr>', 'only runs that a filter admits; see steadyframe runs')
    .option('--root <dir>', 'folder of all runs; STEADYFRAME_RUNS or runs/ by default');
  return addOutputOptions(command).addHelpText('after', EXAMPLES);
}
